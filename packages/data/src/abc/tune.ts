import { METER_UNITS, type Meter, MOST_BEATS, TEMPO_RANGE } from '../song.ts';
import { fifthsOf } from './key.ts';
import { type MusicState, readMusicLine } from './music-line.ts';
import type { LeftOut, Place, TuneSymbol } from './symbols.ts';

/** A line of a book, without its line break. */
export interface TuneLine {
  readonly text: string;
  readonly place: Place;
}

/** A tune as it is written down, repeats not yet played. */
export interface WrittenTune {
  readonly title: string;
  readonly symbols: readonly TuneSymbol[];
  /** Names of the parts in playing order; undefined where the tune is played as written. */
  readonly order: readonly string[] | undefined;
  readonly meter: Meter;
  readonly beatsPerMinute: number;
  readonly repairs: readonly string[];
  readonly leftOut: LeftOut;
}

/** The field letters of the standard, with those of its older editions; a note and a bar line with a repeat are no field. */
const FIELD = /^([A-Zmrsw+]):(?![|\]:])\s*(.*)$/;
/** Without a `Q:` field. */
const USUAL_TEMPO = 120;

/**
 * Reads one tune: its fields, and its music as symbols.
 *
 * @throws DataError with line and byte
 */
export function readTune(lines: readonly TuneLine[]): WrittenTune {
  const reader = new TuneReader(lines[0].place);
  for (const line of lines) reader.readLine(line);
  return reader.finish();
}

class TuneReader {
  readonly #first: Place;
  readonly #symbols: TuneSymbol[] = [];
  readonly #repairs: string[] = [];
  readonly #leftOut: LeftOut = { chordSymbols: 0, graceNotes: 0, otherVoices: 0 };
  readonly #state: MusicState;
  #title: string | undefined;
  #order: string | undefined;
  #meter: Meter = { beats: 4, unit: 4, origin: 'assumed' };
  #meterChanges = 0;
  #unitIsGiven = false;
  #beatsPerMinute: number | undefined;
  #inBody = false;
  #voice: string | undefined;
  #isOtherVoice = false;

  constructor(first: Place) {
    this.#first = first;
    this.#state = {
      fifths: 0,
      unit: 0.5,
      bar: 4,
      leftOut: this.#leftOut,
      accidentals: new Map(),
      broken: 1,
      tuplet: { left: 0, factor: 1 },
    };
  }

  readLine({ text, place }: TuneLine): void {
    if (text.startsWith('%')) return;
    const field = FIELD.exec(text);
    if (field) {
      this.#field(field[1], field[2].replace(/%.*$/, '').trim(), place);
      return;
    }
    if (!this.#inBody) place.refuse(0, 'music stands above the K: field', 'end the header with K:');
    if (this.#isOtherVoice) this.#leftOut.otherVoices++;
    else readMusicLine(text, place, this.#state, this.#symbols, (name, value) => this.#field(name, value, place));
  }

  finish(): WrittenTune {
    if (!this.#inBody) this.#first.refuse(0, 'the tune has no K: field', 'end its header with K:');
    if (!this.#symbols.some(({ kind }) => kind === 'notes')) this.#first.refuse(0, 'the tune has no notes');
    if (this.#meterChanges > 0)
      this.#repairs.push(`the meter changes ${this.#meterChanges} times: the first one counts`);
    if (this.#beatsPerMinute === undefined)
      this.#repairs.push(`no tempo is given: took ${USUAL_TEMPO} quarters a minute`);
    return {
      title: this.#title ?? 'untitled',
      symbols: this.#symbols,
      order: this.#playingOrder(),
      meter: this.#meter,
      beatsPerMinute: this.#beatsPerMinute ?? USUAL_TEMPO,
      repairs: this.#repairs,
      leftOut: this.#leftOut,
    };
  }

  #field(name: string, value: string, place: Place): void {
    switch (name) {
      case 'T':
        // The book is read byte by byte; names in it are UTF-8.
        this.#title ??= Buffer.from(value, 'latin1').toString('utf8');
        break;
      case 'M':
        this.#setMeter(value, place);
        break;
      case 'L':
        this.#setUnit(value, place);
        break;
      case 'Q':
        this.#setTempo(value);
        break;
      case 'K': {
        const fifths = fifthsOf(value);
        if (fifths === undefined) place.refuse(0, `key "${value}" is unknown`, 'write it as K:G, K:Am or K:Ddor');
        else this.#state.fifths = fifths;
        this.#inBody = true;
        break;
      }
      case 'P':
        if (this.#inBody) this.#symbols.push({ kind: 'part', name: value });
        else this.#order = value;
        break;
      case 'Y':
        if (!this.#inBody) this.#order = value;
        break;
      case 'V': {
        const voice = value.split(/\s/)[0];
        if (!this.#inBody) break;
        this.#voice ??= voice;
        this.#isOtherVoice = voice !== this.#voice;
        break;
      }
    }
  }

  #setMeter(value: string, place: Place): undefined {
    const sum = (text: string) => text.split('+').reduce((total, part) => total + Number(part), 0);
    const found = /^\(?(\d+(?:\+\d+)*)\)?\/(\d+)/.exec(value);
    const [beats, unit] = found ? [sum(found[1]), Number(found[2])] : value === 'C|' ? [2, 2] : [4, 4];
    if (!found && !/^(C\|?|none)?$/.test(value)) place.refuse(0, `meter "${value}" is unknown`, 'write it as M:6/8');
    const known = METER_UNITS.find((one) => one === unit);
    if (known === undefined || beats < 1 || beats > MOST_BEATS)
      return place.refuse(0, `meter "${value}" is impossible`);
    this.#state.bar = (4 * beats) / unit;
    if (!this.#inBody && !this.#unitIsGiven) this.#state.unit = beats / unit < 0.75 ? 0.25 : 0.5;
    if (!this.#symbols.some(({ kind }) => kind === 'notes')) this.#meter = { beats, unit: known, origin: 'given' };
    else if (beats !== this.#meter.beats || unit !== this.#meter.unit) this.#meterChanges++;
  }

  #setUnit(value: string, place: Place): void {
    const found = /^1\/(\d+)$/.exec(value) ?? /^(1)$/.exec(value);
    const denominator = Number(found?.[1] ?? 0);
    if (denominator < 1 || denominator > 512) place.refuse(0, `unit length "${value}" is unknown`, 'write it as L:1/8');
    this.#state.unit = 4 / denominator;
    this.#unitIsGiven = true;
  }

  #setTempo(value: string): void {
    const found = /(\d+)\/(\d+)\s*=\s*(\d+)/.exec(value) ?? /^()()(\d+)$/.exec(value);
    if (!found || this.#beatsPerMinute !== undefined) {
      this.#repairs.push(`tempo "${value}" was not used`);
      return;
    }
    const [, numerator, denominator, beats] = found;
    const quarters = (denominator === '' ? 1 : (4 * Number(numerator)) / Number(denominator)) * Number(beats);
    if (quarters >= TEMPO_RANGE.slowest && quarters <= TEMPO_RANGE.fastest) this.#beatsPerMinute = quarters;
    else this.#repairs.push(`tempo "${value}" was not used`);
  }

  /** Letters, each with how often it comes if more than once: `AAB`, `A2B`. */
  #playingOrder(): string[] | undefined {
    if (this.#order === undefined || this.#order === '') return undefined;
    const text = this.#order.replace(/[\s.,]/g, '');
    if (!/^([A-Z]\d?)+$/.test(text) || text.length > 200) {
      this.#repairs.push(`the order of parts "${this.#order}" was not used`);
      return undefined;
    }
    return (text.match(/[A-Z]\d?/g) ?? []).flatMap((part) => Array<string>(Number(part[1] ?? 1)).fill(part[0]));
  }
}
