import { type Change, type Note, TICKS_PER_SECOND, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { foldInto } from '../../pitch.ts';
import type { Song, Tempo } from '../../song.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';
import { ticksPerQuarter } from '../../timing/tempo-map.ts';
import type { DecodeOptions } from '../encoding.ts';

/** A note between two steps of a grid. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  /** Constant volume 0..15; where it is left out the voice's own envelope is played. */
  readonly volume?: number;
}

/** What a decoded song consists of. */
export interface SongParts {
  /** Notes of each voice, sorted, without overlap; pitches outside the voice's range move into it by octaves. */
  readonly voices: Partial<Record<VoiceName, readonly Span[]>>;
  /** Length of the song in steps. */
  readonly steps: number;
}

/** A quarter note at 120 bpm has so many ticks: half a second. */
const TICKS_AT_120 = TICKS_PER_SECOND / 2;

/**
 * A song of notes on a grid, whose bars begin at its first tick.
 *
 * @param stepsPerQuarter of the grid; `absolute` grids have their steps at 120 bpm whatever the tempo is
 */
export function songOnGrid(
  { voices, steps }: SongParts,
  { title, beatsPerMinute = 120, meter = { beats: 4, unit: 4 }, transposition = 0 }: DecodeOptions,
  stepsPerQuarter = 4,
  clock: 'tempo' | 'absolute' = 'tempo',
): Song {
  const tempo: Tempo = { beatsPerMinute, firstBeat: 0, origin: 'given', confidence: 1 };
  const quarter = clock === 'absolute' ? TICKS_AT_120 : ticksPerQuarter(beatsPerMinute);
  const timeOf = (step: number) => Math.round((step * quarter) / stepsPerQuarter);
  const notesOf = (voice: VoiceName): Note[] =>
    (voices[voice] ?? []).map(({ start, end, pitch, ...sound }) => {
      const moved = voice === 'noise' ? pitch : pitch - transposition;
      return noteOf(voice, timeOf(start), timeOf(end), { pitch: moved, ...sound });
    });
  return {
    title,
    voices: {
      pulse1: notesOf('pulse1'),
      pulse2: notesOf('pulse2'),
      triangle: notesOf('triangle'),
      noise: notesOf('noise'),
    },
    duration: timeOf(steps),
    tempo,
    meter: { ...meter, origin: 'given' },
  };
}

/**
 * Frames after the start of a note, and the volume from there: a struck sound that settles, as most NES leads have it.
 */
const LEAD_ENVELOPE = [
  [0, 13],
  [3, 11],
  [8, 9],
  [20, 8],
] as const;
/** The same, one step softer. */
const HARMONY_ENVELOPE = [
  [0, 10],
  [3, 8],
  [8, 6],
] as const;
/** A drum: struck, and gone in six frames. */
const HIT_ENVELOPE = [
  [0, 12],
  [2, 8],
  [4, 4],
  [6, 0],
] as const;
const STEADY = [[0, 15]] as const;

/**
 * How decoded notes sound. Duty: 50 % is the fullest, 25 % keeps the second pulse apart by ear, 0 is the only other.
 */
const SOUNDS: Readonly<Record<VoiceName, { envelope: readonly (readonly [number, number])[]; duty: number }>> = {
  pulse1: { envelope: LEAD_ENVELOPE, duty: 2 },
  pulse2: { envelope: HARMONY_ENVELOPE, duty: 1 },
  triangle: { envelope: STEADY, duty: 0 },
  noise: { envelope: HIT_ENVELOPE, duty: 0 },
};

function noteOf(voice: VoiceName, start: number, end: number, { pitch, volume }: Pick<Span, 'pitch' | 'volume'>): Note {
  const { envelope, duty } = SOUNDS[voice];
  const curve = volume === undefined || voice === 'triangle' ? envelope : [[0, volume] as const];
  const changes: Change[] = curve.map(([frame, value]) => ({ time: start + Math.round(frame * FRAME_TICKS), value }));
  return {
    start,
    end,
    pitch: foldInto(pitch, VOICE_RANGES[voice].lowestPitch, VOICE_RANGES[voice].highestPitch),
    volume: changes.filter(({ time }) => time < end),
    duty: [{ time: start, value: duty }],
  };
}
