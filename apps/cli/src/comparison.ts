import { barsRepeatedAt, type Encoding, measureMusic, type Song } from '@chipsmith/data';
import { measureRows, type SongFigures, songFigures, type TrackFigures, trackFigures } from './music-figures.ts';
import { percent, type Rows } from './terminal/output.ts';
import { formatBytes } from './terminal/progress.ts';

/** How the training of one of the models that are compared went. */
export interface TrainingFigures {
  readonly model: string;
  readonly parameters: number;
  readonly step: number;
  /** Of the best checkpoint, over the whole valid split. */
  readonly loss: number;
  readonly lossUnit: string;
  /** What counting reaches on the same data: unigram, bigram. */
  readonly baselines: Readonly<Record<string, number>>;
  readonly measures: Readonly<Record<string, number>>;
  /** Of the model's units. */
  readonly tokensPerSecond: number;
  readonly units: string;
  readonly predictedBytes: number;
  readonly measuredBytes: number;
}

/** What its tracks are like, beside the songs that it learnt from. */
export interface ComposingFigures {
  readonly music: TrackFigures;
  readonly songs: SongFigures;
  /** Means over the tracks and over the songs of the share of bars that are as the one before, or two before. */
  readonly repeats: { readonly tracks: Repeats; readonly songs: Repeats };
}

type Repeats = readonly [next: number, afterNext: number];

export interface ModelFigures extends TrainingFigures, ComposingFigures {
  /** Name of the data, for people. */
  readonly data: string;
  readonly tracks: number;
}

export interface Table {
  readonly title: string;
  readonly rows: Rows;
  readonly notes: string;
}

export function composingFigures(
  tracks: readonly { readonly song: Song }[],
  songs: readonly Song[],
  voices: Encoding['voices'],
): ComposingFigures {
  const made = tracks.map(({ song }) => song);
  const measure = (all: readonly Song[]) => all.map((song) => measureMusic(song, voices));
  const repeatsOf = (all: readonly Song[]): Repeats => [
    mean(all.map((song) => barsRepeatedAt(song, voices, 1))),
    mean(all.map((song) => barsRepeatedAt(song, voices, 2))),
  ];
  const figures = songFigures(measure(songs));
  return {
    music: trackFigures(measure(made), figures),
    songs: figures,
    repeats: { tracks: repeatsOf(made), songs: repeatsOf(songs) },
  };
}

/** One table of all models, and one of the music for each of the data that they learnt. */
export function comparisonTables(results: readonly ModelFigures[]): Table[] {
  const names = [...new Set(results.flatMap(({ baselines }) => Object.keys(baselines)))];
  const training = {
    title: 'Training',
    rows: results.map((result) => trainingRow(result, names)),
    notes: `Loss of the best checkpoint on the whole valid split, and what counting reaches there. Bars again: the share of bars that
are as the one before, or two before, as a mean; in brackets that of the training songs.`,
  };
  const music = [...new Set(results.map(({ data }) => data))].map((data) => {
    const models = results.filter((result) => result.data === data);
    const [{ songs }] = models;
    // A model that made nothing of use has a column all the same.
    const tracks = Math.max(...models.map((model) => model.tracks));
    return {
      title: `Tracks after learning ${data}`,
      rows: measureRows(songs, Object.fromEntries(models.map(({ model, music }) => [model, music]))),
      notes: `Medians of the songs and of ${tracks} tracks by each model, in the voices that it writes. Arrows mark those outside
the middle 90 % of the songs; in brackets the share of the tracks that lie inside.`,
    };
  });
  return [training, ...music];
}

function trainingRow({ repeats, baselines, measuredBytes, predictedBytes, ...figures }: ModelFigures, names: string[]) {
  const baseline = names.map((name) => [name, baselines[name]?.toFixed(3) ?? '']);
  const shareOf = (share: number) => (Number.isNaN(share) ? 'none' : percent(share));
  const repeated = (distance: 0 | 1) => `${shareOf(repeats.tracks[distance])} (${shareOf(repeats.songs[distance])})`;
  return {
    model: figures.model,
    parameters: figures.parameters,
    steps: figures.step,
    'valid loss': figures.loss.toFixed(3),
    unit: figures.lossUnit,
    ...Object.fromEntries(baseline),
    speed: `${Math.round(figures.tokensPerSecond)} ${figures.units}/s`,
    memory: formatBytes(measuredBytes),
    'as predicted': measuredBytes === predictedBytes ? 'yes' : formatBytes(predictedBytes),
    'bars again': repeated(0),
    'two bars on': repeated(1),
  };
}

function mean(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, value) => sum + value, 0) / finite.length;
}
