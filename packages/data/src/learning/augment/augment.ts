import { VOICE_NAMES } from '@chipsmith/apu';
import type { Encoding } from '../../encodings/encoding.ts';
import { meterOfBar } from '../../encodings/grid/quantise.ts';
import { DataError } from '../../error.ts';
import { deriveSeed, Random } from '../../random.ts';
import type { Song } from '../../song.ts';
import type { Augment } from '../batches/bucket.ts';
import { changeSpeed, fitsTransposed, keepVoices, swapPulses, transpose } from './change.ts';

/** Chances and ranges of random changes to a song. They are made in this order. */
export interface Augmentation {
  /** How often only a random 1 to 3 of the four voices are kept, 0..1. */
  readonly subset: number;
  /** How often the pulses are exchanged, 0..1. */
  readonly swap: number;
  /** Semitones, drawn evenly from -n..n. */
  readonly semitones: number;
  /**
   * Notes that a transposition takes out of range: they are left out, or only such transpositions are drawn as take
   * none.
   */
  readonly outOfRange: 'drop-notes' | 'avoid';
  /** Times as fast: an even draw between two ends, or one of some values. */
  readonly speed: { readonly between: readonly [number, number] } | { readonly oneOf: readonly number[] };
}

const SAME_SPEED = { oneOf: [1] } as const;
const MAGENTA = { subset: 0, swap: 0, outOfRange: 'avoid', speed: SAME_SPEED } as const;

/** What the published tools do in training. */
export const AUGMENTATIONS = {
  lakhnes: { subset: 0.5, swap: 0.5, semitones: 6, outOfRange: 'drop-notes', speed: { between: [0.95, 1.05] } },
  polyphony: { ...MAGENTA, semitones: 4 },
  performance: { ...MAGENTA, semitones: 3, speed: { oneOf: [0.95, 0.975, 1, 1.025, 1.05] } },
  'music-vae': { ...MAGENTA, semitones: 5 },
  'note-duration': { ...MAGENTA, semitones: 6 },
} as const satisfies Readonly<Record<string, Augmentation>>;

export type AugmentationName = keyof typeof AUGMENTATIONS;
export const AUGMENTATION_NAMES = Object.keys(AUGMENTATIONS) as readonly AugmentationName[];

/** A song changed at random; the same seed makes the same changes. */
export function augmentSong(song: Song, augmentation: Augmentation, seed: number): Song {
  const random = new Random(seed);
  // Every number is drawn whether it is needed or not: switching one change off leaves the others as they are.
  const isSubset = random.nextFloat() < augmentation.subset;
  const kept = 1 + random.nextInteger(VOICE_NAMES.length - 1);
  const order = random.permutation(VOICE_NAMES.length);
  const isSwapped = random.nextFloat() < augmentation.swap;
  const pitchDraw = random.nextFloat();
  const speedDraw = random.nextFloat();

  let changed = song;
  if (isSubset)
    changed = keepVoices(
      changed,
      Array.from(order.subarray(0, kept), (voice) => VOICE_NAMES[voice]),
    );
  if (isSwapped) changed = swapPulses(changed);
  changed = transpose(changed, drawSemitones(changed, augmentation, pitchDraw));
  const speed = drawSpeed(augmentation.speed, speedDraw);
  return speed === 1 ? changed : changeSpeed(changed, speed);
}

function drawSemitones(song: Song, { semitones, outOfRange }: Augmentation, draw: number): number {
  const all = Array.from({ length: 2 * semitones + 1 }, (_, index) => index - semitones);
  const choices = outOfRange === 'avoid' ? all.filter((amount) => fitsTransposed(song, amount)) : all;
  return choices[Math.floor(draw * choices.length)] ?? 0;
}

function drawSpeed(speed: Augmentation['speed'], draw: number): number {
  if ('oneOf' in speed) return speed.oneOf[Math.floor(draw * speed.oneOf.length)];
  const [slowest, fastest] = speed.between;
  return slowest + draw * (fastest - slowest);
}

export interface AugmentedOptions {
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** Each epoch draws anew. */
  readonly epoch: number;
  /** Number of the sequence in its split. */
  readonly index: number;
  /** Events of a bar, as EncodedSequence has it. */
  readonly bar?: number | undefined;
}

/**
 * A sequence of a dataset changed at random while training runs: its song is decoded, changed and encoded again, which
 * for any encoding changes nothing but what was drawn. Which changes is a function of (seed, epoch, index) alone.
 *
 * Encodings that bring everything into C undo a transposition, and those on a tempo's grid a change of speed. A draw
 * that leaves too little for a sequence (one voice of a duet, say) gives the sequence as it was.
 *
 * @throws DataError if `events` is not a sequence of this encoding
 */
export function augmentEvents(
  encoding: Encoding,
  events: ArrayLike<number>,
  { augmentation, seed, epoch, index, bar }: AugmentedOptions,
): Uint16Array {
  if (events.length === 0) throw new DataError(`sequence ${index}`, 'has no events', 'prepare the dataset again');
  const song = encoding.decode(events, { title: 'augmented', meter: meterOfBar(bar) });
  const changed = augmentSong(song, augmentation, deriveSeed(seed, epoch, index));
  return encoding.encode(changed).sequences[0]?.events ?? Uint16Array.from(events);
}

/** The changes of a training run: `augmentEvents` with its encoding, augmentation and seed. */
export function augmenter(encoding: Encoding, augmentation: Augmentation, seed: number): Augment {
  return (events, place) => augmentEvents(encoding, events, { augmentation, seed, ...place });
}
