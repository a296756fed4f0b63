import { describe, expect, it } from 'vitest';
import { summarise } from '../src/benchmark.ts';
import { busyWarning } from '../src/machine.ts';
import { measureAlternately } from '../src/measure.ts';

const ONE_RUN_A_SAMPLE = { rounds: 4, budgetMilliseconds: Number.POSITIVE_INFINITY, sampleMilliseconds: 0 };

describe('measureAlternately', () => {
  it('warms up each subject, then takes turns and waits for each', async () => {
    const calls: string[] = [];
    const subject = (name: string) => ({
      run: () => void calls.push(name),
      settle: async () => void calls.push(`${name} settled`),
    });
    const samples = await measureAlternately([subject('a'), subject('b')], {
      ...ONE_RUN_A_SAMPLE,
      sampleMilliseconds: 1e-9,
    });
    const turn = ['a', 'a settled', 'b', 'b settled'];
    const warmUp = ['a', 'a settled', 'a', 'a settled', 'b', 'b settled', 'b', 'b settled'];
    expect(calls).toEqual([...warmUp, ...turn, ...turn, ...turn, ...turn]);
    expect(samples.map((list) => list.length)).toEqual([4, 4]);
    for (const { wall, cpu } of samples.flat()) {
      expect(wall).toBeGreaterThan(0);
      expect(cpu).toBeGreaterThanOrEqual(0);
    }
  });

  it('takes three rounds at least when the time is up at once', async () => {
    const effort = { rounds: 10, budgetMilliseconds: -1, sampleMilliseconds: 1e-9 };
    const [samples] = await measureAlternately([{ run: () => undefined }], effort);
    expect(samples).toHaveLength(3);
  });
});

describe('summarise', () => {
  const prepared = { work: { amount: 512, unit: 'tokens/s' }, gigaflop: 2 };

  it('gives rates from the median', () => {
    const samples = [100, 200, 900].map((wall) => ({ wall, cpu: 2 * wall }));
    const result = summarise('x', prepared, samples);
    expect(result.wall).toEqual({ minimum: 100, median: 200 });
    expect(result.cpu).toEqual({ median: 400 });
    expect(result.rates).toEqual([
      { value: 2560, unit: 'tokens/s' },
      { value: 10, unit: 'GFLOP/s' },
    ]);
    expect(result.shareOfPeak).toBeUndefined();
  });

  it('compares each round with the peak of the same round, so that load which slows both cancels', () => {
    const loads = [1, 5, 2];
    const samples = loads.map((load) => ({ wall: 80 * load, cpu: 80 }));
    const peak = { gigaflop: 1, samples: loads.map((load) => ({ wall: 10 * load, cpu: 10 })) };
    // 2 in 80 ms is 25 a second, the peak 1 in 10 ms is 100.
    expect(summarise('x', prepared, samples, peak).shareOfPeak).toBeCloseTo(0.25, 12);
  });
});

describe('busyWarning', () => {
  it('speaks up above half the cores', () => {
    expect(busyWarning(1, 2)).toBeUndefined();
    expect(busyWarning(1.01, 2)).toMatch(/^The machine is busy: load 1\.01 on 2 cores/);
  });
});
