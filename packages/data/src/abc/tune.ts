import type { WrittenFacts } from '../reading.ts';
import { METER_UNITS, type Meter, MOST_BEATS } from '../song.ts';
import { keyOf, NO_KEY } from './key.ts';
import { type MusicState, readMusicLine } from './music-line.ts';
import type { LeftOut, Place, TuneSymbol } from './symbols.ts';
import { tempoOf } from './tempo.ts';

/** A line of a book, without its line break. */
export interface TuneLine {
  readonly text: string;
  readonly place: Place;
}

/** A tune as it is written down, repeats not yet played. */
export interface WrittenTune {
  readonly title: string;
  readonly composer: string | undefined;
  readonly symbols: readonly TuneSymbol[];
  /** Names of the parts in playing order; undefined where the tune is played as written. */
  readonly order: readonly string[] | undefined;
  readonly meter: Meter;
  readonly beatsPerMinute: number;
  readonly written: WrittenFacts;
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
  #composer: string | undefined;
  #order: string | undefined;
  #meter: Meter = { beats: 4, unit: 4, origin: 'assumed' };
  readonly #meters: string[] = [];
  readonly #keys: string[] = [];
  readonly #tempos: number[] = [];
  /** `Q:` of the header: its unit length may be told below it. */
  #headerTempo: string | undefined;
  #unitIsGiven = false;
  #inBody = false;
  #voice: string | undefined;
  #isOtherVoice = false;

  constructor(first: Place) {
    this.#first = first;
    this.#state = {
      key: NO_KEY,
      unit: 0.5,
      bar: 4,
      isCompound: false,
      leftOut: this.#leftOut,
      accidentals: new Map(),
      tied: new Map(),
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
    const own = this.#firstVoiceOf(text);
    readMusicLine(own, place, this.#state, this.#symbols, (name, value) => this.#field(name, value, place));
  }

  /** The line with what other voices play blanked out, so that its columns stay where they are. */
  #firstVoiceOf(text: string): string {
    const pieces = text.split(/(?=\[V:)/).map((piece) => {
      const voice = /^\[V:\s*([^\]]*)/.exec(piece);
      if (voice) this.#setVoice(voice[1]);
      if (!this.#isOtherVoice) return piece;
      if (/[A-Ga-g]/.test(piece.replace(/^\[V:[^\]]*/, ''))) this.#leftOut.otherVoices++;
      return ' '.repeat(piece.length);
    });
    return pieces.join('');
  }

  finish(): WrittenTune {
    if (!this.#inBody) this.#first.refuse(0, 'the tune has no K: field', 'end its header with K:');
    if (!this.#hasNotes) this.#first.refuse(0, 'the tune has no notes');
    const [meters, tempos] = [this.#meters, this.#tempos];
    if (meters.length > 1) this.#repairs.push(`the meter changes ${meters.length - 1} times: the first one counts`);
    if (tempos.length > 1) this.#repairs.push(`the tempo changes ${tempos.length - 1} times: the first one counts`);
    if (tempos.length === 0) this.#repairs.push(`no tempo is given: took ${USUAL_TEMPO} quarters a minute`);
    return {
      title: this.#title ?? 'untitled',
      composer: this.#composer,
      symbols: this.#symbols,
      order: this.#playingOrder(),
      meter: this.#meter,
      beatsPerMinute: tempos[0] ?? USUAL_TEMPO,
      written: { tempos, meters, keys: this.#keys },
      repairs: this.#repairs,
      leftOut: this.#leftOut,
    };
  }

  get #hasNotes(): boolean {
    return this.#symbols.some(({ kind }) => kind === 'notes');
  }

  #field(name: string, value: string, place: Place): void {
    // What another voice says of key, meter and so on is for that voice.
    if (this.#isOtherVoice && name !== 'V' && name !== 'P') return;
    switch (name) {
      case 'T':
        this.#title ??= decoded(value);
        break;
      case 'C':
        if (!this.#inBody && value !== '') this.#composer ??= decoded(value);
        break;
      case 'M':
        this.#setMeter(value, place);
        break;
      case 'L':
        this.#setUnit(value, place);
        break;
      case 'Q':
        if (this.#inBody) this.#setTempo(value);
        else this.#headerTempo = value;
        break;
      case 'K':
        this.#setKey(value, place);
        if (!this.#inBody && this.#headerTempo !== undefined) this.#setTempo(this.#headerTempo);
        this.#inBody = true;
        break;
      case 'P':
        if (this.#inBody) this.#symbols.push({ kind: 'part', name: value });
        else this.#order = value;
        break;
      case 'Y':
        if (!this.#inBody) this.#order = value;
        break;
      case 'V':
        if (this.#inBody) this.#setVoice(value);
        break;
    }
  }

  #setVoice(value: string): void {
    const voice = value.trim().split(/\s/)[0];
    this.#voice ??= voice;
    this.#isOtherVoice = voice !== this.#voice;
  }

  #setKey(value: string, place: Place): void {
    const key = keyOf(value, this.#state.key);
    if (key === undefined) place.refuse(0, `key "${value}" is unknown`, 'write it as K:G, K:Am or K:Ddor');
    this.#state.key = key;
    if (key.name !== undefined) this.#hold(this.#keys, key.name);
  }

  /** What holds from here on: in front of the first note it takes the place of what held, behind it that changes. */
  #hold<Fact>(facts: Fact[], fact: Fact): void {
    if (!this.#hasNotes) facts.length = 0;
    if (facts.at(-1) !== fact) facts.push(fact);
  }

  #setMeter(value: string, place: Place): void {
    const sum = (text: string) => text.split('+').reduce((total, part) => total + Number(part), 0);
    const found = /^\(?(\d+(?:\+\d+)*)\)?\/(\d+)/.exec(value);
    const [beats, unit] = found ? [sum(found[1]), Number(found[2])] : value === 'C|' ? [2, 2] : [4, 4];
    if (!found && !/^(C\|?|none)?$/.test(value)) place.refuse(0, `meter "${value}" is unknown`, 'write it as M:6/8');
    const known = METER_UNITS.find((one) => one === unit);
    if (known === undefined || beats < 1 || beats > MOST_BEATS) place.refuse(0, `meter "${value}" is impossible`);
    this.#state.bar = (4 * beats) / unit;
    this.#state.isCompound = beats > 3 && beats % 3 === 0;
    if (!this.#inBody && !this.#unitIsGiven) this.#state.unit = beats / unit < 0.75 ? 0.25 : 0.5;
    if (/^(none)?$/.test(value)) return;
    if (!this.#hasNotes) this.#meter = { beats, unit: known, origin: 'given' };
    this.#hold(this.#meters, `${beats}/${unit}`);
  }

  #setUnit(value: string, place: Place): void {
    const found = /^1\/(\d+)$/.exec(value) ?? /^(1)$/.exec(value);
    const denominator = Number(found?.[1] ?? 0);
    if (denominator < 1 || denominator > 512) place.refuse(0, `unit length "${value}" is unknown`, 'write it as L:1/8');
    this.#state.unit = 4 / denominator;
    this.#unitIsGiven = true;
  }

  #setTempo(value: string): void {
    const tempo = tempoOf(value, this.#state.unit);
    if (tempo === undefined) this.#repairs.push(`tempo "${decoded(value)}" was not used`);
    else this.#hold(this.#tempos, tempo);
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

/** A book is read byte by byte; what it says in words is UTF-8. */
function decoded(words: string): string {
  return Buffer.from(words, 'latin1').toString('utf8');
}
