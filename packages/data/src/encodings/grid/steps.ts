import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { byVoice, type Song } from '../../song.ts';
import type { Encoded } from '../encoding.ts';
import { barStart, barSteps, type Grid, gridOf, quantise, type Rounding, roundToStep } from './quantise.ts';
import { splitRestruck } from './restrike.ts';
import type { Span } from './song.ts';

/** The voices whose pitch is a note. */
export const PITCHED_VOICES = ['pulse1', 'pulse2', 'triangle'] as const satisfies readonly VoiceName[];

/** Notes of the four voices in steps from the start of a sequence, at most one a step and voice, and its length. */
export interface SongSteps {
  readonly voices: Readonly<Record<VoiceName, readonly Span[]>>;
  readonly steps: number;
}

export interface StepsOptions {
  readonly stepsPerQuarter: number;
  /** The voices that count; all if left out. */
  readonly voices?: readonly VoiceName[];
  /** A rise of the volume by this much (of 15) on the grid strikes a pitched note again. */
  readonly restrikeRise?: number | undefined;
  /** `ends` if left out. */
  readonly rounding?: Rounding;
  /** Keeps whole bars of silence at the start of the song, and silence at its end. */
  readonly keepSilence?: boolean;
}

/** A song on the grid of its tempo, from the bar of its first note to the end of its last. */
export function songSteps(song: Song, options: StepsOptions): SongSteps {
  const { stepsPerQuarter, voices = VOICE_NAMES, keepSilence = false } = options;
  const grid = gridOf(song, stepsPerQuarter);
  const quantised = quantiseVoices(song, grid, { ...options, voices });
  const firsts = voices.flatMap((voice) => quantised[voice].slice(0, 1).map(({ start }) => start));
  if (firsts.length === 0) return { voices: quantised, steps: 0 };
  const firstBar = barStart(Math.min(...firsts), song.meter, 4 * stepsPerQuarter);
  const bar = barSteps(song.meter, 4 * stepsPerQuarter);
  const silentBars = keepSilence ? Math.max(0, Math.floor((firstBar - roundToStep(grid.position(0))) / bar)) : 0;
  const origin = firstBar - silentBars * bar;
  const moved = (voice: VoiceName) =>
    quantised[voice].map((span) => ({ ...span, start: span.start - origin, end: span.end - origin }));
  const onGrid = byVoice(moved);
  const end = keepSilence ? roundToStep(grid.position(song.duration)) - origin : 0;
  return { voices: onGrid, steps: Math.max(end, lastStep(onGrid)) };
}

/** The voices that count, on a grid; the others are empty. */
export function quantiseVoices(
  song: Song,
  grid: Grid,
  { voices = VOICE_NAMES, restrikeRise, rounding }: Pick<StepsOptions, 'voices' | 'restrikeRise' | 'rounding'>,
): Record<VoiceName, Span[]> {
  return byVoice((voice) => {
    if (!voices.includes(voice)) return [];
    const struck = splitRestruck(song.voices[voice], grid, voice === 'noise' ? undefined : restrikeRise);
    return quantise(struck, grid, rounding).map(({ start, end, pitch, volume }) => ({ start, end, pitch, volume }));
  });
}

/** The end of the last note. */
export function lastStep(voices: Readonly<Record<VoiceName, readonly Span[]>>): number {
  return Math.max(0, ...VOICE_NAMES.map((voice) => voices[voice].at(-1)?.end ?? 0));
}

/** What an encoding that has no noise says of a song's noise. */
export function droppedNoise(song: Song): Encoded['dropped'] {
  return song.voices.noise.length > 0 ? [{ voice: 'noise', reason: 'the encoding has no noise' }] : [];
}

/** An encoding that has no noise makes nothing of a song: its pitched voices for one reason, its noise for that. */
export function droppedPitched(song: Song, reason: string): Encoded {
  return { sequences: [], dropped: [...droppedAll(song, reason).dropped, ...droppedNoise(song)] };
}

/** Every sounding voice among `voices` is dropped for one reason. */
export function droppedAll(song: Song, reason: string, voices: readonly VoiceName[] = PITCHED_VOICES): Encoded {
  const sounding = voices.filter((voice) => song.voices[voice].length > 0);
  return { sequences: [], dropped: sounding.map((voice) => ({ voice, reason })) };
}
