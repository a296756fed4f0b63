import type { Meter, Song, Tempo } from '../../song.ts';
import { FRAME_TICKS, FRAMES_PER_SECOND } from '../../timing/latch.ts';

/** Meters that a head can name; event `meter` n is METERS[n - 1], and 0 stands for no grid. */
export const METERS: readonly { readonly beats: number; readonly unit: Meter['unit'] }[] = [
  { beats: 4, unit: 4 },
  { beats: 3, unit: 4 },
  { beats: 2, unit: 4 },
  { beats: 5, unit: 4 },
  { beats: 6, unit: 4 },
  { beats: 2, unit: 2 },
  { beats: 3, unit: 8 },
  { beats: 6, unit: 8 },
  { beats: 9, unit: 8 },
  { beats: 12, unit: 8 },
];

/** A tempo that fits the notes less well than this (0..1) says nothing about bars. */
const CONFIDENT = 0.8;
const SHORTEST_BAR = 24;
/** A "bar" of music without a grid, in frames: about two seconds. */
const FREE_BAR = 128;

/** Where bars lie. */
export interface Grid {
  /** Place in METERS plus 1; 0 without a grid. */
  readonly meter: number;
  /** Frames of a bar, a multiple of 1/fractions. */
  readonly barFrames: number;
  /** Whole frames before the first full bar, less than a bar. */
  readonly upbeat: number;
}

export const FREE_GRID: Grid = { meter: 0, barFrames: FREE_BAR, upbeat: 0 };

/**
 * The grid of a song whose tempo is given or confidently estimated and whose meter has a name; else bars of 128 frames.
 */
export function gridOf({ tempo, meter }: Song, phase: number, longestBar: number, fractions: number): Grid {
  const place = METERS.findIndex(({ beats, unit }) => beats === meter.beats && unit === meter.unit);
  const quarters = (meter.beats * 4) / meter.unit;
  const exact = (quarters * FRAMES_PER_SECOND * 60) / tempo.beatsPerMinute;
  const barFrames = Math.round(exact * fractions) / fractions;
  const isUsable = place >= 0 && barFrames >= SHORTEST_BAR && barFrames < longestBar;
  // Bars of one length: a song whose tempo changes has none.
  if (!isUsable || tempo.confidence < CONFIDENT || tempo.changes?.length) return FREE_GRID;
  const firstBeat = Math.round((tempo.firstBeat - phase) / FRAME_TICKS);
  const upbeat = Math.round(firstBeat - Math.floor(firstBeat / barFrames) * barFrames);
  return { meter: place + 1, barFrames, upbeat: upbeat >= barFrames ? 0 : upbeat };
}

/** The frame at which bar n = 0, 1, ... begins; bar 0 is the upbeat where there is one. */
export function barStart({ barFrames, upbeat }: Grid, bar: number): number {
  if (upbeat === 0) return Math.round(bar * barFrames);
  return bar === 0 ? 0 : Math.round(upbeat + (bar - 1) * barFrames);
}

/** Tempo and meter that a grid stands for; without one, 120 bpm or what is asked for, assumed. */
export function timingOf(grid: Grid, phase: number, beatsPerMinute = 120): { tempo: Tempo; meter: Meter } {
  const named = METERS[grid.meter - 1];
  if (named === undefined) {
    const tempo: Tempo = { beatsPerMinute, firstBeat: 0, origin: 'assumed', confidence: 0 };
    return { tempo, meter: { beats: 4, unit: 4, origin: 'assumed' } };
  }
  const quarters = (named.beats * 4) / named.unit;
  const exact = (quarters * FRAMES_PER_SECOND * 60) / grid.barFrames;
  const tempo: Tempo = {
    beatsPerMinute: Math.min(400, Math.max(20, exact)),
    firstBeat: Math.round(phase + grid.upbeat * FRAME_TICKS),
    origin: 'given',
    confidence: 1,
  };
  return { tempo, meter: { ...named, origin: 'given' } };
}
