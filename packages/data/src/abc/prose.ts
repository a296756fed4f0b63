/** What is not read as notes: texts, decorations, grace notes, and fields in brackets. */
const ASIDES = /"[^"]*"|![^!|\s]*!|\{[^{}]*\}|\[[A-Za-z]:[^[\]]*\]|%.*$/g;
/** Letters that mean something in music: notes, rests, spacers and the decorations of the standard. */
const MUSIC_LETTER = /[A-Ga-gzxZXyuvTHLMOPS]/;
/** A line without a bar line is prose if it has so many letters that mean nothing, and they are this share of all. */
const MIN_LETTERS = 3;
const MIN_SHARE = 0.25;

/**
 * Whether a line that is no field reads like words: many of its letters mean nothing, and it has no bar line. One symbol that
 * means nothing does not make prose of music.
 *
 * @param decorations letters that `U:` gives a meaning
 */
export function isProse(line: string, decorations: ReadonlySet<string> = new Set()): boolean {
  const heard = line.replace(ASIDES, ' ');
  if (heard.includes('|')) return false;
  const letters = heard.match(/\p{L}/gu) ?? [];
  const unknown = letters.filter((letter) => !MUSIC_LETTER.test(letter) && !decorations.has(letter));
  return unknown.length >= MIN_LETTERS && unknown.length >= MIN_SHARE * letters.length;
}

/** Whether a line that is no field has notes or rests and is no prose. */
export function isMusic(line: string): boolean {
  return /[A-Ga-gzxZX]/.test(line.replace(ASIDES, ' ')) && !isProse(line);
}
