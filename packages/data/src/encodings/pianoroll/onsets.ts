import { foldInto, pitchName } from '../../pitch.ts';
import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, Encoding } from '../encoding.ts';
import { gridOf } from '../grid/quantise.ts';
import { type Span, songOnGrid } from '../grid/song.ts';
import { droppedNoise, PITCHED_VOICES, quantiseVoices } from '../grid/steps.ts';
import { dealVoices } from '../grid/voices.ts';
import { bitmapOf, eventsOfBitmap, FIRST_CELL, STEP_END } from './cells.ts';
import { semitonesToC } from './key.ts';

const NAME = 'onset-bitmap';
/** The piano's pitches 21..108. */
const LOWEST = 21;
const HIGHEST = 108;
const CELLS = HIGHEST - LOWEST + 1;
const CLASSES = FIRST_CELL + CELLS;
const STEPS_PER_QUARTER = 12;
const STEPS_PER_BAR = 4 * STEPS_PER_QUARTER;
const STEPS = 16 * STEPS_PER_BAR;
/** The lowest pitch that any voice can play: below, notes move up by octaves. */
const LOWEST_PLAYABLE = 33;
/** A decoded note lasts to the next onset, but no longer than a quarter. */
const LONGEST_NOTE = STEPS_PER_QUARTER;

/** Shape of a song for the bitmap autoencoder: 16 bars of 48 steps of 88 pitches. */
export const ONSET_BITMAP_SHAPE = { steps: STEPS, pitches: CELLS, stepsPerBar: STEPS_PER_BAR } as const;

/**
 * The bitmap of rotifyld's autoencoder: where notes start, no durations, 16 bars x 48 steps x 88 pitches (21..108), in
 * C, from the first note on, cut after 16 bars. All pitched voices in one. Written as events (see cells.ts), 89
 * classes.
 *
 * The key is found from the notes, and pitches below 33, which only the triangle can play, move up by octaves.
 * (Departures from the original: the table in the package's README.)
 */
export const onsetBitmapEncoding: Encoding = {
  name: NAME,
  version: 1,
  classes: CLASSES,
  // 48 STEP_ENDs and eight notes.
  stepsPerBar: STEPS_PER_BAR + 8,
  voices: PITCHED_VOICES,
  inC: true,
  encode,
  encodePitches(pitches) {
    for (const pitch of pitches) refusePitch(NAME, pitch, LOWEST_PLAYABLE, HIGHEST);
    return pitches.flatMap((pitch) => [FIRST_CELL + pitch - LOWEST, STEP_END]);
  },
  decode,
  allowedAfter: (previous) => GRAMMAR[previous ?? CLASSES],
  barsOf: (event) => (event === STEP_END ? 1 / STEPS_PER_BAR : 0),
  pitchesOf: (event) => (event === STEP_END ? [] : [event - FIRST_CELL + LOWEST]),
  describe(event) {
    refuseClass(NAME, event, 0, CLASSES);
    return event === STEP_END ? 'end of step' : `note ${pitchName(event - FIRST_CELL + LOWEST)}`;
  },
};

/** The bitmap of a sequence, (768, 88), empty beyond its end. */
export function onsetBitmapOf(events: ArrayLike<number>): Float32Array {
  const bitmap = new Float32Array(STEPS * CELLS);
  bitmap.set(bitmapOf(events, CELLS).subarray(0, bitmap.length));
  return bitmap;
}

/** The events of a bitmap (768, 88), as a model gives it: a note where `threshold` is reached. */
export function onsetEventsOf(bitmap: Float32Array, threshold: number): Uint16Array {
  return eventsOfBitmap(bitmap, CELLS, threshold);
}

function encode(song: Song): Encoded {
  const voices = quantiseVoices(song, gridOf(song, STEPS_PER_QUARTER), { voices: PITCHED_VOICES });
  const notes = PITCHED_VOICES.flatMap((voice) => voices[voice]);
  if (notes.length === 0) return { sequences: [], dropped: droppedNoise(song) };
  const first = Math.min(...notes.map(({ start }) => start));
  const onsets = notes
    .map(({ start, pitch }) => ({ start: start - first, pitch }))
    .filter(({ start }) => start < STEPS);
  const shift = semitonesToC(onsets);
  const steps = 1 + Math.max(...onsets.map(({ start }) => start));
  const bitmap = new Float32Array(steps * CELLS);
  for (const { start, pitch } of onsets) {
    bitmap[start * CELLS + foldInto(pitch + shift, LOWEST_PLAYABLE, HIGHEST) - LOWEST] = 1;
  }
  const events = eventsOfBitmap(bitmap, CELLS, 1);
  return { sequences: [{ voice: 'all', events, transposition: shift }], dropped: droppedNoise(song) };
}

function decode(events: ArrayLike<number>, options: DecodeOptions): Song {
  const onsets: { start: number; pitch: number }[] = [];
  let step = 0;
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    refuseClass(NAME, event, index, CLASSES);
    if (event === STEP_END) step++;
    else onsets.push({ start: step, pitch: event - FIRST_CELL + LOWEST });
  }
  const starts = [...new Set(onsets.map(({ start }) => start))];
  const ends = new Map(
    starts.map((start, index) => [
      start,
      Math.min(start + LONGEST_NOTE, starts[index + 1] ?? Number.POSITIVE_INFINITY),
    ]),
  );
  // Of more than three notes together the highest are heard.
  const spans: Span[] = onsets
    .map((onset) => ({ ...onset, end: ends.get(onset.start) ?? onset.start + 1 }))
    .sort((a, b) => a.start - b.start || b.pitch - a.pitch);
  const last = spans.at(-1)?.end ?? 0;
  return songOnGrid({ voices: dealVoices(spans), steps: Math.max(step, last) }, options, STEPS_PER_QUARTER);
}

/**
 * Entry n: what may follow event n; entry CLASSES: what may come first. Pitches rise within a step. Encoded songs begin
 * with a note; what is decoded may begin with rests.
 */
const GRAMMAR: readonly (readonly boolean[])[] = Array.from({ length: CLASSES + 1 }, (_, previous) =>
  Array.from({ length: CLASSES }, (_, next) => {
    if (previous === CLASSES) return true;
    return next === STEP_END || next > previous;
  }),
);
