import { type MusicMeasures, measuresOf } from '@chipsmith/data';
import { labelOf, plainFigure, rangeWords } from './page/terms.ts';
import { outsideMark, quantileOf, rangeOf, type ScoreRange } from './scores.ts';
import { percent } from './terminal/output.ts';

/** What the training songs are like. */
export interface SongFigures {
  /** Of each measure. */
  readonly medians: MusicMeasures;
  /** Where the middle 90 % of the songs lie in each measure. */
  readonly ranges: Readonly<Record<keyof MusicMeasures, ScoreRange>>;
}

/** What tracks are like, beside the songs that their model learnt from. */
export interface TrackFigures {
  /** Of each measure. */
  readonly medians: MusicMeasures;
  /** Share of the tracks, 0..1, that lie where the middle 90 % of the songs do. */
  readonly within: MusicMeasures;
}

export function songFigures(songs: readonly MusicMeasures[]): SongFigures {
  const medians = mediansOf(songs);
  const names = Object.keys(medians) as (keyof MusicMeasures)[];
  const ranges = names.map((name) => [name, rangeOf(songs.map((each) => each[name]))]);
  return { medians, ranges: Object.fromEntries(ranges) as SongFigures['ranges'] };
}

export function trackFigures(tracks: readonly MusicMeasures[], { ranges }: SongFigures): TrackFigures {
  const isWithin = (value: number, [least, most]: ScoreRange) => value >= least && value <= most;
  const within = measuresOf(
    (name) => tracks.filter((track) => isWithin(track[name], ranges[name])).length / Math.max(1, tracks.length),
  );
  return { medians: mediansOf(tracks), within };
}

/**
 * A row for each measure: the median of the songs and where the middle 90 % of them lie; then, of each column, the
 * median of the tracks, marked where it lies outside, and in brackets the share of the tracks that lie within.
 */
export function measureRows(songs: SongFigures, columns: Readonly<Record<string, TrackFigures>>) {
  const ranges = Object.entries(songs.ranges) as [keyof MusicMeasures, ScoreRange][];
  return ranges.map(([name, range]) => {
    const songsAt = { songs: plainFigure(name, songs.medians[name]), 'middle 90 %': rangeWords(name, range) };
    const tracks = Object.entries(columns).map(([heading, { medians, within }]) => {
      const figure = `${plainFigure(name, medians[name])}${outsideMark(medians[name], range)}`;
      return [heading, Number.isNaN(medians[name]) ? 'none' : `${figure} (${percent(within[name], 0)})`];
    });
    return { median: labelOf(name), ...songsAt, ...Object.fromEntries(tracks) };
  });
}

function mediansOf(measures: readonly MusicMeasures[]): MusicMeasures {
  return measuresOf((name) =>
    quantileOf(
      measures.map((each) => each[name]),
      0.5,
    ),
  );
}
