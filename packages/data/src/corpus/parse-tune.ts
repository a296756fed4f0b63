/**
 * The text form of the embedded tunes: a small subset of ABC notation (abcnotation.com, standard 2.1).
 *
 *     T: title              C: composer (dates) or origin       M: 3/4 (meter)
 *     L: 1/8 (unit length)  Q: 120 (quarter notes a minute)     K: G, Em, Ddor, Amix (key)
 *     P: AABA               optional: the parts in playing order; each part then starts with a line `P:A`
 *
 *     D2 | "G"G2 A2 B2 | "D7"A3 G (3FGA | ...
 *
 * Notes: C is middle C, c an octave higher; each `,` lowers and each `'` raises by an octave; `^ _ =` are sharp, flat
 * and natural until the end of the bar; `z` is a rest. A length follows the note in unit lengths: `2`, `3/2`, `/2`, `/`.
 * `-` ties a note to the next one, `(3` makes a triplet of the next three, `"Am7"` sets the chord until the next one.
 *
 * Every bar holds exactly the meter's length. A first bar may be short (an upbeat); then the last bar is short by just
 * that much. Where parts join, a short last bar and the upbeat after it make one whole bar together.
 */
import { DataError } from '../error.ts';
import {
  barLength,
  type Chord,
  type ChordQuality,
  type Key,
  type Mode,
  pitchClass,
  type Tune,
  type TuneNote,
  UNITS_PER_QUARTER,
} from './tune.ts';

/** A tune that cannot be read: which one, the line and the column (both from 1), what is wrong and what to do. */
export class TuneError extends DataError {
  readonly tune: string;
  readonly line: number;
  readonly column: number;

  constructor(tune: string, { line, column }: Place, problem: string, remedy: string) {
    super(`tune "${tune}", line ${line}, column ${column}`, problem, remedy);
    this.tune = tune;
    this.line = line;
    this.column = column;
  }
}

/** C3..B5: the 36 pitches of the melody encoding (48 inclusive to 84 exclusive). */
const LOWEST_PITCH = 48;
const HIGHEST_PITCH = 83;
/** Longest length number and longest form: far above any tune, so that damaged text cannot ask for endless music. */
const MAX_LENGTH = 64;
const MAX_PARTS = 64;

const LETTER_SEMITONES: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const ACCIDENTALS: Readonly<Record<string, number>> = { '^': 1, _: -1, '=': 0, '#': 1, b: -1, '': 0 };
/** The order in which key signatures gain sharps; flats come from its end. */
const SHARPS = 'FCGDAEB';
const MODE_SUFFIXES: Readonly<Record<string, { mode: Mode; fifths: number }>> = {
  '': { mode: 'major', fifths: 0 },
  mix: { mode: 'mixolydian', fifths: -1 },
  dor: { mode: 'dorian', fifths: -2 },
  m: { mode: 'minor', fifths: -3 },
};
const CHORD_SUFFIXES: Readonly<Record<string, ChordQuality>> = {
  '': 'major',
  m: 'minor',
  '7': 'dominant7',
  m7: 'minor7',
  dim: 'diminished',
};

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Bar extends Place {
  readonly opensPart: boolean;
  length: number;
  /** Times in units from the start of the bar. */
  readonly notes: (TuneNote & Place & { readonly tied: boolean })[];
  readonly chords: Chord[];
}

type Fail = (place: Place, problem: string, remedy: string) => never;

/**
 * Reads a book of tunes parted by blank lines.
 * @throws TuneError; its line counts from the top of the book.
 */
export function parseTunes(book: string): Tune[] {
  const lines = book.split(/\r?\n/);
  const tunes: Tune[] = [];
  let start = 0;
  for (let end = 0; end <= lines.length; end++) {
    if (end < lines.length && lines[end].trim() !== '') continue;
    if (end > start) tunes.push(parseTune(lines.slice(start, end).join('\n'), start + 1));
    start = end + 1;
  }
  return tunes;
}

/**
 * Reads one tune.
 * @param firstLine number of the text's first line, for messages
 * @throws TuneError
 */
export function parseTune(text: string, firstLine = 1): Tune {
  const lines = text.split(/\r?\n/).map((content, index) => ({ content, line: firstLine + index }));
  const title = /^T:[ \t]*(.*\S)/m.exec(text)?.[1] ?? 'untitled';
  const fail: Fail = (place, problem, remedy) => {
    throw new TuneError(title, place, problem, remedy);
  };
  const bodyStart = lines.findIndex(({ content }) => content.trim() !== '' && !/^[A-Z]:/.test(content));
  const partStart = lines.findIndex(({ content }, i) => /^P:/.test(content) && lines.slice(0, i).some(isFormLine));
  const splits = [bodyStart, partStart].filter((index) => index >= 0);
  const split = splits.length > 0 ? Math.min(...splits) : lines.length;

  const header = parseHeader(lines.slice(0, split), firstLine, fail);
  const parts = parseBody(lines.slice(split), header, fail);
  const bars = header.form.text === '' ? [...(parts.get('') ?? [])] : playParts(parts, header.form, fail);
  if (bars.length === 0) fail({ line: firstLine, column: 1 }, 'has no bars', 'write the melody below the header lines');
  return layOut(title, header, bars, fail);
}

interface Header {
  readonly origin: string;
  readonly meter: Tune['meter'];
  readonly unitLength: number;
  readonly beatsPerMinute: number;
  readonly key: Key;
  /** Sharps (positive) or flats (negative) of the key signature. */
  readonly fifths: number;
  readonly form: Place & { readonly text: string };
}

interface Line {
  readonly content: string;
  readonly line: number;
}

function isFormLine({ content }: Line): boolean {
  return content.startsWith('P:');
}

function parseHeader(lines: readonly Line[], firstLine: number, fail: Fail): Header {
  const fields = new Map<string, Place & { readonly text: string }>();
  for (const { content, line } of lines) {
    if (content.trim() === '') continue;
    const name = content[0];
    if (!'TCMLQKP'.includes(name)) fail({ line, column: 1 }, `header "${name}:" is unknown`, 'use T C M L Q K P');
    if (fields.has(name)) fail({ line, column: 1 }, `header "${name}:" comes twice`, 'keep one');
    const text = content.slice(2).trim();
    fields.set(name, { text, line, column: 3 + content.slice(2).search(/\S|$/) });
  }
  const match = (name: string, pattern: RegExp, example: string): RegExpExecArray & { place: Place } => {
    const field = fields.get(name);
    if (!field)
      return fail({ line: firstLine, column: 1 }, `header "${name}:" is missing`, `add one such as "${example}"`);
    const found = pattern.exec(field.text);
    if (!found) return fail(field, `header "${name}:" cannot be read from "${field.text}"`, `write it as "${example}"`);
    return Object.assign(found, { place: field });
  };
  match('T', /./, 'T: Title');
  const origin = match('C', /^.+$/, 'C: Traditional (France)')[0];
  const [, beats, unit] = match('M', /^([1-9]|1\d)\/(1|2|4|8|16)$/, 'M: 4/4');
  const [, denominator] = match('L', /^1\/(1|2|4|8|16)$/, 'L: 1/8');
  const quarters = match('Q', /^\d{2,3}$/, 'Q: 120');
  const beatsPerMinute = Number(quarters[0]);
  if (beatsPerMinute < 20 || beatsPerMinute > 400)
    fail(quarters.place, `tempo ${beatsPerMinute} lies outside 20..400`, 'choose one inside');
  const keyMatch = match('K', /^([A-G])([#b]?)(|m|dor|mix)$/, 'K: Bbm');
  const [, letter, accidental, suffix] = keyMatch;
  const { mode, fifths: modeFifths } = MODE_SUFFIXES[suffix];
  const fifths = SHARPS.indexOf(letter) - 1 + 7 * ACCIDENTALS[accidental] + modeFifths;
  if (Math.abs(fifths) > 7)
    fail(keyMatch.place, `key ${keyMatch[0]} needs more than 7 sharps or flats`, 'spell it the other way');
  const form = fields.get('P') ?? { text: '', line: firstLine, column: 1 };
  if (fields.has('P') && !(/^[A-Z]+$/.test(form.text) && form.text.length <= MAX_PARTS)) {
    fail(form, `form "${form.text}" is not 1 to ${MAX_PARTS} part letters`, 'write it as "P: AABA"');
  }
  return {
    origin,
    meter: { beats: Number(beats), unit: Number(unit) as Tune['meter']['unit'] },
    unitLength: (4 * UNITS_PER_QUARTER) / Number(denominator),
    beatsPerMinute,
    key: { tonic: pitchClass(LETTER_SEMITONES[letter] + ACCIDENTALS[accidental]), mode },
    fifths,
    form,
  };
}

/** The bars of each part by its letter; those of a tune without parts stand under ''. */
function parseBody(lines: readonly Line[], header: Header, fail: Fail): Map<string, Bar[]> {
  const parts = new Map<string, Bar[]>();
  let bars: Bar[] = [];
  if (header.form.text === '') parts.set('', bars);
  for (const { content, line } of lines) {
    const start = { line, column: 1 };
    const part = /^P:\s*(\S*)\s*$/.exec(content);
    if (part) {
      if (header.form.text === '') fail(start, 'a part needs the form in the header', 'add one such as "P: AABA"');
      if (!/^[A-Z]$/.test(part[1])) fail(start, `part "${part[1]}" is not a letter A..Z`, 'write it as "P:A"');
      if (parts.has(part[1])) fail(start, `part ${part[1]} is written twice`, 'name it only in the form');
      bars = [];
      parts.set(part[1], bars);
    } else if (/^[A-Z]:/.test(content)) {
      fail(start, `header "${content.slice(0, 2)}" stands below the music`, 'move it to the top');
    } else if (header.form.text !== '' && parts.size === 0 && content.trim() !== '') {
      fail(start, 'music stands before the first part', 'put a line such as "P:A" above it');
    } else {
      parseBars(content, line, header, bars, fail);
    }
  }
  return parts;
}

const SPACE_OR_BAR_LINE = /[ \t]+|\|[|\]]?/y;
const CHORD = /"([^"]*)"/y;
const TRIPLET = /\(3/y;
const NOTE = /([_^=]?)([A-Ga-gz])([,']*)(\d*)(\/?)(\d*)(-?)/y;
const CHORD_SYMBOL = /^([A-G])([#b]?)(|m|7|m7|dim)$/;

/** Appends the bars of one line. A bar never goes on in the next line. */
function parseBars(content: string, line: number, header: Header, bars: Bar[], fail: Fail): void {
  let bar: Bar | undefined;
  let accidentals = new Map<string, number>();
  let tripletLeft = 0;
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(content);
    if (found) position += found[0].length;
    return found;
  };
  while (position < content.length) {
    const place = { line, column: position + 1 };
    const separator = take(SPACE_OR_BAR_LINE);
    if (separator) {
      if (separator[0].startsWith('|')) {
        if (tripletLeft > 0) fail(place, 'a triplet is cut by the bar line', 'give it three notes');
        if (bar) bars.push(bar);
        bar = undefined;
        accidentals = new Map();
      }
      continue;
    }
    bar ??= { ...place, opensPart: bars.length === 0, length: 0, notes: [], chords: [] };
    const symbol = take(CHORD);
    if (symbol) {
      const chord = CHORD_SYMBOL.exec(symbol[1]);
      if (!chord) return fail(place, `chord "${symbol[1]}" is unknown`, 'write a root and nothing, m, 7, m7 or dim');
      const root = pitchClass(LETTER_SEMITONES[chord[1]] + ACCIDENTALS[chord[2]]);
      bar.chords.push({ start: bar.length, root, quality: CHORD_SUFFIXES[chord[3]] });
      continue;
    }
    if (take(TRIPLET)) {
      if (tripletLeft > 0) fail(place, 'a triplet starts inside another', 'give the first three notes');
      tripletLeft = 3;
      continue;
    }
    const note = take(NOTE);
    if (!note)
      return fail(place, `"${content[position]}" is no note, rest, bar line, chord or triplet`, 'take it away');
    const [, accidental, letter, octaves, numerator, slash, denominator, tie] = note;
    const multiple = numerator === '' ? 1 : Number(numerator);
    const divisor = slash === '' ? 1 : denominator === '' ? 2 : Number(denominator);
    const length = (header.unitLength * multiple * (tripletLeft > 0 ? 2 : 3)) / (3 * divisor);
    if (!Number.isInteger(length) || length <= 0 || multiple > MAX_LENGTH) {
      fail(
        place,
        `length of "${note[0]}" is not a whole number of ${4 * UNITS_PER_QUARTER}ths of a whole note`,
        'choose another',
      );
    }
    if (tripletLeft > 0) tripletLeft--;
    if (letter === 'z') {
      if (accidental + octaves + tie !== '')
        fail(place, `rest "${note[0]}" takes only a length`, 'take the marks away');
    } else {
      const octave = [...octaves].reduce((sum, mark) => sum + (mark === ',' ? -1 : 1), letter < 'a' ? 0 : 1);
      const upper = letter.toUpperCase();
      if (accidental !== '') accidentals.set(upper + octave, ACCIDENTALS[accidental]);
      const shift = accidentals.get(upper + octave) ?? signatureShift(upper, header.fifths);
      const pitch = 60 + 12 * octave + LETTER_SEMITONES[upper] + shift;
      if (pitch < LOWEST_PITCH || pitch > HIGHEST_PITCH) {
        fail(
          place,
          `note "${note[0]}" is MIDI ${pitch}, outside ${LOWEST_PITCH}..${HIGHEST_PITCH}`,
          'move the tune by octaves',
        );
      }
      bar.notes.push({ ...place, start: bar.length, length, pitch, tied: tie !== '' });
    }
    bar.length += length;
  }
  if (tripletLeft > 0)
    fail({ line, column: content.length }, 'a triplet is cut by the end of the line', 'give it three notes');
  if (bar) bars.push(bar);
}

function signatureShift(letter: string, fifths: number): number {
  const order = SHARPS.indexOf(letter);
  if (fifths > order) return 1;
  return -fifths > 6 - order ? -1 : 0;
}

function playParts(parts: ReadonlyMap<string, readonly Bar[]>, form: Header['form'], fail: Fail): Bar[] {
  for (const name of parts.keys()) {
    if (!form.text.includes(name))
      fail(form, `part ${name} is written but the form "${form.text}" never plays it`, 'add it there');
  }
  return [...form.text].flatMap((name, index): readonly Bar[] => {
    const bars = parts.get(name);
    if (!bars) return fail({ ...form, column: form.column + index }, `part ${name} is not written`, `add "P:${name}"`);
    return bars;
  });
}

/** Checks the bars' lengths and puts them on one line of time. */
function layOut(title: string, header: Header, bars: readonly Bar[], fail: Fail): Tune {
  const full = barLength(header.meter);
  const first = bars[0];
  const begin = first.length < full && bars.length > 1 ? full - first.length : 0;
  const notes: TuneNote[] = [];
  const chords: Chord[] = [];
  let tie: Place | undefined;
  let time = begin;
  bars.forEach((bar, index) => {
    const left = full - (time % full);
    const isLast = index === bars.length - 1;
    const mayBeShort = isLast ? begin > 0 && bar.length === begin : joins(bar, bars[index + 1], full);
    if (bar.length !== left && !(left === full && mayBeShort)) {
      fail(
        bar,
        `bar is ${inQuarters(bar.length)} quarters long, the meter asks for ${inQuarters(left)}`,
        'count its notes',
      );
    }
    if (isLast && begin > 0 && bar.length !== begin) {
      fail(
        bar,
        `last bar is ${inQuarters(bar.length)} quarters long, with the upbeat it must be ${inQuarters(begin)}`,
        'shorten it',
      );
    }
    for (const note of bar.notes) {
      const start = time + note.start;
      const previous = notes.at(-1);
      if (tie && previous) {
        if (previous.pitch !== note.pitch || previous.start + previous.length !== start) {
          fail(tie, 'a tie leads to another pitch', 'write the same note after it');
        }
        notes[notes.length - 1] = { ...previous, length: previous.length + note.length };
      } else {
        notes.push({ start, length: note.length, pitch: note.pitch });
      }
      tie = note.tied ? note : undefined;
    }
    for (const chord of bar.chords) chords.push({ ...chord, start: time + chord.start });
    time += bar.length;
  });
  if (tie) fail(tie, 'a tie leads nowhere', 'take it away or add the note');
  if (notes.length === 0) fail(first, 'the tune has no notes', 'write some');
  const { origin, meter, key, beatsPerMinute } = header;
  return { title, origin, key, meter, beatsPerMinute, begin, end: time, notes, chords };
}

/** Whether a short bar and the short one after it make a whole one, as where parts with an upbeat join. */
function joins(bar: Bar, next: Bar, full: number): boolean {
  return next.opensPart && bar.length > 0 && bar.length + next.length === full;
}

function inQuarters(units: number): string {
  return String(Number((units / UNITS_PER_QUARTER).toFixed(3)));
}
