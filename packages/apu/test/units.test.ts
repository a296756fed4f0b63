import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Envelope } from '../src/chip/envelope.ts';
import { LengthCounter } from '../src/chip/length-counter.ts';
import { LinearCounter } from '../src/chip/linear-counter.ts';
import { Sweep } from '../src/chip/sweep.ts';

const nibble = fc.integer({ min: 0, max: 15 });
const periods = fc.integer({ min: 0, max: 0x7ff });

describe('envelope', () => {
  const quarters = fc.integer({ min: 1, max: 600 });

  it('decays from 15 by one every V + 1 quarter frames, and starts over where it loops', () => {
    fc.assert(
      fc.property(nibble, fc.boolean(), quarters, (divider, loop, count) => {
        const envelope = new Envelope();
        envelope.write((loop ? 0x20 : 0) | divider);
        envelope.restart();
        for (let i = 0; i < count; i++) envelope.clockQuarterFrame();
        const steps = Math.floor((count - 1) / (divider + 1));
        expect(envelope.volume).toBe(loop ? 15 - (steps % 16) : Math.max(0, 15 - steps));
      }),
      { seed: 1 },
    );
  });

  it('gives V while the volume is constant, and goes on decaying behind it', () => {
    const envelope = new Envelope();
    envelope.write(0x10 | 7);
    envelope.restart();
    for (let i = 0; i < 9; i++) envelope.clockQuarterFrame();
    expect(envelope.volume).toBe(7);
    envelope.write(7);
    expect(envelope.volume).toBe(14);
  });

  it('starts again only at the quarter frame after a restart', () => {
    const envelope = new Envelope();
    envelope.write(0);
    envelope.restart();
    for (let i = 0; i < 5; i++) envelope.clockQuarterFrame();
    envelope.restart();
    expect(envelope.volume).toBe(11);
    envelope.clockQuarterFrame();
    expect(envelope.volume).toBe(15);
  });
});

describe('sweep', () => {
  it('aims at t + (t >> S), or below t by it, one lower still on pulse 1, never below 0', () => {
    fc.assert(
      fc.property(periods, fc.integer({ min: 0, max: 7 }), (period, shift) => {
        const first = new Sweep('ones-complement');
        const second = new Sweep('twos-complement');
        const change = Math.floor(period / 2 ** shift);
        for (const sweep of [first, second]) sweep.write(shift);
        expect([first.target(period), second.target(period)]).toEqual([period + change, period + change]);
        for (const sweep of [first, second]) sweep.write(8 | shift);
        expect(first.target(period)).toBe(Math.max(0, period - change - 1));
        expect(second.target(period)).toBe(period - change);
      }),
      { seed: 2 },
    );
  });

  it('slides on the first half frame and then on every (P + 1)th, until it would be muted', () => {
    fc.assert(
      fc.property(
        periods,
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        (start, divider, shift, negate) => {
          const sweep = new Sweep('twos-complement');
          sweep.write(0x80 | (divider << 4) | (negate ? 8 : 0) | shift);
          let period = start;
          let expected = start;
          for (let half = 0; half < 60; half++) {
            period = sweep.clockHalfFrame(period);
            if (half % (divider + 1) === 0) {
              const next = negate ? expected - (expected >> shift) : expected + (expected >> shift);
              if (expected >= 8 && next <= 0x7ff) expected = next;
            }
            expect(period).toBe(expected);
          }
        },
      ),
      { seed: 3 },
    );
  });

  it('leaves the period alone when off or when its shift is 0', () => {
    for (const value of [0x01, 0x80, 0x70, 0xf8]) {
      const sweep = new Sweep('ones-complement');
      sweep.write(value);
      for (let half = 0; half < 20; half++) expect(sweep.clockHalfFrame(0x100)).toBe(0x100);
    }
  });

  it('mutes periods below 8 and those it would slide past $7FF, even while off', () => {
    const sweep = new Sweep('ones-complement');
    expect([7, 8, 0x3ff, 0x400].map((period) => sweep.mutes(period))).toEqual([true, false, false, true]);
    sweep.write(0x08);
    expect([7, 8, 0x400, 0x7ff].map((period) => sweep.mutes(period))).toEqual([true, false, false, false]);
  });

  it('reloads its divider after a write without losing the slide that was due', () => {
    const sweep = new Sweep('twos-complement');
    sweep.write(0x80 | (2 << 4) | 1);
    let period = sweep.clockHalfFrame(0x20); // slides to 0x30; two half frames to go
    period = sweep.clockHalfFrame(period);
    sweep.write(0x80 | (2 << 4) | 1);
    period = sweep.clockHalfFrame(period); // reloads to 2 instead of reaching 0
    expect(period).toBe(0x30);
    const after = [1, 2, 3].map(() => {
      period = sweep.clockHalfFrame(period);
      return period;
    });
    expect(after).toEqual([0x30, 0x30, 0x48]);
  });
});

describe('linear counter', () => {
  const reloads = fc.integer({ min: 0, max: 127 });
  const counts = fc.integer({ min: 1, max: 200 });

  it('counts down from R by quarter frames after $400B', () => {
    fc.assert(
      fc.property(reloads, counts, (reload, count) => {
        const linear = new LinearCounter();
        linear.write(reload);
        linear.restart();
        for (let i = 0; i < count; i++) linear.clockQuarterFrame();
        expect(linear.count).toBe(Math.max(0, reload - (count - 1)));
      }),
      { seed: 4 },
    );
  });

  it('stays at R while the control bit is set, and reloads once more after it is cleared', () => {
    fc.assert(
      fc.property(reloads, counts, (reload, count) => {
        const linear = new LinearCounter();
        linear.write(0x80 | reload);
        linear.restart();
        for (let i = 0; i < count; i++) linear.clockQuarterFrame();
        expect(linear.count).toBe(reload);
        linear.write(reload);
        linear.clockQuarterFrame();
        expect(linear.count).toBe(reload);
        linear.clockQuarterFrame();
        expect(linear.count).toBe(Math.max(0, reload - 1));
      }),
      { seed: 5 },
    );
  });
});

describe('length counter', () => {
  /** Odd entries are 254, 2, 4 .. 30; even ones are note lengths at two tempi, each with its triplet and dotted kin. */
  const expected = (index: number) => {
    if (index % 2 === 1) return index === 1 ? 254 : index - 1;
    return [10, 20, 40, 80, 160, 60, 14, 26, 12, 24, 48, 96, 192, 72, 16, 32][index / 2];
  };
  const loaded = (index: number) => {
    const counter = new LengthCounter();
    counter.setEnabled(true);
    counter.load(index);
    counter.commit();
    return counter;
  };

  it('loads the 32 lengths of the table and counts half frames down to 0', () => {
    for (let index = 0; index < 32; index++) {
      const counter = loaded(index);
      let halves = 0;
      for (; counter.count > 0; halves++) counter.clockHalfFrame();
      counter.clockHalfFrame();
      expect([halves, counter.count]).toEqual([expected(index), 0]);
    }
  });

  it('halts, and goes on a cycle after the halt is lifted', () => {
    const counter = loaded(0);
    counter.setHalt(true);
    counter.clockHalfFrame(); // on the write's own clock: still running
    counter.commit();
    counter.clockHalfFrame();
    expect(counter.count).toBe(9);
    counter.setHalt(false);
    counter.clockHalfFrame();
    expect(counter.count).toBe(9);
    counter.commit();
    counter.clockHalfFrame();
    expect(counter.count).toBe(8);
  });

  it('loses a reload on the cycle of a half frame, unless it was empty', () => {
    const counter = loaded(0);
    counter.load(1);
    counter.clockHalfFrame();
    counter.commit();
    expect(counter.count).toBe(9);
    const empty = new LengthCounter();
    empty.setEnabled(true);
    empty.load(1);
    empty.clockHalfFrame();
    empty.commit();
    expect(empty.count).toBe(254);
  });

  it('is emptied by its bit of $4015 and takes no loads until it is set again', () => {
    const counter = loaded(0);
    counter.setEnabled(false);
    expect(counter.count).toBe(0);
    counter.load(1);
    counter.commit();
    expect(counter.count).toBe(0);
    counter.setEnabled(true);
    counter.load(1);
    counter.commit();
    expect(counter.count).toBe(254);
  });
});
