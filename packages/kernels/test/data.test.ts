import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Arena, evaluate, Graph, KernelError, Program, plan, scale, type TensorData } from '../src/index.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

/** What JavaScript lets through, whatever the types say. */
const untyped = (data: unknown) => data as Float32Array<ArrayBuffer>;

const WRONG: readonly (readonly [string, unknown])[] = [
  ['Float64Array of 2', new Float64Array(2)],
  ['Int32Array of 2', new Int32Array(2)],
  ['Uint8Array of 2', new Uint8Array(2)],
  ['BigUint64Array of 2', new BigUint64Array(2)],
  ['Array of 2', [1, 2]],
  ['object', new ArrayBuffer(8)],
  ['object', new DataView(new ArrayBuffer(8))],
  ['object', { length: 2, 0: 1, 1: 2 }],
  ['object', Object.create(Float32Array.prototype)],
  ['string', '12'],
  ['undefined', undefined],
  ['null', null],
];

function thrown(run: () => unknown): KernelError {
  try {
    run();
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('data of another kind', () => {
  const arena = new Arena('state', 'workspace');
  const slot = arena.add('s', [2]);

  it.each(WRONG)('is refused: %s', async (name, data) => {
    const graph = new Graph();
    const inputs = [graph.input([2]), graph.input([2], 'u32')];
    const program = await Program.create(device, plan(graph, { outputs: [scale(inputs[0], 2)] }));
    const entries: readonly (readonly [string, string, () => unknown])[] = [
      ['constant', 'a Float32Array for f32, or a Uint32Array for u32', () => graph.constant(untyped(data), [2])],
      ['write: slot s', 'a Float32Array of 2 for f32 [2]', () => device.write(slot, untyped(data))],
      ['write: input 0 [2]', 'a Float32Array of 2 for f32 [2]', () => program.write(inputs[0], untyped(data))],
      ['write: input 1 [2]', 'a Uint32Array of 2 for u32 [2]', () => program.write(inputs[1], untyped(data))],
    ];
    for (const [what, wanted, enter] of entries) {
      const error = thrown(enter);
      expect(error.code).toBe('data-type');
      expect(error.summary).toMatch(`${what}: got ${name}`);
      expect(error.summary).toContain(`pass ${wanted}`);
    }
    program.destroy();
  });

  it('is refused where the other data type is wanted', async () => {
    const graph = new Graph();
    const inputs = [graph.input([2]), graph.input([2], 'u32')];
    const program = await Program.create(device, plan(graph, { outputs: [scale(inputs[0], 2)] }));
    expect(thrown(() => program.write(inputs[0], Uint32Array.of(1, 2))).code).toBe('data-type');
    expect(thrown(() => program.write(inputs[1], Float32Array.of(1, 2))).code).toBe('data-type');
    expect(thrown(() => device.write(slot, untyped(Uint32Array.of(1, 2)))).code).toBe('data-type');
    program.destroy();
  });

  it('is refused where there are more or fewer values', async () => {
    const graph = new Graph();
    const x = graph.input([2]);
    const program = await Program.create(device, plan(graph, { outputs: [scale(x, 2)] }));
    for (const data of [new Float32Array(1), new Float32Array(3), new Float32Array(0)]) {
      for (const enter of [
        () => program.write(x, data),
        () => device.write(slot, data),
        () => graph.constant(data, [2]),
      ]) {
        expect(thrown(enter)).toMatchObject({ code: 'shape' });
        expect(thrown(enter).summary).toContain(`got Float32Array of ${data.length}; pass a Float32Array of 2 for`);
      }
    }
    program.destroy();
  });
});

describe('data from another realm', () => {
  const foreign = (code: string) => runInNewContext(code) as TensorData;

  it('counts by its class, not by the realm', async () => {
    const graph = new Graph();
    const values = foreign('Float32Array.of(1, 2)');
    const ids = graph.constant(foreign('Uint32Array.of(1, 2)'), [2]);
    expect(ids.dtype).toBe('u32');
    const x = graph.input([2]);
    const program = await Program.create(device, plan(graph, { outputs: [scale(x, 2)] }));
    program.write(x, values);
    program.run();
    expect(await evaluate(device, [scale(graph.constant(values, [2]), 2)])).toEqual([Float32Array.of(2, 4)]);
    expect(thrown(() => program.write(x, foreign('Float64Array.of(1, 2)'))).code).toBe('data-type');
    program.destroy();
  });
});
