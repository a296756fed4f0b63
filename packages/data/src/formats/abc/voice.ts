import { VOICE_RANGES } from '@chipsmith/apu';
import { foldInto } from '../../pitch.ts';
import { type Meter, meterName, quartersPerBar } from '../../song.ts';
import type { Repairs } from '../repairs.ts';
import { type AbcKey, NO_KEY } from './key.ts';
import { NO_METER } from './meter.ts';
import { accidentalOf, naturalPitch } from './pitch.ts';
import type { BarSymbol, TimedSymbol, TuneSymbol, WrittenNote } from './symbols.ts';
import { NO_TRANSPOSITION, semitonesOf, type Transposition } from './transposition.ts';
import type { Tuplet } from './tuplet.ts';

/** Only its note, the notes of its octave, or those of its letter. */
export const ACCIDENTAL_REACHES = ['not', 'octave', 'pitch'] as const;
export type AccidentalReach = (typeof ACCIDENTAL_REACHES)[number];

/** A meter that comes after the first notes. */
export interface MeterChange {
  readonly from: string;
  readonly to: string;
  /** Number of the bar, from 1; an upbeat is not counted. */
  readonly bar: number;
}

/** A note of a chord or alone, with what it leaves for notes to come. */
export interface SpeltNote extends WrittenNote {
  /** Letter and octave marks. */
  readonly name: string;
  /** Its pitch on paper, before transposition; with fractions for microtones. */
  readonly written: number;
}

/** One voice of a tune: what holds at the place that has been read, and its symbols so far. */
export class Voice {
  readonly symbols: TuneSymbol[] = [];
  readonly keys: string[] = [];
  readonly meters: string[] = [];
  readonly tempos: number[] = [];
  readonly meterChanges: MeterChange[] = [];
  /** What is in the voice but not in the song. */
  readonly leftOut = { chordSymbols: 0, graceNotes: 0, overlays: 0 };
  key: AbcKey = NO_KEY;
  /** Of the voice's first notes. */
  firstMeter: Meter = NO_METER;
  transposition: Transposition = NO_TRANSPOSITION;
  /** Quarter notes of a length of 1. */
  unit = 0.5;
  hasNotes = false;
  /** Lines of the book in which it has notes. */
  lines = 0;
  #lastLine = 0;
  #meter: Meter = NO_METER;
  /**
   * How far an accidental reaches in its bar. Unless the tune says otherwise in its own octave, as in print, in abcjs
   * and in abc2svg, although section 11.3 of the standard (marked as under discussion) would have it reach all octaves.
   */
  accidentalReach: AccidentalReach = 'octave';
  /** Accidentals of the bar at hand, by what they reach. */
  readonly #accidentals = new Map<string, number>();
  /** Pitches of the notes before that are tied, by letter and octave marks: they hold beyond a bar line. */
  #tied = new Map<string, number>();
  #sounded: readonly SpeltNote[] = [];
  #tuplet: Tuplet = { left: 0, factor: 1 };
  /** Of `>` or `<` behind the last note: what the next one's length is multiplied by. */
  #broken = 1;
  /** Index of the last note, chord or rest that `>` and `-` may change. */
  #last: number | undefined;
  /** Bars that are over, without an upbeat. */
  #bars = 0;
  #hadUpbeat = false;
  /** Quarter notes since the last bar line. */
  #sinceBar = 0;
  readonly #repairs: Repairs;

  constructor(repairs: Repairs) {
    this.#repairs = repairs;
  }

  /** A voice without notes in which the same holds. */
  fork(): Voice {
    const voice = new Voice(this.#repairs);
    voice.keys.push(...this.keys.slice(-1));
    voice.meters.push(...this.meters.slice(-1));
    for (const tempo of this.tempos.slice(-1)) voice.setTempo(tempo);
    voice.key = this.key;
    voice.firstMeter = this.#meter;
    voice.#meter = this.#meter;
    voice.transposition = this.transposition;
    voice.unit = this.unit;
    voice.accidentalReach = this.accidentalReach;
    return voice;
  }

  get meter(): Meter {
    return this.#meter;
  }

  setMeter(meter: Meter): void {
    const from = meterName(this.#meter);
    const to = meterName(meter);
    if (!this.hasNotes) this.firstMeter = meter;
    else if (from !== to) this.meterChanges.push({ from, to, bar: this.#bars + 1 });
    this.#meter = meter;
    if (meter.origin === 'given') this.#hold(this.meters, to);
  }

  setKey(key: AbcKey): void {
    this.key = key;
    if (key.name !== undefined) this.#hold(this.keys, key.name);
  }

  setTempo(beatsPerMinute: number): void {
    this.#hold(this.tempos, beatsPerMinute);
    this.symbols.push({ kind: 'tempo', beatsPerMinute });
  }

  /** What holds from here on: in front of the first note it takes the place of what held, behind it that changes. */
  #hold<Fact>(facts: Fact[], fact: Fact): void {
    if (!this.hasNotes) facts.length = 0;
    if (facts.at(-1) !== fact) facts.push(fact);
  }

  /**
   * The note with the key, the accidentals of its bar and ties taken into account, inside the range of a pulse voice.
   */
  spell(accidental: string, letter: string, octaveMarks: string, line: number): SpeltNote {
    const name = letter + octaveMarks;
    const reached = this.accidentalReach === 'pitch' ? letter.toUpperCase() : name;
    if (accidental !== '') this.#accidentals.set(reached, accidentalOf(accidental));
    const shift = this.#accidentals.get(reached) ?? this.key.shifts.get(letter.toUpperCase()) ?? 0;
    if (this.accidentalReach === 'not') this.#accidentals.clear();
    const natural = naturalPitch(letter, octaveMarks);
    const written = (accidental === '' ? this.#tied.get(name) : undefined) ?? natural + shift;
    return { name, written, pitch: this.#playable(written, line), tied: false };
  }

  #playable(written: number, line: number): number {
    if (!Number.isInteger(written)) this.#repairs.add('rounded a microtone to the nearest semitone', line);
    const pitch = Math.round(written) + semitonesOf(this.transposition);
    const { lowestPitch, highestPitch } = VOICE_RANGES.pulse1;
    const folded = foldInto(pitch, lowestPitch, highestPitch);
    if (folded !== pitch) this.#repairs.add(`moved a note by octaves into ${lowestPitch}..${highestPitch}`, line);
    return folded;
  }

  /**
   * Adds a note, or the notes of a chord.
   *
   * @param multiple of the unit length
   * @param line the book's, from 1
   */
  addNotes(sounded: readonly SpeltNote[], multiple: number, line: number): void {
    const notes = sounded.map(({ pitch, tied }) => ({ pitch, tied })).sort((a, b) => b.pitch - a.pitch);
    this.#addTimed({ kind: 'notes', notes, length: this.#heardLength(multiple) });
    this.#tied = tiedOf(sounded);
    this.#sounded = sounded;
    this.hasNotes = true;
    if (line !== this.#lastLine) this.lines++;
    this.#lastLine = line;
  }

  addRest(multiple: number): void {
    this.#addTimed({ kind: 'rest', length: this.#heardLength(multiple) });
    this.#tied = new Map();
  }

  addBarRest(bars: number): void {
    this.#addTimed({ kind: 'rest', length: bars * quartersPerBar(this.#meter) });
    this.#tied = new Map();
  }

  #addTimed(symbol: TimedSymbol): void {
    this.symbols.push(symbol);
    this.#last = this.symbols.length - 1;
    this.#sinceBar += symbol.length;
  }

  /** In quarter notes, after tuplets and broken rhythm. */
  #heardLength(multiple: number): number {
    let length = multiple * this.unit * this.#broken;
    this.#broken = 1;
    if (this.#tuplet.left > 0) {
      length *= this.#tuplet.factor;
      this.#tuplet = { ...this.#tuplet, left: this.#tuplet.left - 1 };
    }
    return length;
  }

  beginTuplet(tuplet: Tuplet): void {
    this.#tuplet = tuplet;
  }

  /** Ties the note or chord before to the next; false if there is none. */
  tie(): boolean {
    const last = this.#lastTimed();
    if (last?.kind !== 'notes') return false;
    this.#replaceLast({ ...last, notes: last.notes.map(({ pitch }) => ({ pitch, tied: true })) });
    this.#tied = new Map(this.#sounded.map(({ name, written }) => [name, written]));
    return true;
  }

  /**
   * `>`, `<` and up to three of them: the last length is changed, the next one will be; false if there is no last one.
   */
  breakRhythm(signs: string): boolean {
    if (this.#lastTimed() === undefined) return false;
    const short = 2 ** -Math.min(signs.length, 3);
    const [first, second] = signs.startsWith('>') ? [2 - short, short] : [short, 2 - short];
    this.stretch(first);
    this.#broken *= second;
    return true;
  }

  /** Makes the last note, chord or rest so many times as long. */
  stretch(factor: number): void {
    const last = this.#lastTimed();
    if (last === undefined) return;
    this.#replaceLast({ ...last, length: last.length * factor });
    this.#sinceBar += last.length * (factor - 1);
  }

  #lastTimed(): TimedSymbol | undefined {
    const symbol = this.#last === undefined ? undefined : this.symbols[this.#last];
    return symbol?.kind === 'notes' || symbol?.kind === 'rest' ? symbol : undefined;
  }

  #replaceLast(symbol: TimedSymbol): void {
    if (this.#last !== undefined) this.symbols[this.#last] = symbol;
  }

  /** Bar lines with nothing between them, as at the end of a line and the beginning of the next, are one. */
  addBar({ backward, forward, section }: Omit<BarSymbol, 'kind'>): void {
    this.#accidentals.clear();
    const isUpbeat = this.#bars === 0 && !this.#hadUpbeat && this.#sinceBar < quartersPerBar(this.#meter) - 1e-6;
    if (this.#sinceBar > 0 && isUpbeat) this.#hadUpbeat = true;
    else if (this.#sinceBar > 0) this.#bars++;
    this.#sinceBar = 0;
    const before = this.symbols.at(-1);
    if (before?.kind !== 'bar') this.symbols.push({ kind: 'bar', backward, forward, section });
    else {
      this.symbols[this.symbols.length - 1] = {
        kind: 'bar',
        backward: Math.max(before.backward, backward),
        forward: before.forward || forward,
        section: before.section || section,
      };
    }
  }

  /** An accidental that a tie would carry over does not reach from the first ending into the second. */
  addEnding(passes: ReadonlySet<number>): void {
    this.#tied = new Map();
    this.symbols.push({ kind: 'ending', passes });
  }
}

function tiedOf(sounded: readonly SpeltNote[]): Map<string, number> {
  return new Map(sounded.filter(({ tied }) => tied).map(({ name, written }) => [name, written]));
}
