import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { pitchName } from '../../pitch.ts';
import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, Encoding } from '../encoding.ts';
import type { Grid } from '../grid/quantise.ts';
import { type Span, songOnGrid } from '../grid/song.ts';
import { droppedNoise, droppedPitched, PITCHED_VOICES, quantiseVoices } from '../grid/steps.ts';
import { dealVoices } from '../grid/voices.ts';

const PITCHES = 128;
/** Steps of 10 ms. */
const STEPS_PER_SECOND = 100;
/** The longest TIME_SHIFT, one second. */
const LONGEST_SHIFT = 100;
const TYPICAL_TEMPO = 120;
/** Of 4/4 at that tempo: 200. */
const STEPS_PER_BAR = (4 * 60 * STEPS_PER_SECOND) / TYPICAL_TEMPO;
const VELOCITY_BINS = 32;
/** MIDI velocities 1..127 in a bin. */
const BIN_SIZE = Math.ceil(127 / VELOCITY_BINS);

const NOTE_ON = 0;
const NOTE_OFF = NOTE_ON + PITCHES;
/** A shift by n steps: TIME_SHIFT + n - 1. */
const TIME_SHIFT = NOTE_OFF + PITCHES;
/** Bin b, 1..32: VELOCITY + b - 1. */
const VELOCITY = TIME_SHIFT + LONGEST_SHIFT;

/** Magenta's fewest events. Its most, 512, is no limit here: training takes windows of any length. */
const SHORTEST = 32;

/**
 * The encoding of Magenta's Performance RNN: one sequence of all pitched voices in steps of 10 ms, whatever the tempo.
 * 356 classes (0..127 note on, 128..255 note off, 256..355 time shift of 1..100 steps); with velocity 388 (356..387
 * velocity bins 1..32, in force until the next). The noise takes no part; what sounds at volume 0 is not a note.
 *
 * Within a step notes come by pitch, and the end of one that started earlier before the start of one that did not.
 * Where two voices hold one pitch the first note-off ends the note that started first. It forgets voices and duty, and
 * volume without velocity; decoding deals the notes to the voices anew (dealVoices), and plays what is never ended to
 * the end. (Departures from Performance RNN: the table in the package's README.)
 */
function createPerformanceEncoding(name: string, withVelocity: boolean): Encoding {
  const classes = withVelocity ? VELOCITY + VELOCITY_BINS : VELOCITY;
  const grammar = createGrammar(classes);
  return {
    name,
    version: 2,
    classes,
    // Eight notes a bar: on, off and the times between.
    stepsPerBar: 32,
    voices: PITCHED_VOICES,
    encode: (song) => encode(song, withVelocity),
    encodePitches(pitches) {
      for (const pitch of pitches) refusePitch(name, pitch, 0, PITCHES - 1);
      // A quarter of a second each, an eighth note at 120 bpm.
      return pitches.flatMap((pitch) => [NOTE_ON + pitch, TIME_SHIFT + 24, NOTE_OFF + pitch]);
    },
    decode: (events, options) => decode(events, options, name, classes),
    allowedAfter: (previous) => grammar[previous ?? classes],
    typicalTempo: TYPICAL_TEMPO,
    barsOf(event) {
      const isShift = event >= TIME_SHIFT && event < VELOCITY;
      return isShift ? (event - TIME_SHIFT + 1) / STEPS_PER_BAR : 0;
    },
    pitchesOf: (event) => (event < NOTE_OFF ? [event - NOTE_ON] : []),
    describe(event) {
      refuseClass(name, event, 0, classes);
      if (event < NOTE_OFF) return `note ${pitchName(event)} on`;
      if (event < TIME_SHIFT) return `note ${pitchName(event - NOTE_OFF)} off`;
      return event < VELOCITY ? `wait ${event - TIME_SHIFT + 1}0 ms` : `velocity ${event - VELOCITY + 1}`;
    },
  };
}

/** 356 classes. */
export const performanceEncoding: Encoding = createPerformanceEncoding('performance', false);
/** 388 classes. */
export const performanceVelocityEncoding: Encoding = createPerformanceEncoding('performance-velocity', true);

const STEP_TICKS = TICKS_PER_SECOND / STEPS_PER_SECOND;
const CLOCK: Grid = { position: (time) => time / STEP_TICKS };

function encode(song: Song, withVelocity: boolean): Encoded {
  const voices = quantiseVoices(song, CLOCK, { voices: PITCHED_VOICES });
  const audible = PITCHED_VOICES.flatMap((voice) => voices[voice].filter(({ volume }) => volume !== 0));
  const events = eventsOf(pairInOrder(audible), withVelocity);
  if (events.length < SHORTEST) return droppedPitched(song, `fewer than ${SHORTEST} events`);
  return { sequences: [{ voice: 'all', events: Uint16Array.from(events) }], dropped: droppedNoise(song) };
}

/** Notes as a reader of note-ons and note-offs hears them: on each pitch the first end belongs to the first start. */
function pairInOrder(notes: readonly Span[]): Span[] {
  const ofPitch = new Map<number, Span[]>();
  for (const note of notes) ofPitch.set(note.pitch, [...(ofPitch.get(note.pitch) ?? []), note]);
  const paired = [...ofPitch.values()].flatMap((same) => {
    const ends = same.map(({ end }) => end).sort((a, b) => a - b);
    const started = same.toSorted((a, b) => a.start - b.start || volumeOf(a) - volumeOf(b));
    return started.map((note, index) => ({ ...note, end: ends[index] }));
  });
  return paired.sort((a, b) => a.start - b.start || a.pitch - b.pitch);
}

function eventsOf(notes: readonly Span[], withVelocity: boolean): number[] {
  const moments = notes
    .flatMap((note, index) => [
      { step: note.start, index, event: NOTE_ON + note.pitch, volume: volumeOf(note) },
      { step: note.end, index, event: NOTE_OFF + note.pitch, volume: undefined },
    ])
    .sort((a, b) => a.step - b.step || a.index - b.index);
  const events: number[] = [];
  let now = 0;
  let velocity = 0;
  for (const { step, event, volume } of moments) {
    for (; now < step; now += Math.min(LONGEST_SHIFT, step - now)) {
      events.push(TIME_SHIFT + Math.min(LONGEST_SHIFT, step - now) - 1);
    }
    const bin = volume === undefined ? velocity : binOf(volume);
    if (withVelocity && bin !== velocity) events.push(VELOCITY + bin - 1);
    velocity = bin;
    events.push(event);
  }
  return events;
}

const volumeOf = ({ volume = 0 }: Span): number => volume;

/** The bin 1..32 of a volume 1..15 taken as MIDI velocity, 15 = 127. */
function binOf(volume: number): number {
  return 1 + Math.floor((Math.round((volume * 127) / 15) - 1) / BIN_SIZE);
}

/** The volume 1..15 of the lowest velocity of a bin: each volume comes back as itself. */
function volumeOfBin(bin: number): number {
  return Math.max(1, Math.round(((1 + (bin - 1) * BIN_SIZE) * 15) / 127));
}

function decode(events: ArrayLike<number>, options: DecodeOptions, name: string, classes: number): Song {
  const spans: Span[] = [];
  const sounding = new Map<number, Omit<Span, 'end'>[]>();
  let step = 0;
  let volume: number | undefined;
  const end = (note: Omit<Span, 'end'> | undefined): void => {
    // A note-off without a note, or at its very start, is ignored.
    if (note && note.start < step) spans.push({ ...note, end: step });
  };
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    refuseClass(name, event, index, classes);
    if (event < NOTE_OFF) {
      const note = { start: step, pitch: event, ...(volume === undefined ? {} : { volume }) };
      sounding.set(event, [...(sounding.get(event) ?? []), note]);
    } else if (event < TIME_SHIFT) {
      end(sounding.get(event - NOTE_OFF)?.shift());
    } else if (event < VELOCITY) {
      step += event - TIME_SHIFT + 1;
    } else {
      volume = volumeOfBin(event - VELOCITY + 1);
    }
  }
  for (const notes of sounding.values()) notes.forEach(end);
  spans.sort((a, b) => a.start - b.start || a.pitch - b.pitch);
  const voices = dealVoices(spans, { sharedEnds: true });
  return songOnGrid({ voices, steps: step }, options, STEPS_PER_SECOND / 2, 'absolute');
}

/**
 * Entry n: what may follow event n; entry `classes`: what may come first, which is not a note-off. After a velocity
 * comes the note that it is for.
 */
function createGrammar(classes: number): readonly (readonly boolean[])[] {
  return Array.from({ length: classes + 1 }, (_, previous) =>
    Array.from({ length: classes }, (_, next) => {
      if (previous === classes) return next < NOTE_OFF || next >= TIME_SHIFT;
      return previous < VELOCITY || next < NOTE_OFF;
    }),
  );
}
