/** Semitones that a voice sounds above what is written, by where that is said; they add up. */
export interface Transposition {
  /** Of a clef with an octave mark, such as `treble-8`. */
  readonly clef: number;
  /** `octave=`, in semitones. */
  readonly octave: number;
  /** `transpose=`. */
  readonly transpose: number;
  /** `%%MIDI transpose`. */
  readonly midi: number;
}

export const NO_TRANSPOSITION: Transposition = { clef: 0, octave: 0, transpose: 0, midi: 0 };

/** Beyond nine octaves nothing of a melody is left. */
const MAX_SEMITONES = 108;
const CLEF =
  /(?:\bclef\s*=\s*"?|^|\s)(?:treble|bass|alto|tenor|soprano|mezzo|baritone|perc|none)(?:[1-5](?!5))?(?:([-+^_])(8|15)|(8|15)([vm][ab]))?/;

/**
 * What a `K:` or `V:` field says of the sound: `octave=-1`, `transpose=2` or `t=2`, and of clefs only their octave
 * marks (`treble-8`, `bass+8`, `treble8va`); a bass clef alone is written where it sounds.
 *
 * @param before what holds where the field is silent
 * @returns undefined if it asks for more than nine octaves
 */
export function transpositionOf(field: string, before: Transposition): Transposition | undefined {
  // Names may hold any word: V:1 name="alto recorder".
  const text = field.replace(/\b(?!clef\b)\w+\s*=\s*"[^"]*"/g, '');
  const number = (pattern: RegExp, otherwise: number, by = 1) => {
    const [, digits] = pattern.exec(text) ?? [];
    return digits === undefined ? otherwise : by * Number(digits);
  };
  const result = {
    ...before,
    clef: clefOctaves(text, before.clef),
    octave: number(/\boctave\s*=\s*([-+]?\d+)/, before.octave, 12),
    transpose: number(/\b(?:transpose|t)\s*=\s*([-+]?\d+)/, before.transpose),
  };
  return Math.abs(semitonesOf(result)) <= MAX_SEMITONES ? result : undefined;
}

/**
 * The same after `%%MIDI transpose -12` (`rtranspose`: counted from what holds); other MIDI directives change nothing.
 */
export function midiTransposition(directive: string, before: Transposition): Transposition | undefined {
  const [, relative, digits] = /^MIDI\s*=?\s*(r?)transpose\s*=?\s*([-+]?\d+)/i.exec(directive) ?? [];
  if (digits === undefined) return before;
  const result = { ...before, midi: Number(digits) + (relative === '' ? 0 : before.midi) };
  return Math.abs(semitonesOf(result)) <= MAX_SEMITONES ? result : undefined;
}

/** All together. */
export function semitonesOf({ clef, octave, transpose, midi }: Transposition): number {
  return clef + octave + transpose + midi;
}

function clefOctaves(text: string, before: number): number {
  const found = CLEF.exec(text);
  if (!found) return before;
  const [, sign, octaves, otherOctaves, direction] = found;
  const semitones = { 8: 12, 15: 24 }[octaves ?? otherOctaves] ?? 0;
  return sign === '-' || sign === '_' || direction?.endsWith('b') ? -semitones : semitones;
}
