import { describe, expect, it } from 'vitest';
import { summarise } from '../src/benchmark.ts';
import { busyWarning } from '../src/machine.ts';
import { measureAlternately, samplerOf } from '../src/measure.ts';

describe('measureAlternately', () => {
  /** A sampler that says each run took so long, and records each call. */
  const sampler = (calls: string[], name: string, wall: number) => async (runs: number) => {
    calls.push(`${name}${runs}`);
    return { wall, cpu: 2 * wall };
  };

  it('warms up, fills a sample with runs, then takes turns', async () => {
    const calls: string[] = [];
    const effort = { rounds: 2, budgetMilliseconds: Number.POSITIVE_INFINITY, sampleMilliseconds: 10 };
    const samples = await measureAlternately([sampler(calls, 'a', 3), sampler(calls, 'b', 20)], effort);
    expect(calls).toEqual(['a1', 'a1', 'b1', 'b1', 'a4', 'b1', 'a4', 'b1']);
    expect(samples).toEqual([[3, 3].map((wall) => ({ wall, cpu: 6 })), [20, 20].map((wall) => ({ wall, cpu: 40 }))]);
  });

  it('warms up once only what takes ten samples long', async () => {
    const calls: string[] = [];
    await measureAlternately([sampler(calls, 'slow', 100)], {
      rounds: 1,
      budgetMilliseconds: 0,
      sampleMilliseconds: 10,
    });
    expect(calls).toEqual(['slow1', 'slow1']);
  });

  it('takes three rounds at least when the time is up at once', async () => {
    const effort = { rounds: 10, budgetMilliseconds: -1, sampleMilliseconds: 1 };
    const [samples] = await measureAlternately([sampler([], 'a', 1)], effort);
    expect(samples).toHaveLength(3);
  });
});

describe('samplerOf', () => {
  it('runs as often as asked, then waits once', async () => {
    const calls: string[] = [];
    const settle = async () => void calls.push('settled');
    const { wall, cpu } = await samplerOf({ run: () => void calls.push('run'), settle })(2);
    expect(calls).toEqual(['run', 'run', 'settled']);
    expect(wall).toBeGreaterThan(0);
    expect(cpu).toBeGreaterThanOrEqual(0);
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
    expect(result.share).toBeUndefined();
  });

  it('compares each round with the peak of the same round, so that load which slows both cancels', () => {
    const loads = [1, 5, 2];
    const samples = loads.map((load) => ({ wall: 80 * load, cpu: 80 }));
    const limit = loads.map((load) => ({ wall: 10 * load, cpu: 10 }));
    const peak = { of: 'FMA', work: { amount: 1, unit: 'GFLOP/s' }, samples: limit } as const;
    // 2 in 80 ms is 25 a second, the peak 1 in 10 ms is 100.
    const { share } = summarise('x', prepared, samples, peak);
    expect(share?.of).toBe('FMA');
    expect(share?.value).toBeCloseTo(0.25, 12);
  });
});

describe('busyWarning', () => {
  it('speaks up above half the cores', () => {
    expect(busyWarning(1, 2)).toBeUndefined();
    expect(busyWarning(1.01, 2)).toMatch(/^The machine is busy: load 1\.01 on 2 cores/);
  });
});
