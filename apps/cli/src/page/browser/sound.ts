import type { FilterName, VoiceName } from '@chipsmith/apu';
import type { Chip } from './chip.ts';

/** How the chip is heard, whatever it plays. */
export interface Mix {
  readonly silentVoices: readonly VoiceName[];
  readonly loop: boolean;
}

/** A piece that can be played. */
export interface Piece {
  readonly name: string;
  readonly vgm: Uint8Array;
  readonly filter: FilterName;
}

/** Rendered pieces that are kept: the one that plays, the next, and both under the mix before. */
const MAX_BUFFERS = 4;

/** From one mix to another without a click (seconds). */
const CROSSFADE = 0.01;

interface Playing {
  readonly source: AudioBufferSourceNode;
  readonly level: GainNode;
  /** The context's time at which the piece was, or would have been, at its beginning. */
  readonly zero: number;
  readonly seconds: number;
  readonly loops: boolean;
}

/** Plays one piece at a time on the chip. Positions are in seconds from the piece's beginning. */
export class Sound {
  /** Called when a piece has come to its end. */
  onEnd: () => void = () => undefined;
  /** Called when a piece cannot be played. */
  onFailure: (error: Error) => void = () => undefined;

  readonly #chip: Chip;
  #mix: Mix = { silentVoices: [], loop: false };
  #volume = 1;
  #output?: { readonly context: AudioContext; readonly gain: GainNode };
  #piece: Piece | undefined;
  #playing: Playing | undefined;
  #rest = 0;
  /** Rises with every start and stop: what was asked for before is out of date. */
  #turn = 0;
  readonly #buffers = new Map<string, Promise<AudioBuffer>>();

  constructor(chip: Chip) {
    this.#chip = chip;
  }

  /** Where the piece is that plays, or is about to. */
  get position(): number {
    if (!this.#playing || !this.#output) return this.#rest;
    const { zero, seconds, loops } = this.#playing;
    const passed = Math.max(0, this.#output.context.currentTime - zero);
    return loops ? passed % seconds : Math.min(passed, seconds);
  }

  play(piece: Piece, position: number): void {
    this.stop();
    this.#piece = piece;
    this.#rest = position;
    void this.#outputOf().context.resume();
    void this.#render(piece);
  }

  stop(): void {
    this.#rest = this.position;
    this.#turn++;
    this.#piece = undefined;
    this.#end();
  }

  /** Where to go on from next; nothing may be playing. */
  set rest(position: number) {
    this.#rest = position;
  }

  /** Renders a piece ahead of need. */
  prepare(piece: Piece): void {
    // What goes wrong is told when it is played.
    this.#bufferOf(piece, () => undefined).catch(() => undefined);
  }

  /** Changes what is heard; what plays goes on where it is. */
  set mix(mix: Mix) {
    this.#mix = mix;
    this.#turn++;
    if (this.#piece) void this.#render(this.#piece);
  }

  /** 0..1 */
  set volume(volume: number) {
    this.#volume = volume;
    // Loudness is heard in proportions: the middle of the slider is a quarter of the amplitude.
    if (this.#output) this.#output.gain.gain.value = volume ** 2;
  }

  /** Browsers let a page make sound, and say so on the console otherwise, only once the user has touched it. */
  #outputOf() {
    if (!this.#output) {
      const context = new AudioContext();
      const gain = new GainNode(context, { gain: this.#volume ** 2 });
      gain.connect(context.destination);
      this.#output = { context, gain };
    }
    return this.#output;
  }

  async #render(piece: Piece): Promise<void> {
    const turn = ++this.#turn;
    const start = (buffer: AudioBuffer, isWhole: boolean) => {
      if (turn === this.#turn) this.#start(buffer, isWhole);
    };
    try {
      start(await this.#bufferOf(piece, (opening) => start(opening, false)), true);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.stop();
      this.onFailure(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #bufferOf(piece: Piece, onOpening: (buffer: AudioBuffer) => void): Promise<AudioBuffer> {
    const { sampleRate } = this.#outputOf().context;
    const key = JSON.stringify([piece.name, this.#mix]);
    const known = this.#buffers.get(key);
    if (known) return known;
    const bufferOf = (samples: Float32Array<ArrayBuffer>) => {
      const buffer = new AudioBuffer({ length: Math.max(1, samples.length), sampleRate });
      buffer.copyToChannel(samples, 0);
      return buffer;
    };
    const made = this.#chip
      .render({ ...piece, sampleRate, ...this.#mix }, (samples) => onOpening(bufferOf(samples)))
      .then(bufferOf);
    this.#buffers.set(key, made);
    for (const oldest of [...this.#buffers.keys()].slice(0, -MAX_BUFFERS)) this.#buffers.delete(oldest);
    return made;
  }

  /** Starts a buffer where the piece is now, in place of what plays. */
  #start(buffer: AudioBuffer, isWhole: boolean): void {
    const { context, gain } = this.#outputOf();
    const { position } = this;
    if (!isWhole && (this.#playing || position >= buffer.duration)) return;
    const now = context.currentTime;
    const loops = isWhole && this.#mix.loop;
    const source = new AudioBufferSourceNode(context, { buffer, loop: loops });
    const level = new GainNode(context, { gain: this.#playing ? 0 : 1 });
    level.gain.linearRampToValueAtTime(1, now + CROSSFADE);
    source.connect(level).connect(gain);
    source.start(now, Math.min(position, buffer.duration));
    this.#end();
    this.#playing = { source, level, zero: now - position, seconds: buffer.duration, loops };
    source.addEventListener('ended', () => {
      if (this.#playing?.source !== source) return;
      this.#rest = isWhole ? 0 : buffer.duration;
      this.#playing = undefined;
      if (!isWhole) return;
      this.#piece = undefined;
      this.onEnd();
    });
  }

  #end(): void {
    if (!this.#playing || !this.#output) return;
    const { source, level } = this.#playing;
    const { currentTime } = this.#output.context;
    this.#playing = undefined;
    level.gain.setValueAtTime(1, currentTime);
    level.gain.linearRampToValueAtTime(0, currentTime + CROSSFADE);
    source.stop(currentTime + CROSSFADE);
  }
}
