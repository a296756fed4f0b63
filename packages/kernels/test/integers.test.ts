import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  binary,
  cast,
  compare,
  divide,
  embedding,
  evaluate,
  Graph,
  maximum,
  minimum,
  multiply,
  Program,
  plan,
  scale,
  store,
  subtract,
  type Tensor,
  unary,
  where,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

const bits = (...values: number[]) => Uint32Array.from(values);
const constant = (graph: Graph, ...values: number[]) => graph.constant(bits(...values), [values.length]);
const kernels = (output: Tensor) =>
  plan(output.graph, { outputs: [output] }).dispatches.map(({ kernel }) => kernel.label);

describe('integers', () => {
  it('are added, subtracted and multiplied modulo 2^32, and divided to the floor', async () => {
    const graph = new Graph();
    const a = constant(graph, 7, 0, 4294967295, 65536);
    const b = constant(graph, 2, 1, 2, 65537);
    const results = [add(a, b), subtract(a, b), multiply(a, b), divide(a, b), maximum(a, b), minimum(a, b)];
    expect(await evaluate(device, results)).toEqual([
      bits(9, 1, 1, 131073),
      bits(5, 4294967295, 4294967293, 4294967295),
      bits(14, 0, 4294967294, 65536),
      bits(3, 0, 2147483647, 0),
      bits(7, 1, 4294967295, 65537),
      bits(2, 0, 2, 65536),
    ]);
  });

  it('are compared in all 32 bits', async () => {
    const graph = new Graph();
    const [a, b] = [constant(graph, 4294967295, 16777217, 5), constant(graph, 4294967294, 16777216, 5)];
    const [greater, equal] = await evaluate(device, [compare(a, '>', b), compare(a, '==', b)]);
    expect([greater, equal]).toEqual([Float32Array.of(1, 1, 0), Float32Array.of(0, 0, 1)]);
  });

  it('are chosen in all 32 bits, as for scheduled sampling', async () => {
    const graph = new Graph();
    const [chosen, given] = [constant(graph, 4294967295, 2143289344, 1, 2), constant(graph, 9, 8, 4286578687, 1)];
    const draw = graph.constant(Float32Array.of(0.1, 0.3, 0.5, 0.9), [4]);
    const rate = graph.constant(Float32Array.of(0.4), []);
    const mixed = where(compare(draw, '<', rate), chosen, given);
    expect(kernels(mixed)).toEqual(['compare < + where']);
    expect(await evaluate(device, [mixed])).toEqual([bits(4294967295, 2143289344, 4286578687, 1)]);
  });

  it('fuse with floats on both sides', async () => {
    for (const size of [5, 8]) {
      const graph = new Graph();
      const x = graph.constant(
        Float32Array.from({ length: size }, (_, i) => i + 0.6),
        [size],
      );
      const y = scale(cast(add(cast(unary('square', x), 'u32'), constant(graph, 3)), 'f32'), 0.5);
      expect(kernels(y)).toEqual(['square + cast to u32 + add + cast to f32 + scale']);
      const expected = Float32Array.from({ length: size }, (_, i) => (Math.floor((i + 0.6) ** 2) + 3) / 2);
      expect(await evaluate(device, [y])).toEqual([expected]);
    }
  });

  it('keep memory of their own where the result is of the other type', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1.5, 2.5, 3.5, 4.5), [4]);
    const ids = cast(x, 'u32');
    const [sum, asFloat] = [add(ids, ids), cast(ids, 'f32')];
    expect(await evaluate(device, [sum, asFloat, ids])).toEqual([
      bits(2, 4, 6, 8),
      Float32Array.of(1, 2, 3, 4),
      bits(1, 2, 3, 4),
    ]);
  });
});

describe('slots of integers', () => {
  // Numbers whose bits are those of NaN, an infinity and denormal floats: moving them as floats may change them.
  const delicate = bits(2143289345, 4286578688, 1, 8388607, 4294967295);

  it('keep every bit of what is written, stored and read', async () => {
    const arena = new Arena('ids', 'workspace', 'u32');
    const [given, kept, next] = ['given', 'kept', 'next'].map((name) => arena.add(name, [5]));
    device.write(given, delicate);
    const graph = new Graph();
    const ids = graph.variable(given);
    expect(ids.dtype).toBe('u32');
    store(ids, kept);
    store(add(ids, constant(graph, 1)), next);
    const program = await Program.create(device, plan(graph, { limits: device.limits }));
    program.run();
    expect(await device.readIntegers(kept)).toEqual(delicate);
    expect(await device.readIntegers(next)).toEqual(delicate.map((value) => value + 1));
    program.destroy();
    device.release(arena);
  });

  it('carry a count from one run to the next', async () => {
    const arena = new Arena('state', 'workspace', 'u32');
    const counter = arena.mirror('copy', 'workspace').add('counter', []);
    const graph = new Graph();
    store(add(graph.variable(counter), graph.constant(bits(3), [])), counter);
    const program = await Program.create(device, plan(graph, { limits: device.limits }));
    for (let run = 0; run < 4; run++) program.run();
    expect(await program.read(graph.variable(counter))).toEqual(bits(12));
    program.destroy();
    device.release(counter.arena);
  });

  it('are not taken for floats', async () => {
    const arena = new Arena('ids', 'parameters', 'u32');
    const slot = arena.add('ids', [2]);
    const floats = new Arena('floats', 'parameters').add('x', [2]);
    const graph = new Graph();
    expect(graph.flat(arena).dtype).toBe('u32');
    expect(() => store(graph.input([2]), slot)).toThrow('store: the value for slot ids must be u32, got f32 [2].');
    const wrongType = expect.objectContaining({ code: 'data-type' });
    expect(() => device.write(slot, Float32Array.of(1, 2))).toThrow(wrongType);
    expect(() => device.write(floats, bits(1, 2))).toThrow(wrongType);
    await expect(device.read(slot)).rejects.toThrow('Slot ids holds u32: read it by readIntegers().');
    await expect(device.readIntegers(floats)).rejects.toThrow('Slot x holds f32: read it by read().');
    // Weights stored in 16 bits leave integers as they are.
    const ids = graph.variable(slot);
    const taken = embedding(graph.variable(floats.arena.add('table', [3, 2])), ids);
    const planned = plan(graph, { outputs: [taken], half: { weights: true } });
    expect(planned.location(ids).half).toBe(false);
  });
});

describe('cast', () => {
  it('to u32 gives 0 for what is negative or NaN, and 2^32 - 256 for what is too large', async () => {
    const graph = new Graph();
    const x = graph.constant(
      Float32Array.of(-1, -0, 0.999, 16777215, 4294967040, 4294967296, 1e38, Infinity, -Infinity, NaN),
      [10],
    );
    const [actual] = await evaluate(device, [cast(x, 'u32')]);
    const most = 4294967040;
    expect(actual).toEqual(bits(0, 0, 0, 16777215, most, most, most, most, 0, 0));
  });

  it('to f32 is exact up to 2^24, and near beyond', async () => {
    const graph = new Graph();
    const [actual] = await evaluate(device, [cast(constant(graph, 0, 16777215, 16777216, 4294967295), 'f32')]);
    expect(actual.slice(0, 3)).toEqual(Float32Array.of(0, 16777215, 16777216));
    expect(Math.abs(actual[3] - 2 ** 32)).toBeLessThanOrEqual(256);
  });
});

describe('refusals of mixed types', () => {
  const graph = new Graph();
  const [x, ids] = [graph.input([3]), graph.input([3], 'u32')];
  it.each([
    ['sums', () => add(x, ids), 'add: b must be f32, got u32 [3].'],
    ['the other way round', () => binary('maximum', ids, x), 'maximum: b must be u32, got f32 [3].'],
    ['comparisons', () => compare(ids, '<', x), 'compare: b must be u32, got f32 [3].'],
    ['choices', () => where(ids, x, ids), 'where: b must be f32, got u32 [3].'],
    ['sizes', () => where(x, x, graph.input([4])), 'where: sizes must be equal or 1, got [3] and [3] and [4].'],
  ])('%s', (_name, build, message) => {
    expect(build).toThrow(message);
  });
});
