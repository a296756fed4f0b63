import { describe, expect, it } from 'vitest';
import {
  Arena,
  Graph,
  gradients,
  HISTORY_LENGTH,
  matmul,
  mean,
  Program,
  plan,
  store,
  subtract,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

/** A training step of one square layer: few launches, so that many steps take little time. */
function trainingStep(units: number, batch: number) {
  const arena = new Arena('parameters', 'parameters');
  const slot = arena.add('weights', [units, units]);
  const graph = new Graph();
  const x = graph.input([batch, units]);
  const weights = graph.variable(slot);
  const loss = mean(unary('square', subtract(matmul(x, weights), x)));
  const [slope] = gradients(loss, [weights]);
  store(subtract(weights, slope), slot);
  return { arena, x, plan: plan(graph, { history: [loss], limits: device.limits }) };
}

const MEBIBYTE = 2 ** 20;
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * How much the process grew between the first and the last third of some sizes, by their medians, which single
 * collections of garbage do not move. The first quarter does not count: heaps and caches fill up then, by some 20 MiB.
 */
function growth(sizes: readonly number[]): number {
  const warm = sizes.slice(Math.floor(sizes.length / 4));
  const third = Math.floor(warm.length / 3);
  return median(warm.slice(-third)) - median(warm.slice(0, third));
}

describe('memory stays flat', () => {
  it('over 10,000 steps of training', { timeout: 120_000 }, async () => {
    const { arena, x, plan: planned } = trainingStep(8, 4);
    const program = await Program.create(device, planned);
    const data = randomNumbers(32, 1);
    const allocated = device.allocated;
    const sizes: number[] = [];
    const losses: number[] = [];
    for (let step = 1; step <= 10_000; step++) {
      program.write(x, data);
      program.run();
      if (step % HISTORY_LENGTH > 0) continue;
      for (const [loss] of await program.history()) losses.push(loss);
      sizes.push(process.memoryUsage.rss());
      expect(device.allocated).toEqual(allocated);
    }
    expect(losses).toHaveLength(39 * HISTORY_LENGTH);
    expect(losses[losses.length - 1]).toBeLessThan(losses[0] / 2);
    // The medians are 5,000 steps apart: this is 3 KiB a step, less than a command encoder takes. Measured: 6 MiB
    // either way.
    expect(growth(sizes)).toBeLessThan(16 * MEBIBYTE);
    program.destroy();
    device.release(arena);
  });

  it('over 160 programs, made and destroyed one after the other', { timeout: 120_000 }, async () => {
    const before = device.allocated;
    const sizes: number[] = [];
    const planned = trainingStep(64, 2048).plan;
    for (let round = 0; round < 160; round++) {
      const { arena, x, plan } = trainingStep(64, 2048);
      const program = await Program.create(device, plan);
      program.write(x, new Float32Array(64 * 2048));
      program.run();
      program.destroy();
      device.release(arena);
      expect(device.allocated).toEqual(before);
      sizes.push(process.memoryUsage.rss());
    }
    // The medians are 80 programs of 1.5 MiB apart. A quarter of that, 30 MiB, is twice what was measured.
    const leaked = 80 * (planned.peakBytes - planned.byCategory.staging);
    expect(growth(sizes)).toBeLessThan(leaked / 4);
  });
});
