import type { Note } from '@chipsmith/apu';
import { foldInto, pitchName } from '../../pitch.ts';
import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, Encoding } from '../encoding.ts';
import { gridOf } from '../grid/quantise.ts';
import { type Span, songOnGrid } from '../grid/song.ts';
import { droppedNoise, droppedPitched, PITCHED_VOICES, songSteps } from '../grid/steps.ts';
import { dealVoices } from '../grid/voices.ts';
import { STEPS_PER_BAR } from '../melody/extract.ts';
import { semitonesToC } from '../pianoroll/key.ts';

const NAME = 'note-vectors';
/** 36..84, 49 pitches. */
const LOWEST = 36;
const HIGHEST = 84;
const PITCHES = HIGHEST - LOWEST + 1;
/** Steps since the note before, 0..64: longer rests are shortened to four bars. */
const LONGEST_STEP = 4 * STEPS_PER_BAR;
/** Durations of 1..16 steps: longer notes end after a bar. */
const LONGEST_NOTE = STEPS_PER_BAR;
/** Steps s: STEP + s; duration d: DURATION + d - 1. */
const STEP = PITCHES;
const DURATION = STEP + LONGEST_STEP + 1;
const CLASSES = DURATION + LONGEST_NOTE;
/** Notes that start farther than this from the grid, in steps, are left out. */
const NEARNESS = 0.2;
const MIN_NOTES = 8;

/**
 * Notes as vectors of pitch, step and duration, as in the pretty_midi rolls of VGM-RNN (one LSTM, 2018): 4 steps a
 * quarter, pitches 36..84, durations of 1..16 steps, in C, all pitched voices together; notes that start more than 0.2
 * steps off the grid are left out. Written as three events a note: 0..48 the pitch, 49..113 the steps since the note
 * before, 114..129 the duration; 130 classes. noteVectorsOf makes rows of three numbers of them, durationRollOf the
 * matrix of VGM-RNN.
 *
 * Starts and durations are rounded to steps, the key is found from the notes, and pitches out of range move in by
 * octaves. (Departures from VGM-RNN: the table in the package's README.)
 */
export const noteVectorsEncoding: Encoding = {
  name: NAME,
  version: 3,
  classes: CLASSES,
  // Eight notes.
  stepsPerBar: 24,
  voices: PITCHED_VOICES,
  inC: true,
  encode,
  encodePitches(pitches) {
    for (const pitch of pitches) refusePitch(NAME, pitch, LOWEST, HIGHEST);
    return pitches.flatMap((pitch, index) => [pitch - LOWEST, STEP + (index === 0 ? 0 : 2), DURATION + 1]);
  },
  decode,
  allowedAfter: (previous) => GRAMMAR[previous === undefined ? 2 : partOf(previous)],
  barsOf: (event) => (partOf(event) === 1 ? (event - STEP) / STEPS_PER_BAR : 0),
  pitchesOf: (event) => (partOf(event) === 0 ? [event + LOWEST] : []),
  describe(event) {
    refuseClass(NAME, event, 0, CLASSES);
    if (event < STEP) return `pitch ${pitchName(event + LOWEST)}`;
    return event < DURATION ? `step ${event - STEP}` : `duration ${event - DURATION + 1}`;
  },
};

/** Shape of the roll of VGM-RNN: 49 pitches, durations of up to 16 steps, bars of 16. */
export const DURATION_ROLL_SHAPE = { pitches: PITCHES, longest: LONGEST_NOTE, stepsPerBar: STEPS_PER_BAR } as const;

/** Rows of (MIDI pitch, steps since the note before, duration in steps), (notes, 3). An unfinished note is left out. */
export function noteVectorsOf(events: ArrayLike<number>): Float32Array {
  return Float32Array.from(rowsOf(events).flat());
}

/** The roll of VGM-RNN, (steps, 49): at the start of a note its duration in steps, else 0. */
export function durationRollOf(events: ArrayLike<number>): Float32Array {
  const spans = spansOf(events);
  const steps = spans.reduce((last, { end }) => Math.max(last, end), 0);
  const roll = new Float32Array(steps * PITCHES);
  for (const { start, end, pitch } of spans) roll[start * PITCHES + pitch - LOWEST] = end - start;
  return roll;
}

/**
 * The events of such a roll, as a model gives it. What is not a whole number of 1..16 steps is rounded into that range.
 *
 * @param roll (steps, 49): at the start of a note its duration in steps, 0 where none starts
 */
export function durationEventsOf(roll: ArrayLike<number>): Uint16Array {
  const spans: Span[] = [];
  for (let cell = 0; cell < roll.length; cell++) {
    if (roll[cell] === 0) continue;
    const start = Math.floor(cell / PITCHES);
    const duration = Math.min(LONGEST_NOTE, Math.max(1, Math.round(roll[cell])));
    spans.push({ start, end: start + duration, pitch: LOWEST + (cell % PITCHES) });
  }
  return eventsOf(spans);
}

function partOf(event: number): 0 | 1 | 2 {
  if (event < STEP) return 0;
  return event < DURATION ? 1 : 2;
}

/** Entry n: what may follow an event of part n, which is whatever belongs to the next part. */
const GRAMMAR: readonly (readonly boolean[])[] = [0, 1, 2].map((part) =>
  Array.from({ length: CLASSES }, (_, next) => partOf(next) === (part + 1) % 3),
);

function encode(song: Song): Encoded {
  const grid = gridOf(song);
  const isNear = ({ start }: Note) => Math.abs(grid.position(start) - Math.round(grid.position(start))) <= NEARNESS;
  const { pulse1, pulse2, triangle } = song.voices;
  const near = {
    pulse1: pulse1.filter(isNear),
    pulse2: pulse2.filter(isNear),
    triangle: triangle.filter(isNear),
    noise: [],
  };
  const { voices } = songSteps(
    { ...song, voices: near },
    { stepsPerQuarter: 4, voices: PITCHED_VOICES, rounding: 'lengths' },
  );
  const notes = PITCHED_VOICES.flatMap((voice) => voices[voice]);
  const shift = semitonesToC(notes);
  const longest = new Map<string, Span>();
  for (const { start, end, pitch } of notes) {
    const moved = foldInto(pitch + shift, LOWEST, HIGHEST);
    const note = { start, end: Math.min(end, start + LONGEST_NOTE), pitch: moved };
    const key = `${start} ${moved}`;
    if (note.end > (longest.get(key)?.end ?? 0)) longest.set(key, note);
  }
  if (longest.size < MIN_NOTES) return droppedPitched(song, `fewer than ${MIN_NOTES} notes on the grid`);
  const sequence = { voice: 'all', events: eventsOf([...longest.values()]), transposition: shift } as const;
  return { sequences: [sequence], dropped: droppedNoise(song) };
}

/** Three events a note, in the order of starts, of notes together the highest first. */
function eventsOf(spans: readonly Span[]): Uint16Array {
  const sorted = spans.toSorted((a, b) => a.start - b.start || b.pitch - a.pitch);
  const events = sorted.flatMap(({ start, end, pitch }, index) => {
    const step = Math.min(LONGEST_STEP, start - (sorted[index - 1]?.start ?? 0));
    return [pitch - LOWEST, STEP + step, DURATION + end - start - 1];
  });
  return Uint16Array.from(events);
}

function decode(events: ArrayLike<number>, options: DecodeOptions): Song {
  for (let index = 0; index < events.length; index++) refuseClass(NAME, events[index], index, CLASSES);
  const spans = spansOf(events);
  const steps = spans.reduce((last, { end }) => Math.max(last, end), 0);
  return songOnGrid({ voices: dealVoices(spans), steps }, options);
}

function spansOf(events: ArrayLike<number>): Span[] {
  let start = 0;
  return rowsOf(events).map(([pitch, step, duration]) => {
    start += step;
    return { start, end: start + duration, pitch };
  });
}

/** The numbers of each whole note: pitch, step and duration in this order; other events are left out. */
function rowsOf(events: ArrayLike<number>): (readonly [pitch: number, step: number, duration: number])[] {
  const rows: [number, number, number][] = [];
  for (let index = 0; index + 2 < events.length; index++) {
    const [pitch, step, duration] = [events[index], events[index + 1], events[index + 2]];
    if (partOf(pitch) !== 0 || partOf(step) !== 1 || partOf(duration) !== 2) continue;
    rows.push([pitch + LOWEST, step - STEP, duration - DURATION + 1]);
  }
  return rows;
}
