import { barsRepeatedAt, measureMelody, type Song } from '@chipsmith/data';
import { quantileOf } from './likeness.ts';
import { formatTable, percent } from './terminal/output.ts';
import { formatBytes } from './terminal/progress.ts';

/** How the training of one of the models that are compared went. */
export interface TrainingFigures {
  readonly model: string;
  readonly parameters: number;
  readonly step: number;
  /** Over the whole valid split, of the best checkpoint. */
  readonly loss: number;
  readonly lossUnit: string;
  readonly baselines: Readonly<Record<string, number>>;
  readonly measures: Readonly<Record<string, number>>;
  readonly tokensPerSecond: number;
  readonly predictedBytes: number;
  readonly measuredBytes: number;
}

/** One measure of a model's tracks, beside the songs that it learnt from. */
export interface MusicFigure {
  /** Of the tracks. */
  readonly median: number;
  /** 5 and 95 % of the songs lie below these. */
  readonly lowest: number;
  readonly highest: number;
  /** Tracks that lie between them. */
  readonly within: number;
}

export interface ModelFigures extends TrainingFigures {
  readonly encoding: string;
  readonly tracks: number;
  readonly music: Readonly<Record<string, MusicFigure>>;
}

/** Measures of what a listener notices: heading, how it is written, and how it is taken. NaN says nothing. */
const MEASURES: readonly {
  readonly heading: string;
  readonly format: (value: number) => string;
  readonly of: (song: Song) => number;
}[] = [
  { heading: 'on beats', format: share, of: (song) => measureMelody(song).onsetsMet },
  { heading: 'interval', format: twoDigits, of: (song) => measureMelody(song).interval },
  { heading: 'leaps', format: share, of: (song) => measureMelody(song).leaps },
  { heading: 'notes again', format: share, of: (song) => measureMelody(song).repeatedNotes },
  { heading: 'notes a beat', format: twoDigits, of: (song) => measureMelody(song).density },
  { heading: 'rests', format: share, of: (song) => measureMelody(song).rests },
  { heading: 'bars again', format: share, of: (song) => measureMelody(song).repeatedBars },
  { heading: 'next bar', format: share, of: (song) => barsRepeatedAt(song, 1) },
  { heading: 'two bars on', format: share, of: (song) => barsRepeatedAt(song, 2) },
];
