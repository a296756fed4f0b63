import { ASIDES } from './asides.ts';

const ASIDE = new RegExp(ASIDES, 'g');
/** Letters that mean something in music: notes, rests, spacers and the decorations of the standard. */
const MUSIC_LETTER = /[A-Ga-gzxZXyuvTHLMOPS]/;
/** A line reads like words if it has so many letters that mean nothing, and they are this share of all. */
const MIN_LETTERS = 3;
const MIN_SHARE = 0.25;

/**
 * Whether a line that is not a field is words: it reads like them, and it has no bar line. One symbol that means
 * nothing does not make prose of music.
 *
 * @param decorations letters that `U:` gives a meaning
 */
export function isProse(line: string, decorations: ReadonlySet<string> = new Set()): boolean {
  const heard = line.replace(ASIDE, ' ');
  return !heard.includes('|') && readsLikeWords(heard, decorations);
}

/** Whether a line that is not a field has notes or rests and is not prose. */
export function isMusic(line: string): boolean {
  return /[A-Ga-gzxZX]/.test(line.replace(ASIDE, ' ')) && !isProse(line);
}

/**
 * Whether a line that stands among words is music all the same: it has notes and a bar line, and does not read like
 * words.
 */
export function isMusicAmongWords(line: string): boolean {
  const heard = line.replace(ASIDE, ' ');
  return /[A-Ga-g]/.test(heard) && heard.includes('|') && !readsLikeWords(heard, new Set());
}

function readsLikeWords(heard: string, decorations: ReadonlySet<string>): boolean {
  const letters = heard.match(/\p{L}/gu) ?? [];
  const unknown = letters.filter((letter) => !MUSIC_LETTER.test(letter) && !decorations.has(letter));
  return unknown.length >= MIN_LETTERS && unknown.length >= MIN_SHARE * letters.length;
}
