import { describe, expect, it } from 'vitest';
import {
  type Device,
  Graph,
  MEMORY_CATEGORIES,
  MemoryPool,
  matmul,
  Program,
  plan,
  sum,
  totalMemory,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const buffers = await testDevice(undefined, false, 'buffers');
const textures = await testDevice(undefined, false, 'storage');

/** A program with activations of some size, on paper. */
function planOf(device: Device, rows: number, pool?: MemoryPool) {
  const graph = new Graph();
  const x = graph.input([rows, 40]);
  const hidden = unary('tanh', matmul(x, graph.constant(randomNumbers(40 * 36, 1), [40, 36])));
  const output = sum(unary('square', matmul(hidden, hidden, { transposeB: true })));
  return { x, output, planned: plan(graph, { history: [output], outputs: [hidden], limits: device.limits, pool }) };
}

const bytes = (plans: Parameters<typeof totalMemory>[0]) => {
  const total = totalMemory(plans);
  return MEMORY_CATEGORIES.reduce((sum, category) => sum + total[category], 0);
};

describe.each([
  ['buffers', buffers],
  ['textures', textures],
])('programs with %s of one pool', (_, device) => {
  const sizes = [64, 33, 8];

  it('compute what they do apart, whatever runs in between', async () => {
    const pool = new MemoryPool();
    const made = await Promise.all(
      sizes.map(async (rows) => {
        const [pooled, apart] = [planOf(device, rows, pool), planOf(device, rows)];
        const programs = [await Program.create(device, pooled.planned), await Program.create(device, apart.planned)];
        return { rows, inputs: [pooled.x, apart.x], programs };
      }),
    );
    for (const turn of [0, 1, 2, 1, 0, 2]) {
      const { rows, inputs, programs } = made[turn];
      for (const [index, program] of programs.entries()) {
        program.write(inputs[index], randomNumbers(rows * 40, rows));
        program.run();
      }
    }
    for (const { programs } of made) {
      const [pooled, apart] = [await programs[0].history(), await programs[1].history()];
      expect(pooled).toEqual(apart);
      expect(pooled).toHaveLength(2);
      for (const program of programs) program.destroy();
    }
  });

  it('take the memory of the largest, as predicted, until the last of them is gone', async () => {
    const before = device.allocated;
    const pool = new MemoryPool();
    const plans = sizes.map((rows) => planOf(device, rows, pool).planned);
    const [largest] = plans;
    const apart = sizes.map((rows) => planOf(device, rows).planned);
    expect(totalMemory(plans).activations).toBe(apart[0].byCategory.activations);
    expect(bytes(plans)).toBeLessThan(bytes(apart));
    const texels = (of: typeof plans) =>
      of.flatMap((one) => one.buffers).filter(({ texture }) => texture !== undefined);
    expect(new Set(texels(plans)).size).toBe(texels([largest]).length);

    const programs = [];
    for (const each of plans) programs.push(await Program.create(device, each));
    expect(device.allocated).toEqual(totalMemory(plans));
    programs[0].destroy();
    programs[0].destroy();
    expect(device.allocated.activations).toBe(before.activations + largest.byCategory.activations);
    const again = await Program.create(device, largest);
    expect(device.allocated).toEqual(totalMemory(plans));
    for (const program of [...programs, again]) program.destroy();
    expect(device.allocated).toEqual(before);
  });

  it('find more where a later one is larger', () => {
    const pool = new MemoryPool();
    const [small, large] = [8, 64].map((rows) => planOf(device, rows, pool).planned);
    const sum = small.byCategory.activations + large.byCategory.activations;
    expect(totalMemory([small, large]).activations).toBe(sum);
  });
});
