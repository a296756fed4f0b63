import {
  arrangeMelody,
  barsAtTypicalTempo,
  compareMeasures,
  type Dataset,
  deriveSeed,
  type Encoding,
  findEncoding,
  firstBars,
  type MelodyMeasures,
  measureMelody,
  measuresOf,
  meterOfBar,
  Random,
  type Song,
  trackOf,
} from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, sample } from '@chipsmith/models';
import { drawnLength } from './compose.ts';
import { formatTable, percent } from './terminal/output.ts';
import { startProgress } from './terminal/progress.ts';

/** How like the songs that it learnt from a model's tracks are, at one temperature. */
export interface Likeness {
  readonly temperature: number;
  /** Of each measure over the tracks. */
  readonly medians: MelodyMeasures;
  /** See compareMeasures. */
  readonly distances: MelodyMeasures;
  /** Mean of the distances: 0 is alike. */
  readonly distance: number;
  /**
   * Share of tracks whose onsets meet beats and other voices as often as the middle 90 % of the songs' do, or more
   * often.
   */
  readonly inTime: number;
}

export interface LikenessOptions {
  readonly encoding: Encoding;
  readonly tracks: number;
  readonly bars: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const COMMON_METER = { beats: 4, unit: 4 } as const;
/** Quarter notes a minute of what is decoded without a tempo. */
const DECODED_TEMPO = 120;

/** What the training songs are like, arranged and cut as tracks are. */
export function measureSongs(dataset: Dataset, options: Pick<LikenessOptions, 'bars' | 'seed'>): MelodyMeasures[] {
  return songsOf(dataset, options).map(measureMelody);
}

/**
 * Training songs as their encoding has them, arranged and cut as tracks are; of a large dataset so many, drawn at
 * random.
 */
export function songsOf(dataset: Dataset, { bars, seed }: Pick<LikenessOptions, 'bars' | 'seed'>): Song[] {
  const { name, version } = dataset.manifest.encoding;
  const encoding = findEncoding(name, version);
  const sequences = dataset.sequences('train');
  const chosen = new Random(0).permutation(sequences.length).slice(0, MAX_SONGS).sort();
  return Array.from(chosen, (index) => {
    const { read, bar } = sequences[index];
    const meter = meterOfBar(bar);
    const length = barsAtTypicalTempo(bars, encoding, meter ?? COMMON_METER, DECODED_TEMPO);
    const song = encoding.decode(firstBars(read(), encoding, length), { title: '', meter });
    return encoding.voices.length === 1 ? arrangeMelody(song, { seed: deriveSeed(seed, index) }) : song;
  });
}

/** Enough for distributions: of the measures' 5 % quantiles the error is below 2 %. */
const MAX_SONGS = 1000;

/**
 * Draws sequences at a temperature and compares the tracks that they make with the songs. Unlike `generate`, it does
 * not draw again for those that are nearly empty or alike: they count. Those that do not come to an end are left out.
 */
export async function likenessOf(
  device: Device,
  checkpoint: Checkpoint,
  songs: readonly MelodyMeasures[],
  temperature: number,
  { encoding, tracks, bars, seed, signal }: LikenessOptions,
): Promise<Likeness> {
  const length = drawnLength(encoding, bars + 1, COMMON_METER, DECODED_TEMPO);
  const progress = startProgress(`composing at ${temperature}`);
  const onProgress = (share: number) => progress.update(share, '');
  const options = { count: tracks, ...length, seed, settings: { temperature }, encoding, signal, onProgress };
  const drawn = await sample(device, checkpoint, options).finally(() => progress.stop());
  const measured = drawn.flatMap(({ events }, index) => {
    const { voices } = encoding;
    const options = { bars, seed: deriveSeed(seed, index), voices, arranged: true, loops: false, keepsBars: false };
    const song = trackOf(encoding.decode(events, { title: '' }), options);
    return song === undefined ? [] : measureMelody(song);
  });
  const distances = compareMeasures(measured, songs);
  const least = quantile(songs, 'onsetsMet', 0.05);
  return {
    temperature,
    medians: mediansOf(measured),
    distances,
    distance: Object.values(distances).reduce((sum, each) => sum + each, 0) / Object.keys(distances).length,
    inTime: measured.filter(({ onsetsMet }) => onsetsMet >= least).length / Math.max(1, measured.length),
  };
}

/** The songs and the tracks of each temperature, a row each. */
export function likenessTable(songs: MelodyMeasures, likenesses: readonly Likeness[]): string {
  const row = (
    name: string,
    { onsetsMet, interval, leaps, repeatedNotes, repeatedBars, density, rests }: MelodyMeasures,
  ) => ({
    tracks: name,
    'on beats': percent(onsetsMet, 0),
    interval: interval.toFixed(2),
    leaps: percent(leaps, 0),
    'notes again': percent(repeatedNotes, 0),
    'bars again': percent(repeatedBars, 0),
    'notes a beat': density.toFixed(2),
    rests: percent(rests, 0),
  });
  return formatTable([
    { ...row('training songs', songs), distance: '', 'in time': '' },
    ...likenesses.map(({ temperature, medians, distance, inTime }) => ({
      ...row(`temperature ${temperature}`, medians),
      distance: distance.toFixed(3),
      'in time': percent(inTime, 0),
    })),
  ]);
}

/** The median of each measure. */
export function mediansOf(measures: readonly MelodyMeasures[]): MelodyMeasures {
  return measuresOf((name) => quantile(measures, name, 0.5));
}

function quantile(measures: readonly MelodyMeasures[], name: keyof MelodyMeasures, share: number): number {
  return quantileOf(
    measures.map((measure) => measure[name]),
    share,
  );
}

/** Of those that are numbers. @param share 0..1, 0.5 for the median */
export function quantileOf(all: readonly number[], share: number): number {
  const values = all.filter(Number.isFinite).sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;
}
