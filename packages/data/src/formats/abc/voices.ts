import type { Repairs } from '../repairs.ts';
import { quoted } from './quoted.ts';
import { type Transposition, transpositionOf } from './transposition.ts';
import { Voice } from './voice.ts';

/** Voices that are told apart; no tune has so many. */
const MAX_VOICES = 64;

/** Music laid over bars that have been read; it is read too, but nothing becomes of it. */
interface Overlay {
  readonly voice: Voice;
  bars: number;
}

/** The voices of a tune, and which of them is at hand. */
export class Voices {
  /** What holds for all of them when they begin. */
  readonly header: Voice;
  readonly #repairs: Repairs;
  readonly #voices = new Map<string, Voice>();
  /** What `V:` fields of the header say of voices, by name. */
  readonly #declared = new Map<string, { readonly properties: string; readonly line: number }>();
  #current: Voice | undefined;
  #overlay: Overlay | undefined;
  #inOverlayGroup = false;
  #part: string | undefined;

  constructor(repairs: Repairs) {
    this.#repairs = repairs;
    this.header = new Voice(repairs);
  }

  /** The voice that notes belong to; without any `V:` above them the first one that the header names. */
  get sounding(): Voice {
    return this.#overlay?.voice ?? this.#main;
  }

  /** The voice that a field concerns: the one at hand, or all that begin later. */
  get concerned(): Voice {
    return this.#current ?? this.header;
  }

  get #main(): Voice {
    const [first = '1'] = this.#declared.keys();
    this.#current ??= this.#voiceOf(first);
    return this.#current;
  }

  /** The first voice that has notes, and the others; the header's, which has none, if no other has. */
  melodyAndOthers(): readonly [melody: Voice, others: readonly Voice[]] {
    const voices = [...this.#voices.values()];
    const melody = voices.find(({ hasNotes }) => hasNotes) ?? this.header;
    return [melody, voices.filter((voice) => voice !== melody)];
  }

  /** A `V:` field of the header. */
  declare(name: string, properties: string, line: number): void {
    const before = this.#declared.get(name)?.properties ?? '';
    this.#declared.set(name, { properties: before + properties, line });
  }

  /** A `V:` field among the music: what follows is of this voice. */
  select(name: string, properties: string, line: number): void {
    this.#overlay = undefined;
    this.#current = this.#voiceOf(name);
    this.transpose(this.#current, transpositionOf(properties, this.#current.transposition), properties, line);
  }

  #voiceOf(name: string): Voice {
    const known = this.#voices.get(name);
    if (known) return known;
    const voice = this.header.fork();
    if (this.#voices.size >= MAX_VOICES) return voice;
    this.#voices.set(name, voice);
    if (this.#part !== undefined) voice.symbols.push({ kind: 'part', name: this.#part });
    const { properties, line } = this.#declared.get(name) ?? { properties: '', line: 0 };
    this.transpose(voice, transpositionOf(properties, voice.transposition), properties, line);
    return voice;
  }

  /** @param transposition undefined for one that no voice may have, which is told */
  transpose(voice: Voice, transposition: Transposition | undefined, field: string, line: number): void {
    if (transposition) voice.transposition = transposition;
    else this.#repairs.add(`did not transpose by ${quoted(field)}`, line);
  }

  /** Begins a part in every voice. */
  beginPart(name: string): void {
    this.#part = name;
    for (const voice of this.#voices.values()) voice.symbols.push({ kind: 'part', name });
  }

  /** What follows is laid over what was read, for so many bars or until the end of the group. */
  beginOverlay(bars: number): void {
    this.#main.leftOut.overlays++;
    this.#overlay = { voice: this.#main.fork(), bars: this.#inOverlayGroup ? Number.POSITIVE_INFINITY : bars };
  }

  beginOverlayGroup(): void {
    this.#inOverlayGroup = true;
  }

  endOverlayGroup(): void {
    if (this.#inOverlayGroup) this.#overlay = undefined;
    this.#inOverlayGroup = false;
  }

  /** At a bar line an overlay may be over. */
  passBar(): void {
    if (!this.#overlay) return;
    this.#overlay.bars--;
    if (this.#overlay.bars === 0) this.#overlay = undefined;
  }
}
