/**
 * A value that changes frame by frame, as musicians write instruments: the values of `intro` in turn, then those of
 * `loop` over and over. A loop of one value holds it. Volumes are 0..15, duties 0..3, pitches semitones above the note.
 */
export interface Macro {
  readonly intro: readonly number[];
  /** One value or more. */
  readonly loop: readonly number[];
}

/** The instruments of a corpus: macros of pitch (the first of them plain), of volume and of duty. */
export interface Macros {
  readonly arpeggios: readonly Macro[];
  readonly volumes: readonly Macro[];
  readonly duties: readonly Macro[];
}

/** The value in the given frame, 0, 1, ... from the start of the note. */
export function valueAt({ intro, loop }: Macro, frame: number): number {
  return frame < intro.length ? intro[frame] : loop[(frame - intro.length) % loop.length];
}

/** Reads the text form: `15 13 12 | 10` is 15, 13, 12, then 10 for good; without a bar all of it is the loop. */
export function parseMacro(text: string): Macro {
  const parts = text.split('|').map((part) => part.trim().split(' ').filter(Boolean).map(Number));
  const [intro, loop] = parts.length === 1 ? [[], parts[0]] : parts;
  return { intro, loop };
}

/** The text form, which parseMacro reads. */
export function formatMacro({ intro, loop }: Macro): string {
  return intro.length === 0 ? loop.join(' ') : `${intro.join(' ')} | ${loop.join(' ')}`;
}

/** Loops of at most this many frames are looked for: a quarter of a second. */
const LONGEST_LOOP = 16;

/**
 * The shortest macro that gives these values: with a loop that is heard twice at least, or else holding the last value.
 *
 * @param values one or more
 */
export function macroOf(values: readonly number[]): Macro {
  let best = introBefore(values, 1);
  let period = 1;
  for (let candidate = 2; candidate <= LONGEST_LOOP; candidate++) {
    const intro = introBefore(values, candidate);
    const isHeardTwice = intro + 2 * candidate <= values.length;
    if (isHeardTwice && intro + candidate < best + period) {
      best = intro;
      period = candidate;
    }
  }
  return { intro: values.slice(0, best), loop: values.slice(best, best + period) };
}

/** How many values stand before the part that repeats with this period to the end. */
function introBefore(values: readonly number[], period: number): number {
  let start = Math.max(0, values.length - period);
  while (start > 0 && values[start - 1] === values[start - 1 + period]) start--;
  return start;
}
