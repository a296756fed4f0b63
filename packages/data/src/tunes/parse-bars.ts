import { ACCIDENTALS, LETTER_SEMITONES, SHARPS } from '../pitch.ts';
import type { Header, Line } from './parse-header.ts';
import { type Chord, type ChordQuality, pitchClass, type TuneNote, UNITS_PER_QUARTER } from './tune.ts';
import type { Fail, Place } from './tune-error.ts';

/** C3..B5: the 36 pitches of the melody encoding (48 inclusive to 84 exclusive). */
const LOWEST_PITCH = 48;
const HIGHEST_PITCH = 83;
/** Longest length number: far above any tune, so that damaged text cannot ask for endless music. */
const MAX_LENGTH = 64;

const SPACE = /[ \t]+/y;
const BAR_LINE = /\|[|\]]?/y;
const CHORD = /"([^"]*)"/y;
const TRIPLET = /\(3/y;
const NOTE = /([_^=]?)([A-Ga-gz])([,']*)(\d*)(\/?)(\d*)(-?)/y;
const CHORD_SYMBOL = /^([A-G])([#b]?)(|m|7|m7|dim)$/;
const CHORD_SUFFIXES: Readonly<Record<string, ChordQuality>> = {
  '': 'major',
  m: 'minor',
  '7': 'dominant7',
  m7: 'minor7',
  dim: 'diminished',
};

/** One bar as written; its place is where it begins. */
export interface Bar extends Place {
  /** Whether it is the first of its part. */
  readonly opensPart: boolean;
  /** Units. */
  readonly length: number;
  /** Times in units from the start of the bar. */
  readonly notes: readonly WrittenNote[];
  readonly chords: readonly Chord[];
}

export interface WrittenNote extends TuneNote, Place {
  /** Goes on into the next note. */
  readonly tied: boolean;
}

/** Reads the bars of one line. A bar never goes on in the next line. @throws TuneError by `fail` */
export function parseBars(line: Line, opensPart: boolean, header: Header, fail: Fail): Bar[] {
  const reader = new BarReader(line, header, fail);
  const bars: Bar[] = [];
  for (let bar = reader.next(); bar; bar = reader.next()) {
    bars.push({ ...bar, opensPart: opensPart && bars.length === 0 });
  }
  return bars;
}

class BarReader {
  readonly #content: string;
  readonly #line: number;
  readonly #header: Header;
  readonly #fail: Fail;
  #position = 0;
  /** Notes of the triplet at hand still to come. */
  #tripletLeft = 0;
  /** Accidentals of the bar at hand by letter and octave. */
  #accidentals = new Map<string, number>();

  constructor({ content, line }: Line, header: Header, fail: Fail) {
    this.#content = content;
    this.#line = line;
    this.#header = header;
    this.#fail = fail;
  }

  /** The next bar with anything in it, or undefined at the end of the line. */
  next(): Omit<Bar, 'opensPart'> | undefined {
    let begin: Place | undefined;
    let length = 0;
    const notes: WrittenNote[] = [];
    const chords: Chord[] = [];
    this.#accidentals.clear();
    while (this.#position < this.#content.length) {
      const place = this.#place();
      if (this.#take(SPACE)) continue;
      if (this.#take(BAR_LINE)) {
        if (this.#tripletLeft > 0) this.#fail(place, 'a triplet is cut by the bar line', 'give it three notes');
        if (begin) break;
        continue;
      }
      begin ??= place;
      const symbol = this.#take(CHORD);
      if (symbol) {
        chords.push({ start: length, ...this.#chord(place, symbol[1]) });
      } else if (this.#take(TRIPLET)) {
        if (this.#tripletLeft > 0) this.#fail(place, 'a triplet starts inside another', 'give the first three notes');
        this.#tripletLeft = 3;
      } else {
        const note = this.#note(place);
        if (note.pitch !== undefined) notes.push({ ...place, ...note, pitch: note.pitch, start: length });
        length += note.length;
      }
    }
    if (this.#position >= this.#content.length && this.#tripletLeft > 0) {
      this.#fail(this.#place(), 'a triplet is cut by the end of the line', 'give it three notes');
    }
    return begin && { ...begin, length, notes, chords };
  }

  #place(): Place {
    return { line: this.#line, column: this.#position + 1 };
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#content);
    if (found) this.#position += found[0].length;
    return found;
  }

  #chord(place: Place, symbol: string): Omit<Chord, 'start'> {
    const chord = CHORD_SYMBOL.exec(symbol);
    if (!chord) return this.#fail(place, `chord "${symbol}" is unknown`, 'write a root and nothing, m, 7, m7 or dim');
    const [, letter, accidental, suffix] = chord;
    return {
      root: pitchClass(LETTER_SEMITONES[letter] + ACCIDENTALS[accidental]),
      quality: CHORD_SUFFIXES[suffix],
    };
  }

  /** A note, or a rest without pitch. */
  #note(place: Place): { length: number; tied: boolean; pitch: number | undefined } {
    const found = this.#take(NOTE);
    if (!found) {
      const character = this.#content[this.#position];
      return this.#fail(place, `"${character}" is not a note, rest, bar line, chord or triplet`, 'take it away');
    }
    const [text, accidental, letter, octaves, numerator, slash, denominator, tie] = found;
    const multiple = numerator === '' ? 1 : Number(numerator);
    const divisor = slash === '' ? 1 : denominator === '' ? 2 : Number(denominator);
    const length = (this.#header.unitLength * multiple * (this.#tripletLeft > 0 ? 2 : 3)) / (3 * divisor);
    if (multiple > MAX_LENGTH) this.#fail(place, `length of "${text}" is above ${MAX_LENGTH}`, 'tie shorter notes');
    if (!Number.isInteger(length) || length <= 0) {
      const whole = 4 * UNITS_PER_QUARTER;
      this.#fail(place, `length of "${text}" is not a whole number of ${whole}ths of a whole note`, 'choose another');
    }
    if (this.#tripletLeft > 0) this.#tripletLeft--;
    if (letter !== 'z') {
      return { length, tied: tie !== '', pitch: this.#pitch(place, text, accidental, letter, octaves) };
    }
    if (accidental + octaves + tie !== '') {
      this.#fail(place, `rest "${text}" takes only a length`, 'take the marks away');
    }
    return { length, tied: false, pitch: undefined };
  }

  #pitch(place: Place, text: string, accidental: string, letter: string, octaves: string): number {
    const octave = [...octaves].reduce((sum, mark) => sum + (mark === ',' ? -1 : 1), letter < 'a' ? 0 : 1);
    const upper = letter.toUpperCase();
    if (accidental !== '') this.#accidentals.set(upper + octave, ACCIDENTALS[accidental]);
    const shift = this.#accidentals.get(upper + octave) ?? signatureShift(upper, this.#header.fifths);
    const pitch = 60 + 12 * octave + LETTER_SEMITONES[upper] + shift;
    if (pitch < LOWEST_PITCH || pitch > HIGHEST_PITCH) {
      const range = `${LOWEST_PITCH}..${HIGHEST_PITCH}`;
      this.#fail(place, `note "${text}" is MIDI ${pitch}, outside ${range}`, 'move the tune by octaves');
    }
    return pitch;
  }
}

/** What the key signature does to a letter: 1 sharp, -1 flat, 0 nothing. */
function signatureShift(letter: string, fifths: number): number {
  const order = SHARPS.indexOf(letter);
  if (fifths > order) return 1;
  return -fifths > 6 - order ? -1 : 0;
}
