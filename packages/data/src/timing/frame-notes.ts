import type { Change, Note } from '@chipsmith/apu';

/** What a voice plays during one frame. */
export interface FrameSound {
  readonly pitch: number;
  readonly volume: number;
  readonly duty: number;
}

/**
 * Notes of one voice from what it plays frame by frame: equal pitches in a row are one note with curves of volume and
 * duty.
 */
export class FrameNotes {
  readonly notes: Note[] = [];
  readonly #timeOf: (frame: number) => number;
  #open: { start: number; pitch: number; volume: Change[]; duty: Change[] } | undefined;

  /** `timeOf`: ticks at which a frame begins, rising strictly. */
  constructor(timeOf: (frame: number) => number) {
    this.#timeOf = timeOf;
  }

  /** Frames come in order. `attack`: a note begins here even if its pitch is that of the frame before. */
  add(frame: number, sound: FrameSound | undefined, attack = false): void {
    if (this.#open && (attack || sound?.pitch !== this.#open.pitch)) this.end(frame);
    if (!sound) return;
    const time = this.#timeOf(frame);
    this.#open ??= { start: time, pitch: sound.pitch, volume: [], duty: [] };
    note(this.#open.volume, time, sound.volume);
    note(this.#open.duty, time, sound.duty);
  }

  /** The volume at the frame before, 0 if nothing sounds. */
  get volume(): number {
    return this.#open?.volume.at(-1)?.value ?? 0;
  }

  /** Ends the note that sounds, if one does, where `frame` begins, at the latest at tick `limit`. */
  end(frame: number, limit = Number.POSITIVE_INFINITY): void {
    if (!this.#open) return;
    const last = Math.max(...[this.#open.volume, this.#open.duty].map((changes) => changes.at(-1)?.time ?? 0));
    this.notes.push({ ...this.#open, end: Math.max(last + 1, Math.min(limit, this.#timeOf(frame))) });
    this.#open = undefined;
  }
}

/** Adds a value unless it holds already. */
function note(changes: Change[], time: number, value: number): void {
  if (changes.at(-1)?.value !== value) changes.push({ time, value });
}
