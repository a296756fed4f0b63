import type { Beats } from './beats.ts';

/** A value for each run of video frames: [frame from the note's start, value]. The first frame is 0. */
export type FrameValues = readonly (readonly [frame: number, value: number])[];

/** How a pulse sounds: its loudness and its duty over the frames of a note. */
export interface Timbre {
  readonly volume: FrameValues;
  readonly duty: FrameValues;
}

/**
 * What the three voices under the melody play. Patterns are text, one group a beat, one letter for each equal part of
 * it; they repeat over the beats of a bar and begin again with each bar. In all of them `-` lets go on sounding and `.`
 * is silence.
 *
 * Bass: `R` root, `F` fifth, `T` third, `O` the root an octave up. Second: `0` to `3` the tones of the chord from
 * below, `A` all of them in turn, three frames each; 'line' is a counter-line. Drums: `K` kick, `S` snare, `h` closed
 * hat, `o` open hat.
 */
export interface Style {
  readonly lead: Timbre;
  readonly secondTimbre: Timbre;
  readonly second: string;
  readonly bass: string;
  readonly drums: string;
  /** In place of the drums in each fourth bar. */
  readonly fill: string;
}

const BRIGHT: Timbre = {
  volume: [
    [0, 14],
    [2, 12],
    [6, 11],
    [14, 10],
    [30, 9],
  ],
  duty: [[0, 2]],
};
const REED: Timbre = {
  volume: [
    [0, 9],
    [1, 12],
    [10, 11],
    [24, 10],
    [48, 8],
  ],
  duty: [
    [0, 0],
    [2, 1],
  ],
};
const BELL: Timbre = {
  volume: [
    [0, 15],
    [2, 12],
    [5, 10],
    [9, 8],
    [15, 7],
    [24, 6],
    [40, 5],
  ],
  duty: [[0, 2]],
};
const PLUCKED: Timbre = {
  volume: [
    [0, 8],
    [2, 6],
    [5, 4],
    [9, 3],
    [16, 2],
  ],
  duty: [[0, 1]],
};
const SOFT: Timbre = {
  volume: [
    [0, 4],
    [2, 6],
    [20, 5],
    [40, 4],
  ],
  duty: [[0, 2]],
};
const THIN: Timbre = { volume: [[0, 5]], duty: [[0, 0]] };

const DUPLE: Readonly<Record<string, Style>> = {
  march: { lead: BRIGHT, secondTimbre: SOFT, second: 'line', bass: 'R. F.', drums: 'K.h. S.hh', fill: 'K.SS SSS.' },
  ballad: { lead: REED, secondTimbre: PLUCKED, second: '01 21', bass: 'R -- F -R', drums: 'K h S h', fill: 'K h S SS' },
  gallop: {
    lead: BRIGHT,
    secondTimbre: THIN,
    second: '.A .A',
    bass: 'R.RR O.RR F.FF O.RR',
    drums: 'K.hh S.hh',
    fill: 'K.hh SShS',
  },
  rock: {
    lead: BELL,
    secondTimbre: SOFT,
    second: 'line',
    bass: 'RR OO RR FO',
    drums: 'Kh Sh KK So',
    fill: 'Kh SK Sh SSSS',
  },
};

const TRIPLE: Readonly<Record<string, Style>> = {
  waltz: { lead: BRIGHT, secondTimbre: PLUCKED, second: '. A A', bass: 'R F F', drums: 'K h h', fill: 'K S S' },
  air: { lead: REED, secondTimbre: PLUCKED, second: '01 23 21', bass: 'R -- -F', drums: 'K hh hh', fill: 'K h SS' },
  minuet: { lead: BELL, secondTimbre: SOFT, second: 'line', bass: 'R. T. F.', drums: 'K S. h.', fill: 'K Sh Sh' },
};

const COMPOUND: Readonly<Record<string, Style>> = {
  jig: { lead: BRIGHT, secondTimbre: THIN, second: '.AA .AA', bass: 'R.O F.O', drums: 'K.h S.h', fill: 'K.h SSS' },
  barcarole: {
    lead: REED,
    secondTimbre: PLUCKED,
    second: '012 321',
    bass: 'R-- F--',
    drums: 'K-h -hh',
    fill: 'K-h S-S',
  },
  quickstep: { lead: BELL, secondTimbre: SOFT, second: 'line', bass: 'R.. F.R', drums: 'Khh Shh', fill: 'KhS ShS' },
};

/** The styles that suit a meter. Odd meters take those of two beats, cut by the bar. */
export function stylesFor({ count, division }: Beats): readonly Style[] {
  if (division === 3) return Object.values(COMPOUND);
  return Object.values(count % 3 === 0 ? TRIPLE : DUPLE);
}
