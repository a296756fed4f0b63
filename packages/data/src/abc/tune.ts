import type { WrittenFacts } from '../reading.ts';
import type { Meter } from '../song.ts';
import type { TuneText } from './book.ts';
import { fieldOf } from './fields.ts';
import { keyOf } from './key.ts';
import { unitLengthOf } from './length.ts';
import { barLength, meterOf } from './meter.ts';
import { type MusicContext, readMusicLine } from './music-line.ts';
import { partOrderOf } from './parts.ts';
import { isMusic, isProse } from './prose.ts';
import { quoted, Repairs } from './repairs.ts';
import type { TuneSymbol } from './symbols.ts';
import { tempoOf } from './tempo.ts';
import type { BookLine } from './text.ts';
import { midiTransposition, type Transposition, transpositionOf } from './transposition.ts';
import { Voice } from './voice.ts';

/** A tune as it is written down, repeats not yet played. */
export interface WrittenTune {
  readonly title: string;
  readonly composer: string | undefined;
  /** Of the first voice that has notes; none if no voice has. */
  readonly symbols: readonly TuneSymbol[];
  /** Names of the parts in playing order; undefined where the tune is played as written. */
  readonly order: readonly string[] | undefined;
  readonly meter: Meter;
  /** Whether a tempo stands in front of the first note. */
  readonly startsWithTempo: boolean;
  readonly written: WrittenFacts;
  readonly repairs: readonly string[];
}

/** Decorations that have a letter without a `U:` field. */
const DECORATIONS = 'HLMOPSTuv';
/** Voices that are told apart; no tune has so many. */
const MAX_VOICES = 64;
/** Fields whose text may go on in the next lines. */
const HISTORY = /[HN]/;

/** Reads one tune: its fields, and its music as symbols. */
export function readTune({ defaults, lines, repairs }: TuneText): WrittenTune {
  const reader = new TuneReader(repairs);
  for (const line of defaults) reader.readDefault(line);
  for (const line of lines) reader.readLine(line);
  return reader.finish();
}

/** Music laid over bars that have been read, with the voice below it. */
interface Overlay {
  readonly voice: Voice;
  bars: number;
}

class TuneReader implements MusicContext {
  readonly repairs = new Repairs();
  readonly decorations = new Set(DECORATIONS);
  readonly #bookRepairs: readonly string[];
  /** What the header says of all voices. */
  readonly #header = new Voice(this.repairs);
  readonly #voices = new Map<string, Voice>();
  /** What `V:` fields say of voices, by name, until these begin. */
  readonly #properties = new Map<string, { readonly text: string; readonly line: number }>();
  #current: Voice | undefined;
  #overlay: Overlay | undefined;
  #inOverlayGroup = false;
  #title: string | undefined;
  #composer: string | undefined;
  #bookComposer: string | undefined;
  #order: { readonly value: string; readonly line: number } | undefined;
  #part: string | undefined;
  /** `Q:` of the header: its unit length may be told below it. */
  #headerTempo: { readonly value: string; readonly line: number } | undefined;
  #unitIsGiven = false;
  #hasKey = false;
  #inBody = false;
  /** Name of the field of the line before. */
  #fieldBefore = '';

  constructor(repairs: readonly string[]) {
    this.#bookRepairs = repairs;
  }

  /** A field above the first tune: one of the same kind in the tune takes its place, and a key does not end the header. */
  readDefault({ text, number }: BookLine): void {
    const field = fieldOf(text, false);
    if (!field) this.#readDirective(text, number);
    else if (field.name === 'C') this.#bookComposer = field.value;
    else if (field.name === 'K') {
      this.#setKey(field.value, number);
      this.#hasKey = true;
    } else this.readField(field.name, field.value, number);
  }

  readLine({ text, number }: BookLine): void {
    const field = fieldOf(text, this.#inBody);
    if (text.startsWith('%')) this.#readDirective(text, number);
    else if (field) this.readField(field.name, field.value, number);
    else if (this.#inBody || this.#isFirstMusic(text)) this.#readMusic(text, number);
    else if (!HISTORY.test(this.#fieldBefore)) this.repairs.add('left out words in the header', number);
    if (field) this.#fieldBefore = field.name;
  }

  /** Whether a line above any `K:` is music all the same. */
  #isFirstMusic(text: string): boolean {
    return isMusic(text) && (text.includes('|') || !HISTORY.test(this.#fieldBefore));
  }

  #readMusic(text: string, line: number): void {
    this.#endHeader(line);
    if (isProse(text, this.decorations)) {
      this.repairs.add('left out words among the music', line);
      return;
    }
    readMusicLine(text, line, this);
    this.endOverlayGroup();
  }

  #endHeader(line: number): void {
    if (this.#inBody) return;
    this.#inBody = true;
    if (!this.#hasKey) this.repairs.add('found no K: field and took C major for the music', line);
    const tempo = this.#headerTempo;
    if (tempo) this.#setTempo(tempo.value, tempo.line);
  }

  finish(): WrittenTune {
    const voices = [...this.#voices.values()];
    const melody = voices.find(({ hasNotes }) => hasNotes) ?? this.#header;
    const others = voices.filter((voice) => voice !== melody);
    const { symbols, keys, meters, tempos, leftOut } = melody;
    const counts = {
      'chord symbols': leftOut.chordSymbols,
      'grace notes': leftOut.graceNotes,
      'lines of other voices': leftOut.overlays + others.reduce((sum, { lines }) => sum + lines, 0),
    };
    return {
      title: this.#title ?? 'untitled',
      composer: this.#composer ?? this.#bookComposer,
      symbols,
      order: this.#playingOrder(),
      meter: melody.firstMeter,
      startsWithTempo: symbols.find(({ kind }) => kind === 'notes' || kind === 'tempo')?.kind === 'tempo',
      written: { tempos, meters, keys },
      repairs: [
        ...this.#bookRepairs,
        ...this.repairs.sentences(),
        ...meterRepairs(melody),
        ...Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`left out ${count} ${what}`] : [])),
      ],
    };
  }

  get voice(): Voice {
    return this.#overlay?.voice ?? this.#mainVoice;
  }

  /** Music without any `V:` above it is of the first voice that the header names. */
  get #mainVoice(): Voice {
    const [first = '1'] = this.#properties.keys();
    this.#current ??= this.#voiceOf(first);
    return this.#current;
  }

  /** Whom a field concerns: the voice at hand, or all that begin later. */
  get #concerned(): Voice {
    return this.#current ?? this.#header;
  }

  readField(name: string, value: string, line: number): void {
    switch (name) {
      case 'T':
        this.#title ??= value;
        break;
      case 'C':
        if (!this.#inBody && value !== '') this.#composer ??= value;
        break;
      case 'M':
        this.#setMeter(value, line);
        break;
      case 'L':
        this.#setUnit(value, line);
        break;
      case 'Q':
        if (this.#inBody) this.#setTempo(value, line);
        else this.#headerTempo = { value, line };
        break;
      case 'K':
        this.#setKey(value, line);
        this.#hasKey = true;
        this.#endHeader(line);
        break;
      case 'P':
        if (this.#inBody) this.#beginPart(value);
        else this.#order = { value, line };
        break;
      case 'Y':
        if (!this.#inBody) this.#order = { value, line };
        break;
      case 'V':
        this.#setVoice(value, line);
        break;
      case 'I':
        this.#readDirective(`%%${value}`, line);
        break;
      case 'U':
        for (const [, symbol] of value.matchAll(/^(.)\s*=/gu)) this.decorations.add(symbol);
        break;
      case 'm':
        this.repairs.add('left a macro (m:) as it is written', line);
        break;
    }
  }

  #readDirective(text: string, line: number): void {
    if (!text.startsWith('%%')) return;
    const voice = this.#concerned;
    this.#transpose(voice, midiTransposition(text.slice(2).trim(), voice.transposition), text, line);
  }

  #transpose(voice: Voice, transposition: Transposition | undefined, text: string, line: number): void {
    if (transposition) voice.transposition = transposition;
    else this.repairs.add(`did not transpose by ${quoted(text)}`, line);
  }

  #setVoice(value: string, line: number): void {
    const [, name, properties] = /^(\S*)(.*)$/.exec(value) ?? ['', '', ''];
    if (!this.#inBody) {
      const { text } = this.#properties.get(name) ?? { text: '' };
      this.#properties.set(name, { text: text + properties, line });
      return;
    }
    this.#overlay = undefined;
    this.#current = this.#voiceOf(name);
    this.#transpose(this.#current, transpositionOf(properties, this.#current.transposition), properties, line);
  }

  #voiceOf(name: string): Voice {
    const known = this.#voices.get(name);
    if (known) return known;
    const voice = this.#header.fork();
    if (this.#voices.size >= MAX_VOICES) return voice;
    this.#voices.set(name, voice);
    if (this.#part !== undefined) voice.symbols.push({ kind: 'part', name: this.#part });
    const { text, line } = this.#properties.get(name) ?? { text: '', line: 0 };
    this.#transpose(voice, transpositionOf(text, voice.transposition), text, line);
    return voice;
  }

  #beginPart(name: string): void {
    this.#part = name.replace(/[".\s]/g, '');
    for (const voice of this.#voices.values()) voice.symbols.push({ kind: 'part', name: this.#part });
  }

  #setKey(value: string, line: number): void {
    const voice = this.#concerned;
    const key = keyOf(value, voice.key);
    if (key) voice.setKey(key);
    else this.repairs.add(`took no account of the unknown key ${quoted(value)}`, line);
    this.#transpose(voice, transpositionOf(value, voice.transposition), value, line);
  }

  #setMeter(value: string, line: number): void {
    const meter = meterOf(value);
    if (!meter) {
      this.repairs.add(`took no account of the impossible meter ${quoted(value)}`, line);
      return;
    }
    this.#concerned.setMeter(meter);
    if (!this.#inBody && !this.#unitIsGiven) this.#concerned.unit = barLength(meter) < 3 ? 0.25 : 0.5;
  }

  #setUnit(value: string, line: number): void {
    const unit = unitLengthOf(value);
    if (unit === undefined) this.repairs.add(`took no account of the unknown unit length ${quoted(value)}`, line);
    else this.#concerned.unit = unit;
    this.#unitIsGiven ||= unit !== undefined;
  }

  #setTempo(value: string, line: number): void {
    const voice = this.#concerned;
    const tempo = tempoOf(value, voice.unit);
    if (tempo === undefined) this.repairs.add(`did not use the tempo ${quoted(value)}`, line);
    else voice.setTempo(tempo);
  }

  beginOverlay(bars: number): void {
    const voice = this.#mainVoice;
    voice.leftOut.overlays++;
    this.#overlay = { voice: voice.fork(), bars: this.#inOverlayGroup ? Number.POSITIVE_INFINITY : bars };
  }

  beginOverlayGroup(): void {
    this.#inOverlayGroup = true;
  }

  endOverlayGroup(): void {
    if (this.#inOverlayGroup) this.#overlay = undefined;
    this.#inOverlayGroup = false;
  }

  passBar(): void {
    if (!this.#overlay) return;
    this.#overlay.bars--;
    if (this.#overlay.bars === 0) this.#overlay = undefined;
  }

  #playingOrder(): readonly string[] | undefined {
    const { value, line } = this.#order ?? { value: '', line: 0 };
    const order = partOrderOf(value);
    if (value !== '' && !order) this.repairs.add(`did not use the order of parts ${quoted(value)}`, line);
    return order;
  }
}

function meterRepairs({ meterChanges, firstMeter }: Voice): string[] {
  if (meterChanges.length === 0) return [];
  const [{ from, to, bar }] = meterChanges;
  const more =
    meterChanges.length === 1
      ? ''
      : meterChanges.length === 2
        ? ' and once more'
        : ` and ${meterChanges.length - 1} times more`;
  const counted = `${firstMeter.beats}/${firstMeter.unit}`;
  return [`the meter changes from ${from} to ${to} in bar ${bar}${more}; bars are counted in ${counted}`];
}
