import { describe, expect, it } from 'vitest';
import {
  barsAtTypicalTempo,
  barsOfEvents,
  findEncoding,
  firstBars,
  melodyEncoding,
  polyphonyEncoding,
} from '../src/index.ts';

const [START, STEP_END, NOTE] = [0, 2, 63];
/** A bar of a note in each step, whose last two steps are empty. */
const BAR = [...new Array(14).fill([NOTE, STEP_END]).flat(), STEP_END, STEP_END];

describe('barsOfEvents', () => {
  it('adds up the time of events', () => {
    expect(barsOfEvents([], melodyEncoding)).toBe(0);
    expect(barsOfEvents(new Array(24).fill(0), melodyEncoding)).toBe(1.5);
    expect(barsOfEvents([START, ...BAR, ...BAR, NOTE], polyphonyEncoding)).toBe(2);
  });

  it('takes waits by what stands before them', () => {
    const encoding = findEncoding('note-duration');
    // A note of a bar in each half of a bar: only the separators let time pass.
    const [note, separator] = [9 + 60, 8];
    const duration = (steps: number) => 137 + steps;
    const row = [note, duration(16), separator, duration(8)];
    expect(barsOfEvents([0, 1, ...row, ...row], encoding)).toBe(1);
  });
});

describe('firstBars', () => {
  it('cuts after the event with which the bars are over', () => {
    const events = Uint16Array.from([START, ...BAR, ...BAR, NOTE, STEP_END]);
    expect(firstBars(events, polyphonyEncoding, 1)).toHaveLength(1 + BAR.length);
    expect(firstBars(events, polyphonyEncoding, 2)).toHaveLength(1 + 2 * BAR.length);
    expect(firstBars(events, polyphonyEncoding, 3)).toEqual(events);
  });

  it('is not put off by rounding', () => {
    const encoding = findEncoding('performance');
    const tenMilliseconds = 256;
    // 200 hundredths of a second are a bar, but not when they are added up in floating point.
    const events = new Uint16Array(600).fill(tenMilliseconds);
    for (const bars of [1, 2]) expect(firstBars(events, encoding, bars)).toHaveLength(200 * bars);
  });
});

describe('barsAtTypicalTempo', () => {
  it('counts bars of other meters as parts of 4/4, and seconds by the tempo', () => {
    const common = { beats: 4, unit: 4 } as const;
    const waltz = { beats: 3, unit: 4 } as const;
    expect(barsAtTypicalTempo(8, melodyEncoding, common, 90)).toBe(8);
    expect(barsAtTypicalTempo(8, melodyEncoding, waltz, 90)).toBe(6);
    // At 90 beats a minute 9 bars last 24 seconds, in which 12 bars pass at 120.
    expect(barsAtTypicalTempo(9, findEncoding('performance'), common, 90)).toBe(12);
    expect(barsAtTypicalTempo(9, findEncoding('tx1'), waltz, 90)).toBe(9);
  });
});
