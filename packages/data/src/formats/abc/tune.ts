import { type Meter, meterName, quartersPerBar } from '../../song.ts';
import type { WrittenFacts } from '../reading.ts';
import { inLines, Repairs, withCount } from '../repairs.ts';
import type { TuneText } from './book.ts';
import { fieldOf } from './fields.ts';
import { keyOf } from './key.ts';
import { unitLengthOf } from './length.ts';
import { meterOf } from './meter.ts';
import { type MusicContext, readMusicLine } from './music-line.ts';
import { partOrderOf } from './parts.ts';
import { isMusic, isProse } from './prose.ts';
import { quoted } from './quoted.ts';
import type { TuneSymbol } from './symbols.ts';
import { tempoOf } from './tempo.ts';
import type { BookLine } from './text.ts';
import { midiTransposition, transpositionOf } from './transposition.ts';
import { ACCIDENTAL_REACHES, type Voice } from './voice.ts';
import { Voices } from './voices.ts';

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
/** Fields whose text may go on in the next lines. */
const HISTORY = /[HN]/;

/** Reads one tune: its fields, and its music as symbols. */
export function readTune({ defaults, lines, repairs }: TuneText): WrittenTune {
  const reader = new TuneReader(repairs);
  for (const line of defaults) reader.readDefault(line);
  for (const line of lines) reader.readLine(line);
  return reader.finish();
}

class TuneReader implements MusicContext {
  readonly repairs = new Repairs(inLines);
  readonly voices = new Voices(this.repairs);
  readonly decorations = new Set(DECORATIONS);
  readonly #bookRepairs: readonly string[];
  #title: string | undefined;
  #composer: string | undefined;
  #bookComposer: string | undefined;
  #order: { readonly value: string; readonly line: number } | undefined;
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

  /**
   * A field above the first tune: one of the same kind in the tune takes its place, and a key does not end the header.
   */
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
    if (/^\s*%/.test(text)) this.#readDirective(text, number);
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
    this.voices.endOverlayGroup();
  }

  #endHeader(line: number): void {
    if (this.#inBody) return;
    this.#inBody = true;
    if (!this.#hasKey) this.repairs.add('no K: field: assumed C major', line);
    const tempo = this.#headerTempo;
    if (tempo) this.#setTempo(tempo.value, tempo.line);
  }

  finish(): WrittenTune {
    const [melody, others] = this.voices.melodyAndOthers();
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
        ...tempoRepairs(melody, others),
        ...Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`left out ${count} ${what}`] : [])),
      ],
    };
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
        if (this.#inBody) this.voices.beginPart(value.replace(/[".\s]/g, ''));
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
        this.repairs.add('did not expand a macro (m:)', line);
        break;
    }
  }

  #readDirective(text: string, line: number): void {
    const [, directive] = /^\s*%%(.*)$/.exec(text) ?? [];
    if (directive === undefined) return;
    const voice = this.voices.concerned;
    const [, reach] = /^propagate-accidentals\s+(\w+)/.exec(directive) ?? [];
    voice.accidentalReach = ACCIDENTAL_REACHES.find((one) => one === reach) ?? voice.accidentalReach;
    this.voices.transpose(voice, midiTransposition(directive.trim(), voice.transposition), directive, line);
  }

  #setVoice(value: string, line: number): void {
    const [, name, properties] = /^(\S*)(.*)$/.exec(value) ?? ['', '', ''];
    if (this.#inBody) this.voices.select(name, properties, line);
    else this.voices.declare(name, properties, line);
  }

  #setKey(value: string, line: number): void {
    const voice = this.voices.concerned;
    const key = keyOf(value, voice.key);
    if (key) voice.setKey(key);
    else this.repairs.add(`ignored the unknown key ${quoted(value)}`, line);
    this.voices.transpose(voice, transpositionOf(value, voice.transposition), value, line);
  }

  #setMeter(value: string, line: number): void {
    const meter = meterOf(value);
    if (!meter) {
      this.repairs.add(`ignored the impossible meter ${quoted(value)}`, line);
      return;
    }
    this.voices.concerned.setMeter(meter);
    if (!this.#inBody && !this.#unitIsGiven) this.voices.concerned.unit = quartersPerBar(meter) < 3 ? 0.25 : 0.5;
  }

  #setUnit(value: string, line: number): void {
    const unit = unitLengthOf(value);
    if (unit === undefined) this.repairs.add(`ignored the unknown unit length ${quoted(value)}`, line);
    else this.voices.concerned.unit = unit;
    this.#unitIsGiven ||= unit !== undefined;
  }

  #setTempo(value: string, line: number): void {
    const voice = this.voices.concerned;
    const tempo = tempoOf(value, voice.unit);
    if (tempo === undefined) this.repairs.add(`ignored the tempo ${quoted(value)}`, line);
    else voice.setTempo(tempo);
  }

  #playingOrder(): readonly string[] | undefined {
    const { value, line } = this.#order ?? { value: '', line: 0 };
    const order = partOrderOf(value);
    if (value !== '' && !order) this.repairs.add(`ignored the order of parts ${quoted(value)}`, line);
    return order;
  }
}

/** The first change, and how many there are. */
function meterRepairs({ meterChanges, firstMeter }: Voice): string[] {
  const [first] = meterChanges;
  if (!first) return [];
  const times = meterChanges.length === 1 ? '' : ` (${meterChanges.length} times)`;
  return [
    `the meter changes from ${first.from} to ${first.to} in bar ${first.bar}; bars are counted in ${meterName(firstMeter)}${times}`,
  ];
}

/** Changes of tempo hold where the melody has them. */
function tempoRepairs({ tempos }: Voice, others: readonly Voice[]): string[] {
  const own = new Set(tempos);
  const elsewhere = new Set(others.flatMap((voice) => voice.tempos).filter((tempo) => !own.has(tempo)));
  return elsewhere.size > 0 ? [withCount('left out # tempo(s) that only other voices have', elsewhere.size)] : [];
}
