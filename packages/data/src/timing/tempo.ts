import { TICKS_PER_SECOND } from '@chipsmith/apu';
import type { Meter, Song, Tempo } from '../song.ts';
import { FRAME_TICKS, FRAMES_PER_SECOND, latchToFrames } from './latch.ts';

/** Rows (16th notes) of a music routine last this many frames: 300 bpm at 3, 56 bpm at 16. */
const SHORTEST_ROW = 3;
const LONGEST_ROW = 16;
/** A row of 7 frames is 129 bpm. Of two grids that fit, the one nearer to it is taken: half or double speed is a matter of taste. */
const TYPICAL_ROW = 7;
/** Spread of the preference for typical rows, in octaves of speed. */
const ROW_SPREAD = 0.8;
/** Onset distances up to this many frames (4 s) are compared. Longer ones blur where the tempo wavers. */
const LONGEST_LAG = 240;
/** Only the first minutes are looked at: enough for any tempo, and the cost of one 25-minute song stays small. */
const MOST_FRAMES = 4 * 60 * 60;
/** Below this many onsets there is no telling. */
const FEWEST_ONSETS = 4;

/**
 * Estimates the tempo of a song that has none, from the spacing of its notes: NES music routines count video frames, so notes
 * start at multiples of a row, a whole or near-whole number of frames, and a row is a 16th note.
 *
 * 1. Notes are latched to frames; each start weighs by the time to the next one of its voice, so that arpeggios and vibrato,
 *    which change pitch every frame, count little.
 * 2. The autocorrelation of the starts gives how often two notes are n frames apart. For each row length its cosine sum is
 *    the fit, greatest where all distances are multiples of the row.
 * 3. The best fit, weighted towards typical rows, is refined over the whole song, and rounded to whole frames if that fits
 *    as well.
 *
 * The first beat is put on the grid line at the first note. The result's confidence is the fit, 0..1. A song with a given tempo
 * keeps it; one with fewer than 4 note starts gets 120 bpm, `assumed`, confidence 0.
 */
export function estimateTempo(song: Song): Tempo {
  if (song.tempo.origin === 'given') return song.tempo;
  const onsets = weightedOnsets(song);
  if (onsets.length < FEWEST_ONSETS)
    return { beatsPerMinute: 120, firstBeat: firstStart(song), origin: 'assumed', confidence: 0 };

  const likely = likeliestRow(autocorrelation(onsets));
  const row = refineRow(onsets, likely);
  const { strength, phase } = resultant(onsets, row);
  const origin = onsets[0].tick - onsets[0].frame * FRAME_TICKS;
  const firstLine = phase + Math.round((onsets[0].frame - phase) / row) * row;
  return {
    beatsPerMinute: (FRAMES_PER_SECOND * 60) / (4 * row),
    firstBeat: Math.round(origin + firstLine * FRAME_TICKS),
    origin: 'estimated',
    confidence: strength,
  };
}

/** The same song with every event on its frame and its tempo and meter estimated; a song with a given tempo is left as it is. */
export function withEstimatedTiming(song: Song): Song {
  if (song.tempo.origin === 'given') return song;
  const latched = latchToFrames(song);
  const tempo = estimateTempo(latched);
  const meter: Meter = song.meter.origin === 'given' ? song.meter : estimateMeter(latched, tempo);
  return { ...latched, tempo, meter };
}

/** Ticks of a 16th note, the step of the grid. Not an integer. */
export function stepTicks(tempo: Tempo): number {
  return (TICKS_PER_SECOND * 60) / tempo.beatsPerMinute / 4;
}

/**
 * 4/4, unless notes repeat clearly better at a distance of 12 rows than of 16: then 3/4, which is also what a shuffle comes
 * out as, four beats of three rows each.
 */
export function estimateMeter(song: Song, tempo: Tempo): Meter {
  const onsets = weightedOnsets(song);
  const beat = (4 * stepTicks(tempo)) / FRAME_TICKS;
  const histogram = autocorrelation(onsets, Math.ceil(17 * beat));
  const at = (beats: number) => histogram[Math.round(beats * beat)] ?? 0;
  const three = at(3) + at(6) + at(9);
  const four = at(4) + at(8) + at(16);
  const isThree = onsets.length >= FEWEST_ONSETS_FOR_THREE && three > CLEARLY_BETTER * four;
  return { beats: isThree ? 3 : 4, unit: 4, origin: onsets.length < FEWEST_ONSETS ? 'assumed' : 'estimated' };
}

/** Most NES music is in four: the evidence for three must be strong. */
const CLEARLY_BETTER = 1.5;
const FEWEST_ONSETS_FOR_THREE = 64;

interface Onset {
  /** Frames from the song's first onset. */
  readonly frame: number;
  readonly weight: number;
  readonly tick: number;
}

/** A start counts in full if no other of its voice follows within this many frames. */
const FULL_WEIGHT_FRAMES = 8;

/** The note starts of all voices in order, at most one entry a frame. */
function weightedOnsets(song: Song): Onset[] {
  const first = firstStart(song);
  const weights = new Map<number, { weight: number; tick: number }>();
  for (const notes of Object.values(song.voices)) {
    for (const [index, note] of notes.entries()) {
      const frame = Math.round((note.start - first) / FRAME_TICKS);
      if (frame > MOST_FRAMES) break;
      const next = notes[index + 1]?.start ?? Number.POSITIVE_INFINITY;
      const frames = Math.min(FULL_WEIGHT_FRAMES, (next - note.start) / FRAME_TICKS) / FULL_WEIGHT_FRAMES;
      const entry = weights.get(frame);
      // Squared: two quick notes weigh less than one slow one.
      weights.set(frame, { weight: (entry?.weight ?? 0) + frames * frames, tick: note.start });
    }
  }
  return [...weights].map(([frame, entry]) => ({ frame, ...entry })).sort((a, b) => a.frame - b.frame);
}

function firstStart(song: Song): number {
  const starts = Object.values(song.voices).flatMap((notes) => (notes[0] ? [notes[0].start] : []));
  return starts.length > 0 ? Math.min(...starts) : 0;
}

/** Entry n: the summed weight products of onsets n frames apart. */
function autocorrelation(onsets: readonly Onset[], longestLag = LONGEST_LAG): Float64Array {
  const histogram = new Float64Array(longestLag + 1);
  for (const [index, { frame, weight }] of onsets.entries()) {
    for (let later = index + 1; later < onsets.length; later++) {
      const lag = onsets[later].frame - frame;
      if (lag > longestLag) break;
      histogram[lag] += weight * onsets[later].weight;
    }
  }
  return histogram;
}

/** The row of the best fit to the distances, weighted towards typical rows. */
function likeliestRow(histogram: Float64Array): number {
  let best = TYPICAL_ROW;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const { row, preference, cosines } of candidateRows()) {
    let fit = 0;
    for (let lag = 1; lag < histogram.length; lag++) fit += histogram[lag] * cosines[lag];
    if (fit * preference > bestScore) {
      bestScore = fit * preference;
      best = row;
    }
  }
  return best;
}

interface CandidateRow {
  readonly row: number;
  readonly preference: number;
  /** Entry n: how well a distance of n frames fits the row, -1..1. */
  readonly cosines: Float64Array;
}

let candidates: readonly CandidateRow[] | undefined;

/** Rows in steps of 1/20 frame, which a distance of 240 frames can tell apart. Made once: 0.5 MB of cosines. */
function candidateRows(): readonly CandidateRow[] {
  candidates ??= Array.from({ length: (LONGEST_ROW - SHORTEST_ROW) * 20 + 1 }, (_, index) => {
    const row = SHORTEST_ROW + index / 20;
    const octaves = Math.log2(row / TYPICAL_ROW) / ROW_SPREAD;
    const cosines = Float64Array.from({ length: LONGEST_LAG + 1 }, (_, lag) => Math.cos((2 * Math.PI * lag) / row));
    return { row, preference: Math.exp(-0.5 * octaves * octaves), cosines };
  });
  return candidates;
}

/** A whole number of frames is taken if it keeps this share of the best fit. */
const WHOLE_FRAMES_SHARE = 0.97;

/** Searches round `row` for the length whose grid fits the whole song, at the resolution its length gives. */
function refineRow(onsets: readonly Onset[], row: number): number {
  const frames = Math.max(LONGEST_LAG, onsets[onsets.length - 1].frame);
  // A change of row by d shifts the last of frames/row rows by d * frames/row: a fifth of a row is fine enough.
  const step = (0.2 * row * row) / frames;
  let best = row;
  let bestStrength = 0;
  for (let candidate = row - 0.1; candidate <= row + 0.1; candidate += step) {
    const { strength } = resultant(onsets, candidate);
    if (strength > bestStrength) {
      bestStrength = strength;
      best = candidate;
    }
  }
  const whole = Math.round(best);
  return resultant(onsets, whole).strength >= WHOLE_FRAMES_SHARE * bestStrength ? whole : best;
}

/** How strongly the onsets gather at one place of a row, 0..1, and that place in frames. */
function resultant(onsets: readonly Onset[], row: number): { readonly strength: number; readonly phase: number } {
  let cosine = 0;
  let sine = 0;
  let total = 0;
  for (const { frame, weight } of onsets) {
    const angle = (2 * Math.PI * frame) / row;
    cosine += weight * Math.cos(angle);
    sine += weight * Math.sin(angle);
    total += weight;
  }
  return { strength: Math.hypot(cosine, sine) / total, phase: (Math.atan2(sine, cosine) / (2 * Math.PI)) * row };
}
