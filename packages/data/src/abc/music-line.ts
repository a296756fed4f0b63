import { VOICE_RANGES } from '@chipsmith/apu';
import { type AbcKey, naturalPitch, shiftOf } from './key.ts';
import { type LeftOut, MOST_SYMBOLS, type Place, type TuneSymbol } from './symbols.ts';

/** What holds while the lines of a tune are read; fields inside the tune change it. */
export interface MusicState {
  key: AbcKey;
  /** Quarter notes of a length of 1. */
  unit: number;
  /** Quarter notes of a bar. */
  bar: number;
  /** Whether beats are divided in three, as in 6/8, 9/8 and 12/8. */
  isCompound: boolean;
  readonly leftOut: LeftOut;
  /**
   * Accidentals of the bar at hand, by letter and octave marks: they hold for their own octave, as in print, in abcjs and in
   * abc2svg, although section 11.3 of the standard (marked as under discussion) has them hold in all octaves.
   */
  readonly accidentals: Map<string, number>;
  /** Pitches of the note before if it is tied, by letter and octave marks: they hold beyond a bar line. */
  tied: ReadonlyMap<string, number>;
  /** Of `>` or `<` between two notes: what the next note's length is multiplied by. */
  broken: number;
  /** Notes of a tuplet still to come, and what their lengths are multiplied by. */
  tuplet: { left: number; factor: number };
}

/** Longest length number and tuplet: far above any tune, so that damaged text cannot ask for endless music. */
const MOST = 64;

/** A lone `!` broke lines in the oldest editions. */
const SKIPPED = /(?:[ \t\r\\`$*~.)HLMOPSTuvy]|\((?!\d))+|![^!|\s]*!|!|\+[^+]*\+/y;
const COMMENT = /%.*/y;
const CHORD_SYMBOL = /"[^"]*"/y;
const GRACE = /\{[^}]*\}/y;
const INLINE_FIELD = /\[([A-Za-z]):([^\]]*)\]/y;
const ENDING = /\[(\d[\d,-]*)|(?<=\|) *(\d[\d,-]*)/y;
const BAR_LINE = /\[?:*\|[|\]]?:*|:{2,}/y;
const TUPLET = /\((\d)(?::(\d*))?(?::(\d*))?/y;
const BROKEN = / *(>{1,3}|<{1,3})/y;
/** A second voice of the bar: up to the bar line. */
const OVERLAY = /&[^|]*/y;
const CHORD_START = /\[/y;
const CHORD_END = /\]/y;
const NOTE = /([_^=]{0,2})([A-Ga-g])([,']*)/y;
const REST = /[zx]/y;
const BAR_REST = /[ZX](\d*)/y;
const LENGTH = /(\d*)(\/*)(\d*)/y;
const TIE = / *-/y;

/** How many notes' time the n notes of a tuplet take; undefined where that depends on the meter. */
const TUPLET_TIME: readonly (number | undefined)[] = [1, 1, 3, 2, 3, undefined, 2, undefined, 3, undefined];

/**
 * Reads one line of music into symbols.
 *
 * @param field is called for fields in brackets, such as `[K:G]`
 * @throws DataError at what is no ABC, or beyond the chip's range
 */
export function readMusicLine(
  text: string,
  place: Place,
  state: MusicState,
  symbols: TuneSymbol[],
  field: (name: string, value: string) => void,
): void {
  let at = 0;
  /** Letters with octave marks, and pitches, of the note or chord at hand. */
  let sounded: [key: string, pitch: number][] = [];
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found;
  };

  function length(): number {
    const [, numerator, slashes, denominator] = take(LENGTH) ?? ['', '', '', ''];
    const multiple = numerator === '' ? 1 : Number(numerator);
    const divisor = slashes === '' ? 1 : denominator === '' ? 2 ** slashes.length : Number(denominator);
    if (multiple < 1 || multiple > MOST || divisor < 1 || divisor > MOST || (slashes === '' && denominator !== ''))
      place.refuse(at, `a length of ${numerator}${slashes}${denominator} is outside 1/${MOST}..${MOST}`);
    return (multiple / divisor) * state.unit;
  }

  function pitch(found: RegExpExecArray): void {
    const [whole, accidental, letter, octaves] = found;
    const key = letter + octaves;
    if (accidental !== '') state.accidentals.set(key, shiftOf(accidental));
    const shift = state.accidentals.get(key) ?? state.key.shifts.get(letter.toUpperCase()) ?? 0;
    const written = naturalPitch(letter, octaves) + shift;
    const value = accidental === '' ? (state.tied.get(key) ?? written) : written;
    sounded.push([key, value]);
    const { lowestPitch, highestPitch } = VOICE_RANGES.pulse1;
    if (value < lowestPitch || value > highestPitch) {
      place.refuse(at - whole.length, `note "${whole}" is MIDI ${value}, outside ${lowestPitch}..${highestPitch}`);
    }
  }

  /** Notes of one time: what a tie goes on from, and to. */
  function pushNotes(length: number, tied: boolean): void {
    const pitches = sounded.map(([, value]) => value).sort((a, b) => b - a);
    symbols.push({ kind: 'notes', pitches, length, tied });
    state.tied = new Map(tied ? sounded : []);
    sounded = [];
  }

  /** The length that is heard, after tuplets and broken rhythm. */
  function sounding(written: number): number {
    let heard = written * state.broken;
    state.broken = 1;
    if (state.tuplet.left > 0) {
      heard *= state.tuplet.factor;
      state.tuplet.left--;
    }
    const broken = take(BROKEN);
    if (broken) {
      const [, signs] = broken;
      const short = 2 ** -signs.length;
      heard *= signs[0] === '>' ? 2 - short : short;
      state.broken = signs[0] === '>' ? short : 2 - short;
    }
    return heard;
  }

  function chord(start: number): void {
    let inner: number | undefined;
    let tied = false;
    while (!take(CHORD_END)) {
      const found = take(NOTE);
      if (found) {
        pitch(found);
        const own = length();
        inner ??= own;
        if (take(TIE)) tied = true;
      } else if (!take(SKIPPED) && !take(CHORD_SYMBOL)) place.refuse(start, 'a chord in brackets is not closed');
    }
    if (inner === undefined) place.refuse(start, 'a chord in brackets has no notes');
    const heard = sounding((length() * inner) / state.unit);
    if (take(TIE)) tied = true;
    pushNotes(heard, tied);
  }

  while (at < text.length) {
    const start = at;
    if (symbols.length > MOST_SYMBOLS) place.refuse(start, `the tune has more than ${MOST_SYMBOLS} symbols`);
    if (take(COMMENT)) return;
    const tuplet = take(TUPLET);
    if (tuplet) {
      const [, count, time, notes] = tuplet;
      const many = Number(count);
      if (many < 2) place.refuse(start, `a tuplet of ${many} notes`);
      const within = time ? Number(time) : (TUPLET_TIME[many] ?? (state.isCompound ? 3 : 2));
      state.tuplet = { left: notes ? Number(notes) : many, factor: within / many };
      if (within < 1) place.refuse(start, 'a tuplet that takes no time');
      continue;
    }
    if (take(SKIPPED)) continue;
    if (take(OVERLAY)) {
      state.leftOut.otherVoices++;
      continue;
    }
    if (take(CHORD_SYMBOL)) {
      state.leftOut.chordSymbols++;
      continue;
    }
    const grace = take(GRACE);
    if (grace) {
      state.leftOut.graceNotes += (grace[0].match(/[A-Ga-g]/g) ?? []).length;
      continue;
    }
    const inline = take(INLINE_FIELD);
    if (inline) {
      field(inline[1], inline[2]);
      continue;
    }
    const ending = take(ENDING);
    if (ending) {
      symbols.push({
        kind: 'ending',
        passes: passesOf(ending[1] ?? ending[2], () => place.refuse(start, 'an ending has an impossible number')),
      });
      continue;
    }
    const bar = take(BAR_LINE);
    if (bar) {
      state.accidentals.clear();
      const signs = bar[0];
      const lone = /^:+$/.test(signs);
      const backward = lone ? 1 : signs.search(/[^:]/);
      const forward = lone ? signs.length > 1 : signs.endsWith(':');
      pushBar(symbols, backward, forward, backward > 0 || forward || signs.length > 1);
      continue;
    }
    if (take(CHORD_START)) {
      chord(start);
      continue;
    }
    const note = take(NOTE);
    if (note) {
      pitch(note);
      const heard = sounding(length());
      pushNotes(heard, take(TIE) !== null);
      continue;
    }
    if (take(REST)) {
      symbols.push({ kind: 'rest', length: sounding(length()) });
      continue;
    }
    const bars = take(BAR_REST);
    if (bars) {
      const count = bars[1] === '' ? 1 : Number(bars[1]);
      if (count < 1 || count > MOST) place.refuse(start, `a rest of ${count} bars`);
      symbols.push({ kind: 'rest', length: count * state.bar });
      continue;
    }
    place.refuse(start, `"${text[start]}" is no note, rest, bar line, chord or ornament`);
  }
}

/** Bar lines with nothing between them, as at the end of a line and the beginning of the next, are one. */
function pushBar(symbols: TuneSymbol[], backward: number, forward: boolean, section: boolean): void {
  const before = symbols.at(-1);
  if (before?.kind !== 'bar') symbols.push({ kind: 'bar', backward, forward, section });
  else {
    symbols[symbols.length - 1] = {
      kind: 'bar',
      backward: Math.max(before.backward, backward),
      forward: before.forward || forward,
      section: before.section || section,
    };
  }
}

/** `1`, `1,3` or `1-3`. */
function passesOf(text: string, refuse: () => never): number[] {
  return text
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      if (!(first >= 1 && last >= first && last <= MOST)) return refuse();
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
}
