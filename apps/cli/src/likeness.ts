import { compareMeasures, deriveSeed, type Encoding, type MusicMeasures, measureMusic, trackOf } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, sample } from '@chipsmith/models';
import { drawnLength } from './compose.ts';
import { measureRows, type SongFigures, songFigures, type TrackFigures, trackFigures } from './music-figures.ts';
import { formatTable, percent } from './terminal/output.ts';
import { startProgress } from './terminal/progress.ts';
import { COMMON_METER } from './training-songs.ts';

/** How like the songs that it learnt from a model's tracks are, at one temperature. */
export interface Likeness extends TrackFigures {
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

/**
 * Draws sequences at a temperature and compares the tracks that they make with the songs. Unlike `generate`, it does
 * not draw again for those that are nearly empty or alike: they count. Those that do not come to an end are left out.
 *
 * @param songs measures of the training songs, in the voices of the encoding
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
  const figures = songFigures(songs);
  const [fewestMet] = figures.ranges.onsetsMet;
  return {
    temperature,
    ...trackFigures(measured, figures),
    distances,
    distance: Object.values(distances).reduce((sum, each) => sum + each, 0) / Object.keys(distances).length,
    inTime: measured.filter(({ onsetsMet }) => onsetsMet >= fewestMet).length / Math.max(1, measured.length),
  };
}

/** The measures at each temperature, and what they come to. */
export function likenessTable(songs: SongFigures, likenesses: readonly Likeness[]): string {
  const columns = <Value>(of: (likeness: Likeness) => Value): Record<string, Value> =>
    Object.fromEntries(likenesses.map((likeness) => [`at ${likeness.temperature}`, of(likeness)]));
  return formatTable([
    ...measureRows(
      songs,
      columns((likeness) => likeness),
    ),
    { median: 'in time', songs: '', 'middle 90 %': '', ...columns(({ inTime }) => percent(inTime, 0)) },
    { median: 'distance', songs: '', 'middle 90 %': '', ...columns(({ distance }) => distance.toFixed(3)) },
  ]);
}
