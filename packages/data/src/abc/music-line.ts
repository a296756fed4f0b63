import { VOICE_RANGES } from '@chipsmith/apu';
import { naturalPitch, signatureShift } from './key.ts';
import type { LeftOut, Place, TuneSymbol } from './symbols.ts';

/** What holds while the lines of a tune are read; fields inside the tune change it. */
export interface MusicState {
  /** Sharps or flats of the key. */
  fifths: number;
  /** Quarter notes of a length of 1. */
  unit: number;
  /** Quarter notes of a bar. */
  bar: number;
  readonly leftOut: LeftOut;
  /** Accidentals of the bar at hand, by letter and octave marks. */
  readonly accidentals: Map<string, number>;
  /** Of `>` or `<` between two notes: what the next note's length is multiplied by. */
  broken: number;
  /** Notes of a tuplet still to come, and what their lengths are multiplied by. */
  tuplet: { left: number; factor: number };
}

/** Longest length number and tuplet: far above any tune, so that damaged text cannot ask for endless music. */
const MOST = 64;

const SKIPPED = /(?:[ \t\r\\`$*~.)HLMOPSTuvy]|\((?!\d))+|![^!]*!|\+[^+]*\+/y;
const COMMENT = /%.*/y;
const CHORD_SYMBOL = /"[^"]*"/y;
const GRACE = /\{[^}]*\}/y;
const INLINE_FIELD = /\[([A-Za-z]):([^\]]*)\]/y;
const ENDING = /\[(\d[\d,-]*)|(?<=\|) *(\d[\d,-]*)/y;
const BAR_LINE = /\[?:*\|[|\]]?:*|:{2,}/y;
const TUPLET = /\((\d)(?::(\d*))?(?::(\d*))?/y;
const BROKEN = /(>{1,3}|<{1,3})/y;
const CHORD_START = /\[/y;
const CHORD_END = /\]/y;
const NOTE = /([_^=]{0,2})([A-Ga-g])([,']*)/y;
const REST = /[zx]/y;
const BAR_REST = /[ZX](\d*)/y;
const LENGTH = /(\d*)(\/*)(\d*)/y;
const TIE = / *-/y;

/** Notes of a tuplet of n that take the time of how many; 2, 4 and 8 are for compound meters, 5, 7 and 9 for simple ones. */
const TUPLET_TIME: readonly number[] = [1, 1, 3, 2, 3, 2, 2, 2, 3, 2];

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

  function pitch(found: RegExpExecArray): number {
    const [whole, accidental, letter, octaves] = found;
    const key = letter + octaves;
    if (accidental !== '') {
      const sharps = [...accidental].filter((mark) => mark === '^').length;
      const flats = [...accidental].filter((mark) => mark === '_').length;
      state.accidentals.set(key, sharps - flats);
    }
    const shift = state.accidentals.get(key) ?? signatureShift(letter.toUpperCase(), state.fifths);
    const value = naturalPitch(letter, octaves) + shift;
    const { lowestPitch, highestPitch } = VOICE_RANGES.pulse1;
    if (value < lowestPitch || value > highestPitch) {
      place.refuse(at - whole.length, `note "${whole}" is MIDI ${value}, outside ${lowestPitch}..${highestPitch}`);
    }
    return value;
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
      const short = 2 ** -broken[0].length;
      heard *= broken[0][0] === '>' ? 2 - short : short;
      state.broken = broken[0][0] === '>' ? short : 2 - short;
    }
    return heard;
  }

  function chord(start: number): void {
    const pitches: number[] = [];
    let inner = state.unit;
    let tied = false;
    while (!take(CHORD_END)) {
      const found = take(NOTE);
      if (found) {
        pitches.push(pitch(found));
        const own = length();
        if (pitches.length === 1) inner = own;
        if (take(TIE)) tied = true;
      } else if (!take(SKIPPED) && !take(CHORD_SYMBOL)) place.refuse(start, 'a chord in brackets is not closed');
    }
    if (pitches.length === 0) place.refuse(start, 'a chord in brackets has no notes');
    const heard = sounding((length() * inner) / state.unit);
    if (take(TIE)) tied = true;
    symbols.push({ kind: 'notes', pitches: pitches.sort((a, b) => b - a), length: heard, tied });
  }

  while (at < text.length) {
    const start = at;
    if (take(COMMENT)) return;
    const tuplet = take(TUPLET);
    if (tuplet) {
      const [, count, time, notes] = tuplet;
      const many = Number(count);
      if (many < 2) place.refuse(start, `a tuplet of ${many} notes`);
      const within = time ? Number(time) : TUPLET_TIME[many];
      state.tuplet = { left: notes ? Number(notes) : many, factor: within / many };
      if (within < 1) place.refuse(start, 'a tuplet that takes no time');
      continue;
    }
    if (take(SKIPPED)) continue;
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
      const backward = signs.startsWith(':');
      const forward = lone ? signs.length > 1 : signs.endsWith(':');
      pushBar(symbols, backward, forward, backward || forward || signs.length > 1);
      continue;
    }
    if (take(CHORD_START)) {
      chord(start);
      continue;
    }
    const note = take(NOTE);
    if (note) {
      const pitches = [pitch(note)];
      const heard = sounding(length());
      symbols.push({ kind: 'notes', pitches, length: heard, tied: take(TIE) !== null });
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
function pushBar(symbols: TuneSymbol[], backward: boolean, forward: boolean, section: boolean): void {
  const before = symbols.at(-1);
  if (before?.kind !== 'bar') symbols.push({ kind: 'bar', backward, forward, section });
  else {
    symbols[symbols.length - 1] = {
      kind: 'bar',
      backward: before.backward || backward,
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
