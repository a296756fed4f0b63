import { describe, expect, it } from 'vitest';
import { fastestReading, possibleReadings } from '../src/device/texture-probe.ts';
import {
  Arena,
  add,
  evaluate,
  Graph,
  gradients,
  lstm,
  matmul,
  type Plan,
  Program,
  plan,
  scale,
  store,
  sum,
  type Tensor,
  totalMemory,
} from '../src/index.ts';
import { imageSize } from '../src/kernels/image.ts';
import { openDevice } from '../src/node.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice(undefined, false, 'storage');
const buffers = await testDevice(undefined, false, 'buffers');

const constant = (graph: Graph, seed: number, ...shape: number[]) =>
  graph.constant(
    randomNumbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
  );

/** Products of all forms, of matrices whose rows and lines are whole steps of four or not, and batched. */
function products(graph: Graph): Tensor[] {
  return [
    matmul(constant(graph, 1, 33, 41), constant(graph, 2, 41, 37)),
    matmul(constant(graph, 3, 41, 33), constant(graph, 4, 41, 40), { transposeA: true }),
    matmul(constant(graph, 5, 36, 41), constant(graph, 6, 35, 41), { transposeB: true }),
    matmul(constant(graph, 7, 2, 33, 6), constant(graph, 8, 2, 6, 34)),
    matmul(constant(graph, 9, 3, 7, 33), constant(graph, 10, 7, 39), { transposeA: true }),
  ];
}

const texturesOf = ({ buffers: planned }: Plan) => planned.filter(({ texture }) => texture !== undefined);

/** How often each kernel runs. */
const count = ({ dispatches }: Plan, label: string) => dispatches.filter(({ kernel }) => kernel.label === label).length;

describe('matrices in textures', () => {
  it('give the bits of buffers in products of all forms', async () => {
    const expected = await evaluate(buffers, products(new Graph()));
    expect(await evaluate(device, products(new Graph()))).toEqual(expected);
  });

  it.each([16, 24, 64])('are folded into sides of %i, or stay in buffers', async (maxSide) => {
    const support = { reading: 'storage', maxSide } as const;
    const run = async (on: typeof device, limits: Parameters<typeof plan>[1]) => {
      const graph = new Graph();
      const projected = constant(graph, 20, 2, 9, 64);
      const outputs = [...products(graph), lstm(projected, constant(graph, 21, 16, 64)).output];
      const planned = plan(graph, { ...limits, outputs });
      for (const { texture } of texturesOf(planned)) {
        expect(Math.max(texture?.width ?? 0, texture?.height ?? 0)).toBeLessThanOrEqual(maxSide);
      }
      const program = await Program.create(on, planned);
      program.run();
      const values = [];
      for (const tensor of outputs) values.push(await program.read(tensor));
      program.destroy();
      return { values, textures: texturesOf(planned).length };
    };
    const folded = await run(device, { limits: { ...device.limits, textures: support } });
    const plain = await run(buffers, { limits: buffers.limits });
    expect(folded.values).toEqual(plain.values);
    expect(folded.textures).toBeGreaterThan(0);
  });

  it('fold into as few texels as there are, or say that they do not fit', () => {
    const size = (lines: number, columns: number, maxSide: number) =>
      imageSize({ layout: { lines, columns }, support: { reading: 'storage', maxSide } });
    expect(size(3, 5, 8)).toEqual({ width: 5, height: 3 });
    expect(size(3, 12, 8)).toEqual({ width: 8, height: 6 });
    expect(size(20, 2, 8)).toEqual({ width: 6, height: 8 });
    expect(size(20, 12, 8)).toBeUndefined();
    expect(size(40, 2, 8)).toBeUndefined();
  });

  it('are counted as workspace: what is planned is allocated, and freed again', async () => {
    const before = device.allocated;
    const graph = new Graph();
    const planned = plan(graph, { outputs: products(graph), limits: device.limits });
    expect(texturesOf(planned).every(({ category }) => category === 'workspace')).toBe(true);
    const program = await Program.create(device, planned);
    expect(device.allocated).toEqual(totalMemory([planned]));
    program.destroy();
    expect(device.allocated).toEqual(before);
  });

  it('copy weights once for forward and backward pass, and again after they changed', () => {
    const arena = new Arena('parameters', 'parameters');
    const slot = arena.add('w', [64, 64]);
    const trace = (change: boolean) => {
      const graph = new Graph();
      const weights = graph.variable(slot);
      const x = constant(graph, 1, 64, 64);
      const first = matmul(x, weights);
      if (change) store(scale(first, 1), slot);
      return plan(graph, { outputs: [matmul(first, weights)], limits: device.limits });
    };
    // x, weights and the first product; and the weights once more.
    expect([trace(false), trace(true)].map((planned) => count(planned, 'copy to texture'))).toEqual([3, 4]);
    const graph = new Graph();
    const loss = sum(matmul(constant(graph, 1, 64, 64), graph.variable(slot)));
    const [slope] = gradients(loss, [graph.variable(slot)]);
    const trained = plan(graph, { outputs: [loss, slope], limits: device.limits });
    expect(count(trained, 'copy to texture')).toBeLessThanOrEqual(4);
  });

  it('read what was stored in between', async () => {
    const run = async (on: typeof device) => {
      const arena = new Arena('parameters', 'parameters');
      const slot = arena.add('w', [40, 40]);
      on.write(slot, randomNumbers(1600, 5));
      const graph = new Graph();
      const weights = graph.variable(slot);
      const before = matmul(constant(graph, 1, 40, 40), weights);
      store(add(scale(before, 0.5), constant(graph, 2, 40, 40)), slot);
      const after = matmul(constant(graph, 3, 40, 40), weights);
      const program = await Program.create(on, plan(graph, { outputs: [before, after], limits: on.limits }));
      const values = [];
      for (let step = 0; step < 2; step++) {
        program.run();
        values.push(await program.read(before), await program.read(after));
      }
      program.destroy();
      on.release(arena);
      return values;
    };
    expect(await run(device)).toEqual(await run(buffers));
  });

  it('find NaN and are profiled as buffers are', async () => {
    const graph = new Graph();
    const outputs = products(graph);
    const planned = plan(graph, { outputs, limits: device.limits });
    const program = await Program.create(device, planned, { detectNonFinite: true });
    program.run();
    const values = await program.read(outputs[0]);
    const { kernels } = await program.profile(1);
    expect(kernels.some(({ label }) => label === 'copy to texture')).toBe(true);
    expect(await program.read(outputs[0])).toEqual(values);
    program.destroy();
  });
});

describe('openDevice', () => {
  it('measures once from where to read, and remembers it', async () => {
    const memory = new Map<string, string>();
    const possible = possibleReadings(buffers, true);
    const first = await fastestReading(buffers, memory, possible);
    const [[, remembered]] = [...memory];
    expect(first?.reading ?? 'buffers').toBe(remembered);
    for (const word of ['buffers', 'storage', 'sampled']) {
      const reading = await fastestReading(buffers, new Map([[[...memory.keys()][0], word]]), possible);
      expect(reading?.reading ?? 'buffers').toBe(word);
    }
    expect(buffers.allocated.workspace).toBe(0);
  });

  it('refuses unknown words', async () => {
    process.env.CHIPSMITH_MATRICES = 'tapes';
    const refusal = openDevice({ adapter: 'null' });
    delete process.env.CHIPSMITH_MATRICES;
    await expect(refusal).rejects.toThrow(
      'CHIPSMITH_MATRICES: "tapes" is unknown; choose buffers, storage or sampled.',
    );
  });
});
