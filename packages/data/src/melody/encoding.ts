import type { Change, Note, VoiceName } from '@chipsmith/apu';
import type { Encoded, Encoding } from '../encoding.ts';
import { DataError } from '../error.ts';
import type { Song, Tempo } from '../song.ts';
import { FRAME_TICKS } from '../timing/latch.ts';
import { stepTicks } from '../timing/tempo.ts';
import { CLASSES, classOf, eventOf, MAX_NOTE, MIN_NOTE, NO_EVENT, NOTE_OFF } from './alphabet.ts';
import { type ExtractionRules, extractMelodies, MAGENTA_RULES, NES_RULES, STEPS_PER_BAR } from './extract.ts';
import { squash } from './squash.ts';

const MELODIC_VOICES: readonly VoiceName[] = ['pulse1', 'pulse2', 'triangle'];

/**
 * The melody encoding of Magenta's Basic RNN: 38 classes (0 no event, 1 note-off, 2..37 the pitches 48..83), one event a
 * 16th note, everything transposed to C. Each pitched voice gives melodies of its own; the noise has no pitch and takes no part.
 *
 * @param rules when a voice counts; NES_RULES if left out
 */
export function createMelodyEncoding(rules: ExtractionRules = NES_RULES): Encoding {
  return {
    name: 'melody',
    version: 1,
    classes: CLASSES,
    stepsPerBar: STEPS_PER_BAR,
    encode: (song) => encodeMelodies(song, rules),
    encodePitches,
    decode: decodeMelody,
    allowedAfter,
    describe,
    naive: {
      description: "Magenta's rules at a fixed 120 bpm, without frames",
      encode: (song) => encodeMelodies({ ...song, ...NAIVE_TIMING }, MAGENTA_RULES),
    },
  };
}

/** The melody encoding with the rules for NES music. */
export const melodyEncoding: Encoding = createMelodyEncoding();

/** What a reader without tempo estimation believes of a register log. */
const NAIVE_TIMING: Pick<Song, 'tempo' | 'meter'> = {
  tempo: { beatsPerMinute: 120, firstBeat: 0, origin: 'assumed', confidence: 0 },
  meter: { beats: 4, unit: 4, origin: 'assumed' },
};

function encodeMelodies(song: Song, rules: ExtractionRules): Encoded {
  const sequences = [];
  const dropped = [];
  for (const voice of MELODIC_VOICES) {
    if (song.voices[voice].length === 0) continue;
    const { melodies, reason } = extractMelodies(song.voices[voice], song, rules);
    for (const melody of melodies) sequences.push({ voice, events: Uint16Array.from(squash(melody), classOf) });
    if (reason) dropped.push({ voice, reason });
  }
  return { sequences, dropped };
}

function encodePitches(pitches: readonly number[]): number[] {
  const strange = pitches.find((pitch) => !Number.isInteger(pitch) || pitch < MIN_NOTE || pitch >= MAX_NOTE);
  if (strange !== undefined) {
    throw new DataError(
      `pitch ${strange}`,
      'the melody encoding has none like it',
      `use ${MIN_NOTE} to ${MAX_NOTE - 1}`,
    );
  }
  return pitches.map(classOf);
}

function decodeMelody(events: ArrayLike<number>, options: { title: string; beatsPerMinute?: number }): Song {
  const tempo: Tempo = { beatsPerMinute: options.beatsPerMinute ?? 120, firstBeat: 0, origin: 'given', confidence: 1 };
  const ticks = stepTicks(tempo);
  const timeOf = (step: number) => Math.round(step * ticks);
  const notes: Note[] = [];
  let open: { start: number; pitch: number } | undefined;
  const close = (step: number): void => {
    if (open) notes.push(leadNote(timeOf(open.start), timeOf(step), open.pitch));
    open = undefined;
  };
  for (let step = 0; step < events.length; step++) {
    const event = melodyEvent(events[step], step);
    if (event === NO_EVENT) continue;
    close(step);
    if (event !== NOTE_OFF) open = { start: step, pitch: event };
  }
  close(events.length);
  return {
    title: options.title,
    voices: { pulse1: notes, pulse2: [], triangle: [], noise: [] },
    duration: timeOf(events.length),
    tempo,
    meter: { beats: 4, unit: 4, origin: 'given' },
  };
}

function melodyEvent(classIndex: number, step: number): number {
  if (!Number.isInteger(classIndex) || classIndex < 0 || classIndex >= CLASSES) {
    throw new DataError(`event ${step}`, `${classIndex} is no melody class (0..${CLASSES - 1})`, 'use a melody model');
  }
  return eventOf(classIndex);
}

/** Frames after the start of a note, and the volume from there: a struck sound that settles, as most NES leads have it. */
const LEAD_ENVELOPE = [
  [0, 13],
  [3, 11],
  [8, 9],
  [20, 8],
] as const;
/** 50 %: the square wave, the fullest of the duties. */
const LEAD_DUTY = 2;

function leadNote(start: number, end: number, pitch: number): Note {
  const volume: Change[] = LEAD_ENVELOPE.map(([frame, value]) => ({
    time: start + Math.round(frame * FRAME_TICKS),
    value,
  }));
  return {
    start,
    end,
    pitch,
    volume: volume.filter(({ time }) => time < end),
    duty: [{ time: start, value: LEAD_DUTY }],
  };
}

const NOTE_OFF_CLASS = classOf(NOTE_OFF);
const anything: readonly boolean[] = new Array<boolean>(CLASSES).fill(true);
const anythingButOff: readonly boolean[] = anything.map((_, index) => index !== NOTE_OFF_CLASS);

/** A note-off needs a note: it comes neither first nor straight after another. */
function allowedAfter(previous: number | undefined): readonly boolean[] {
  return previous === undefined || previous === NOTE_OFF_CLASS ? anythingButOff : anything;
}

const PITCH_NAMES = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'];

function describe(classIndex: number): string {
  const event = melodyEvent(classIndex, 0);
  if (event === NO_EVENT) return 'no event';
  if (event === NOTE_OFF) return 'note off';
  return `note ${PITCH_NAMES[event % 12]}${Math.floor(event / 12) - 1}`;
}
