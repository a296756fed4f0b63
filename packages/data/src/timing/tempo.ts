import type { Meter, Song, Tempo } from '../song.ts';
import { FRAME_TICKS, FRAMES_PER_SECOND, latchToFrames } from './latch.ts';
import { estimateMeter } from './meter.ts';
import { firstStart, gathering, type Onset, type Start, startsOf } from './onsets.ts';

/** Rows (16th notes) of a music routine last this many frames: 300 bpm at 3, 56 bpm at 16. */
const SHORTEST_ROW = 3;
const LONGEST_ROW = 16;
/** Smallest note values up to this many frames are searched: a quarter at 75 bpm. */
const LONGEST_STEP = 48;
/** Onset distances up to this many frames (4 s) are compared. Longer ones blur where the tempo wavers. */
const LONGEST_LAG = 240;
/** Below this many onsets there is no telling. */
const MIN_ONSETS = 4;

/**
 * Estimates the tempo of a song that has none, from the spacing of its notes: NES music routines count video frames, so
 * notes start at multiples of a row, a whole or near-whole number of frames, and a row is a 16th note.
 *
 * 1. Notes are latched to frames; each start weighs by the time to the next one of its voice, so that arpeggios and
 *   vibrato, which change pitch every frame, count little.
 * 2. The autocorrelation of the starts gives how often two notes are n frames apart. For each length its cosine sum is
 *   the fit, greatest where all distances are multiples of it. The longest length that fits about as well as any is the
 *   smallest note value of the song: an eighth here, a 16th there.
 * 3. The row is that, or it halved or doubled a few times: the one with the best fit, weighted towards usual speeds and
 *   usual numbers of notes a beat. It is refined over the whole song, and rounded to whole frames if that fits as well.
 *
 * The first beat is put on the grid line at the first note. The result's confidence is the fit, 0..1. A song with a
 * given tempo keeps it; one with fewer than 4 note starts gets 120 bpm, `assumed`, confidence 0. How often that is
 * right: see the README.
 */
export function estimateTempo(song: Song): Tempo {
  if (song.tempo.origin === 'given') return song.tempo;
  const starts = startsOf(song);
  const onsets = weightedOnsets(starts);
  if (onsets.length < MIN_ONSETS)
    return { beatsPerMinute: 120, firstBeat: firstStart(song), origin: 'assumed', confidence: 0 };

  const likely = likeliestRow(autocorrelation(onsets), notesPerFrame(starts));
  const row = refineRow(onsets, likely);
  const { strength, phase } = gathering(onsets, row);
  const firstLine = phase - Math.round(phase / row) * row;
  return {
    beatsPerMinute: (FRAMES_PER_SECOND * 60) / (4 * row),
    firstBeat: Math.round(firstStart(song) + firstLine * FRAME_TICKS),
    origin: 'estimated',
    confidence: strength,
  };
}

/**
 * The same song with every event on its frame and its tempo and meter estimated; a song with a given tempo is left as
 * it is.
 */
export function withEstimatedTiming(song: Song, { exactTimes = false }: { readonly exactTimes?: boolean } = {}): Song {
  if (song.tempo.origin === 'given') return song;
  const latched = latchToFrames(song);
  const tempo = estimateTempo(latched);
  const meter: Meter = song.meter.origin === 'given' ? song.meter : estimateMeter(latched, tempo);
  return { ...(exactTimes ? song : latched), tempo, meter };
}

/** A start counts in full if no other of its voice follows within this many frames. */
const FULL_WEIGHT_FRAMES = 8;

/** How much a start says of the grid. Squared: two quick notes weigh less than one slow one. */
function weightOf({ length }: Start): number {
  return (Math.min(FULL_WEIGHT_FRAMES, length) / FULL_WEIGHT_FRAMES) ** 2;
}

/** The starts of all voices in order, one entry a frame. */
function weightedOnsets(starts: readonly Start[]): Onset[] {
  const weights = new Map<number, number>();
  for (const start of starts) weights.set(start.frame, (weights.get(start.frame) ?? 0) + weightOf(start));
  return [...weights].map(([frame, weight]) => ({ frame, weight })).sort((a, b) => a.frame - b.frame);
}

/** Starts a frame of a pitched voice, by weight; the mean of the voices that have several. 0 if none has. */
function notesPerFrame(starts: readonly Start[]): number {
  const rates: number[] = [];
  for (const voice of ['pulse1', 'pulse2', 'triangle'] as const) {
    const own = starts.filter((start) => start.voice === voice);
    const frames = (own.at(-1)?.frame ?? 0) - (own[0]?.frame ?? 0);
    if (frames > 0) rates.push(own.reduce((sum, start) => sum + weightOf(start), 0) / frames);
  }
  return rates.length === 0 ? 0 : rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
}

/** Entry n: the summed weight products of onsets n frames apart. */
function autocorrelation(onsets: readonly Onset[]): Float64Array {
  const histogram = new Float64Array(LONGEST_LAG + 1);
  for (const [index, { frame, weight }] of onsets.entries()) {
    for (let later = index + 1; later < onsets.length; later++) {
      const lag = onsets[later].frame - frame;
      if (lag > LONGEST_LAG) break;
      histogram[lag] += weight * onsets[later].weight;
    }
  }
  return histogram;
}

/** Of the best fit, what a longer length must have to count as fitting about as well. */
const FITS_AS_WELL = 0.9;
/** A row of 7 frames is 129 bpm; the spread of usual rows is in octaves of speed. */
const USUAL_ROW = { frames: 7, spread: 0.8 } as const;
/**
 * Notes a beat of a pitched voice, by weight: 1.35 in the embedded tunes at their true tempo (spread 0.34 octaves), 1.5
 * in NES-MDB by this estimate (0.6). Without it half of the tunes come out at half or double speed.
 */
const USUAL_NOTES = { perBeat: 1.4, spread: 0.6 } as const;

/** The likeliest row, to about 1/20 frame. */
function likeliestRow(histogram: Float64Array, notes: number): number {
  const fits = cosineTables().map((cosines) => fitOf(histogram, cosines));
  const enough = FITS_AS_WELL * Math.max(...fits);
  const isPeak = (at: number) => fits[at] >= (fits[at - 1] ?? 0) && fits[at] >= (fits[at + 1] ?? 0);
  const step = lengthAt(fits.findLastIndex((fit, at) => fit >= enough && isPeak(at)));
  let best: number = USUAL_ROW.frames;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let row = 4 * step; row >= SHORTEST_ROW; row /= 2) {
    if (row > LONGEST_ROW) continue;
    const speed = Math.log2(row / USUAL_ROW.frames) / USUAL_ROW.spread;
    const density = notes > 0 ? Math.log2((4 * row * notes) / USUAL_NOTES.perBeat) / USUAL_NOTES.spread : 0;
    const score = fitOf(histogram, cosinesOf(row)) * Math.exp(-0.5 * (speed * speed + density * density));
    if (score > bestScore) {
      bestScore = score;
      best = row;
    }
  }
  return best;
}

/** Greatest where all distances are multiples of the length that the cosines are of. */
function fitOf(histogram: Float64Array, cosines: Float64Array): number {
  let fit = 0;
  for (let lag = 1; lag < histogram.length; lag++) fit += histogram[lag] * cosines[lag];
  return fit;
}

/** Entry n: how well a distance of n frames fits a length, -1..1. */
function cosinesOf(length: number): Float64Array {
  return Float64Array.from({ length: LONGEST_LAG + 1 }, (_, lag) => Math.cos((2 * Math.PI * lag) / length));
}

/** Lengths in steps of 1/20 frame, which a distance of 240 frames can tell apart. */
function lengthAt(index: number): number {
  return SHORTEST_ROW + index / 20;
}

let tables: readonly Float64Array[] | undefined;

/** The cosines of each length. Made once: 1.7 MB. */
function cosineTables(): readonly Float64Array[] {
  tables ??= Array.from({ length: (LONGEST_STEP - SHORTEST_ROW) * 20 + 1 }, (_, at) => cosinesOf(lengthAt(at)));
  return tables;
}

/** A whole number of frames is taken if it keeps this share of the best fit. */
const WHOLE_FRAMES_SHARE = 0.97;

/** Frames of the beginning by which a row is refined at first; then by four times as many, until the end. */
const FIRST_REACH = 4 * LONGEST_LAG;

/** The length near `row` whose grid fits the whole song, at the resolution that its length gives. */
function refineRow(onsets: readonly Onset[], row: number): number {
  const last = onsets[onsets.length - 1].frame;
  let best = row;
  let range = 0.1;
  for (let reach = FIRST_REACH; ; reach *= 4) {
    const within = onsets.filter(({ frame }) => frame <= reach);
    // A change of row by d shifts the last of frames/row rows by d * frames/row: a fifth of a row is fine enough.
    const step = (0.2 * row * row) / Math.min(reach, Math.max(LONGEST_LAG, last));
    best = bestNear(within, best, range, step);
    if (reach >= last) break;
    range = 2 * step;
  }
  const whole = Math.round(best);
  const isWhole = gathering(onsets, whole).strength >= WHOLE_FRAMES_SHARE * gathering(onsets, best).strength;
  return isWhole ? whole : best;
}

function bestNear(onsets: readonly Onset[], row: number, range: number, step: number): number {
  let best = row;
  let bestStrength = 0;
  for (let candidate = row - range; candidate <= row + range; candidate += step) {
    const { strength } = gathering(onsets, candidate);
    if (strength > bestStrength) {
      bestStrength = strength;
      best = candidate;
    }
  }
  return best;
}
