import {
  arrangeMelody,
  barsAtTypicalTempo,
  compareMeasures,
  type Dataset,
  deriveSeed,
  type Encoding,
  findEncoding,
  firstBars,
  type MusicMeasures,
  measureMusic,
  measuresOf,
  meterOfBar,
  Random,
  type Song,
  trackOf,
} from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, sample } from '@chipsmith/models';
import { drawnLength } from './compose.ts';
import { labelOf, plainFigure, rangeWords } from './page/terms.ts';
import { quantileOf } from './quantile.ts';
import { outsideMark, rangeOf, type ScoreRanges } from './scores.ts';
import { formatTable, percent } from './terminal/output.ts';
import { startProgress } from './terminal/progress.ts';

/** Tracks beside the songs that their model learnt from. */
export interface MusicFigures {
  /** Of each measure over the tracks. */
  readonly medians: MusicMeasures;
  /** Share of the tracks that lie where the middle 90 % of the songs do. */
  readonly within: MusicMeasures;
}

/** How like the songs that it learnt from a model's tracks are, at one temperature. */
export interface Likeness extends MusicFigures {
  readonly temperature: number;
  /** See compareMeasures. */
  readonly distances: MusicMeasures;
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

/** What the training songs are like in the voices of their encoding, arranged and cut as tracks are. */
export function measureSongs(
  dataset: Dataset,
  { encoding, ...options }: Pick<LikenessOptions, 'encoding' | 'bars' | 'seed'>,
): MusicMeasures[] {
  return songsOf(dataset, options).map((song) => measureMusic(song, encoding.voices));
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
    const { read, bar, song: entry } = sequences[index];
    const meter = meterOfBar(bar);
    // Where events measure seconds, beats and bars are those of the song's own tempo.
    const { beatsPerMinute } = entry;
    const length = barsAtTypicalTempo(bars, encoding, meter ?? COMMON_METER, beatsPerMinute);
    const song = encoding.decode(firstBars(read(), encoding, length), { title: '', beatsPerMinute, meter });
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
  songs: readonly MusicMeasures[],
  temperature: number,
  { encoding, tracks, bars, seed, signal }: LikenessOptions,
): Promise<Likeness> {
  const beatsPerMinute = Math.round(checkpoint.metadata.beatsPerMinute);
  const length = drawnLength(encoding, bars + 1, COMMON_METER, beatsPerMinute);
  const progress = startProgress(`composing at ${temperature}`);
  const onProgress = (share: number) => progress.update(share, '');
  const options = { count: tracks, ...length, seed, settings: { temperature }, encoding, signal, onProgress };
  const drawn = await sample(device, checkpoint, options).finally(() => progress.stop());
  const measured = drawn.flatMap(({ events }, index) => {
    const { voices } = encoding;
    const options = { bars, seed: deriveSeed(seed, index), voices, arranged: true, loops: false, keepsBars: false };
    const song = trackOf(encoding.decode(events, { title: '', beatsPerMinute }), options);
    return song === undefined ? [] : measureMusic(song, voices);
  });
  const distances = compareMeasures(measured, songs);
  const least = quantile(songs, 'onsetsMet', 0.05);
  return {
    temperature,
    ...musicFigures(measured, songFigures(songs)),
    distances,
    distance: Object.values(distances).reduce((sum, each) => sum + each, 0) / Object.keys(distances).length,
    inTime: measured.filter(({ onsetsMet }) => onsetsMet >= least).length / Math.max(1, measured.length),
  };
}

/** Medians of songs, and where the middle 90 % of them lie. */
export interface SongFigures {
  readonly medians: MusicMeasures;
  readonly ranges: Readonly<Record<keyof MusicMeasures, ScoreRanges[string]>>;
}

export function songFigures(songs: readonly MusicMeasures[]): SongFigures {
  return { medians: mediansOf(songs), ranges: rangesOf(songs) };
}

export function musicFigures(tracks: readonly MusicMeasures[], { ranges }: SongFigures): MusicFigures {
  const isWithin = (value: number, [least, most]: ScoreRanges[string]) => value >= least && value <= most;
  const within = measuresOf(
    (name) => tracks.filter((track) => isWithin(track[name], ranges[name])).length / Math.max(1, tracks.length),
  );
  return { medians: mediansOf(tracks), within };
}

/**
 * A row for each measure: the median of the songs and where the middle 90 % of them lie; then, of each column, the
 * median of the tracks, marked where it lies outside, and in brackets the share of the tracks that lie within.
 */
export function measureRows(songs: SongFigures, columns: Readonly<Record<string, MusicFigures>>) {
  const ranges = Object.entries(songs.ranges) as [keyof MusicMeasures, ScoreRanges[string]][];
  return ranges.map(([name, range]) => {
    const songsAt = { songs: plainFigure(name, songs.medians[name]), 'middle 90 %': rangeWords(name, range) };
    const tracks = Object.entries(columns).map(([heading, { medians, within }]) => {
      const figure = `${plainFigure(name, medians[name])}${outsideMark(medians[name], range)}`;
      return [heading, Number.isNaN(medians[name]) ? 'none' : `${figure} (${percent(within[name], 0)})`];
    });
    return { median: labelOf(name), ...songsAt, ...Object.fromEntries(tracks) };
  });
}

/** The measures at each temperature, and what they come to. */
export function likenessTable(songs: readonly MusicMeasures[], likenesses: readonly Likeness[]): string {
  const columns = <Value>(of: (likeness: Likeness) => Value): Record<string, Value> =>
    Object.fromEntries(likenesses.map((likeness) => [`at ${likeness.temperature}`, of(likeness)]));
  return formatTable([
    ...measureRows(
      songFigures(songs),
      columns((likeness) => likeness),
    ),
    { median: 'in time', songs: '', 'middle 90 %': '', ...columns(({ inTime }) => percent(inTime, 0)) },
    { median: 'distance', songs: '', 'middle 90 %': '', ...columns(({ distance }) => distance.toFixed(3)) },
  ]);
}

/** The median of each measure. */
export function mediansOf(measures: readonly MusicMeasures[]): MusicMeasures {
  return measuresOf((name) => quantile(measures, name, 0.5));
}

/** Where the middle 90 % lie in each measure. */
export function rangesOf(
  measures: readonly MusicMeasures[],
): Readonly<Record<keyof MusicMeasures, ScoreRanges[string]>> {
  const names = Object.keys(mediansOf(measures)) as (keyof MusicMeasures)[];
  const ranges = names.map((name) => [name, rangeOf(measures.map((each) => each[name]))]);
  return Object.fromEntries(ranges) as Record<keyof MusicMeasures, ScoreRanges[string]>;
}

function quantile(measures: readonly MusicMeasures[], name: keyof MusicMeasures, share: number): number {
  return quantileOf(
    measures.map((measure) => measure[name]),
    share,
  );
}
