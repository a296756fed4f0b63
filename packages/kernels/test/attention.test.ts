import { describe, expect, it } from 'vitest';
import {
  Arena,
  attention,
  elementCount,
  evaluate,
  Graph,
  gradients,
  multiply,
  Program,
  plan,
  sum,
  type Tensor,
  unary,
  writeRows,
} from '../src/index.ts';
import { operations } from '../src/operation.ts';
import { attentionReference } from './cases/attention.ts';
import { expectSameBits } from './support/bits.ts';
import { hasTextures, testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';
import { withVariant } from './support/variants.ts';

const device = await testDevice();
const readers = {
  buffers: device,
  storage: await testDevice(undefined, false, 'storage'),
  sampled: await testDevice(undefined, false, 'sampled'),
};

describe('more than a block of 64 query rows', () => {
  it('agrees with the reference, with a memory of three keys and relative positions', async () => {
    const shapes = [[1, 130, 1, 2], ...[0, 1].map(() => [1, 133, 1, 2]), [131, 2]];
    const numbers = (seed: number) => shapes.map((shape, index) => randomNumbers(elementCount(shape), seed + index));
    const [values, directions] = [numbers(1), numbers(11)];
    const weights = randomNumbers(130 * 2, 21);
    const graph = new Graph();
    const inputs = values.map((data, index) => graph.constant(data, shapes[index]));
    const [q, k, v, relative] = inputs;
    const output = attention(q, k, v, { causal: true, relative });
    const slopes = gradients(sum(multiply(output, graph.constant(weights, output.shape))), inputs);
    const [actual, ...actualSlopes] = await evaluate(device, [output, ...slopes]);

    /** The reference with one input moved along its direction. */
    const moved = (input: number, by: number) => {
      const [first, second, third, fourth] = values.map((data, index) => ({
        shape: shapes[index],
        data: Float64Array.from(data, (value, at) => value + (index === input ? by * directions[index][at] : 0)),
      }));
      return attentionReference(first, second, third, fourth, { causal: true });
    };
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a, (x, at) => x * b[at]).reduce((t, x) => t + x);
    expectClose(actual, moved(0, 0), TOLERANCE.reduction, 'output');
    for (const [input, slope] of actualSlopes.entries()) {
      const numeric = (dot(moved(input, 1e-5), weights) - dot(moved(input, -1e-5), weights)) / 2e-5;
      expectClose([dot(slope, directions[input])], [numeric], TOLERANCE.gradient, `slope of input ${input}`);
    }
  });
});

describe('variants of attention', () => {
  // Enough work for the largest tiles, more than a block of rows, and nothing a multiple of 16.
  const [heads, length, depth] = [8, 131, 184];

  /** Output and gradients of q, k, v and relative; variants by number, or the likeliest. */
  function traced(batch: number, variant?: number): Tensor[] {
    const graph = new Graph();
    const shape = [batch, length, heads, depth];
    const inputs = [1, 2, 3].map((seed) => graph.constant(randomNumbers(elementCount(shape), seed), shape));
    const table = graph.constant(randomNumbers(heads * length * depth, 4), [heads, length, depth]);
    const upstream = graph.constant(randomNumbers(elementCount(shape), 5), shape);
    const [forward, backward] = [operations.attention, operations.attentionGradient].map((operation) =>
      variant === undefined ? operation : withVariant(operation, variant),
    );
    const attributes = { causal: true, hasRelative: true, hasLengths: false, hasPositions: false };
    const [output, logSum] = graph.apply(forward, [...inputs, table], attributes);
    const slopes = graph.apply(backward, [...inputs, table, output, logSum, upstream], attributes);
    return [output, ...slopes];
  }

  it('give the same bits', async () => {
    const expected = await evaluate(device, traced(4));
    for (const variant of [0, 2, 3]) {
      for (const [index, actual] of (await evaluate(device, traced(4, variant))).entries()) {
        expectSameBits(actual, expected[index], `variant ${variant}, output ${index}`);
      }
    }
  });

  it('and a sequence alone gives the same bits as in a batch', async () => {
    const [all, alone] = [await evaluate(device, traced(4)), await evaluate(device, traced(1))];
    // The gradient of the table is summed over the batch.
    for (const index of [0, 1, 2, 3]) {
      const first = all[index].slice(0, alone[index].length);
      expectSameBits(alone[index], first, `output ${index}`);
    }
  });
});

/**
 * Output and gradients of every input; sizes from which vectors lie in textures, two blocks of rows, nothing a multiple
 * of 8.
 */
function everyGradient(
  { causal, rows, shared, lengths, positions }: Setting,
  change: (name: string, data: Float32Array<ArrayBuffer>) => void = () => {},
): readonly Tensor[] {
  const [batch, queries, keys, heads, depth] = [2, 131, 137, 2, 12];
  const graph = new Graph();
  const shapes = {
    q: [batch, queries, heads, depth],
    k: [batch, keys, heads, depth],
    v: [batch, keys, heads, depth],
    ...(rows > 0 && { relative: shared ? [rows, depth] : [heads, rows, depth] }),
  };
  const inputs = Object.entries(shapes).map(([name, shape], index) => {
    const data = randomNumbers(elementCount(shape), index + 1);
    change(name, data);
    return graph.constant(data, shape);
  });
  const [q, k, v, relative] = inputs;
  const ids = (numbers: readonly number[] | undefined) => numbers && graph.constant(Uint32Array.from(numbers), [batch]);
  const output = attention(q, k, v, { causal, relative, lengths: ids(lengths), positions: ids(positions) });
  const weights = graph.constant(randomNumbers(elementCount(output.shape), 9), output.shape);
  return [output, ...gradients(sum(multiply(output, weights)), inputs)];
}

interface Setting {
  readonly causal: boolean;
  readonly rows: number;
  readonly shared?: boolean;
  readonly lengths?: readonly number[];
  readonly positions?: readonly number[];
}

const SETTINGS: readonly Setting[] = [
  { causal: true, rows: 137 },
  { causal: true, rows: 70, shared: true, lengths: [41, 137] },
  { causal: true, rows: 0, positions: [0, 5] },
  { causal: false, rows: 0, lengths: [0, 90] },
  { causal: false, rows: 201, positions: [6, 1] },
];

describe('attention reads from textures', () => {
  it.each(SETTINGS)('and gives the same bits, %o', async (setting) => {
    const expected = await evaluate(readers.buffers, everyGradient(setting));
    for (const reader of [readers.storage, readers.sampled]) {
      expect(hasTextures(everyGradient(setting), reader)).toBe(true);
      for (const [index, actual] of (await evaluate(reader, everyGradient(setting))).entries()) {
        expectSameBits(actual, expected[index], `${reader.textures?.reading}, output ${index}`);
      }
    }
  });
});

describe.each(Object.entries(readers))('what a query may not see, read from %s,', (_name, reader) => {
  /**
   * Where results change when the last key's vectors are not numbers: positions of the output, then of each gradient.
   */
  const spoilt = async (setting: Setting, names: readonly string[]) => {
    const width = 2 * 12;
    const results = await evaluate(
      reader,
      everyGradient(setting, (name, data) => {
        if (names.includes(name)) data.fill(Number.NaN, data.length - width);
      }),
    );
    return results.map(
      (values) =>
        new Set([...values.keys()].filter((at) => Number.isNaN(values[at])).map((at) => Math.floor(at / width))),
    );
  };

  it('does not reach it by a key after it', async () => {
    const [output, dQ] = await spoilt({ causal: true, rows: 0 }, ['k', 'v']);
    // Of 2 x 131 queries the last one sees the last key.
    expect(output).toEqual(new Set([261]));
    expect(dQ).toEqual(new Set([261]));
  });

  it('does not reach it by padding', async () => {
    for (const places of await spoilt({ causal: false, rows: 0, lengths: [137, 136] }, ['k', 'v'])) {
      expect(places).toEqual(new Set());
    }
  });

  it('nor keys by a query before them', async () => {
    const [, , dK, dV] = await spoilt({ causal: true, rows: 0, lengths: [137, 100] }, ['q']);
    // Keys of the second sequence that count.
    const reached = new Set([...Array(100).keys()].map((key) => 137 + key));
    expect(dK).toEqual(reached);
    expect(dV).toEqual(reached);
  });
});

describe('memory of attention', () => {
  it('grows in proportion to the length', () => {
    const bytes = [256, 512, 1024].map((length) => {
      const graph = new Graph();
      const shape = [1, length, 8, 64];
      const inputs = [graph.input(shape), graph.input(shape), graph.input(shape), graph.input([8, length, 64])];
      const [q, k, v, relative] = inputs.map((input) => unary('tanh', input));
      const output = attention(q, k, v, { causal: true, relative });
      return plan(graph, { outputs: gradients(sum(multiply(output, output)), inputs) }).byCategory.activations;
    });
    for (const [index, ratio] of [bytes[1] / bytes[0], bytes[2] / bytes[1]].entries()) {
      expect(ratio, `from ${256 << index} on`).toBeGreaterThan(1.9);
      expect(ratio, `from ${256 << index} on`).toBeLessThan(2.05);
    }
    // One matrix of all scores of all heads would take 32 MiB.
    expect(bytes[2]).toBeLessThan(32 * 2 ** 20);
  });
});

describe('a cache of keys and values', () => {
  const [batch, length, heads, depth] = [2, 7, 2, 4];
  const shape = [batch, length, heads, depth];
  const [q, k, v] = [1, 2, 3].map((seed) => randomNumbers(elementCount(shape), seed));
  const table = randomNumbers(heads * length * depth, 4);

  /** Elements of one position, (batch, 1, heads, depth). */
  const at = (data: Float32Array, t: number) => {
    const size = heads * depth;
    const parts = [0, 1].map((b) => data.slice((b * length + t) * size, (b * length + t + 1) * size));
    return Float32Array.from(parts.flatMap((part) => [...part]));
  };

  it('filled step by step gives what the full causal pass gives', async () => {
    const full = new Graph();
    const [whole, wholeK, wholeV] = [q, k, v].map((data) => full.constant(data, shape));
    const relative = full.constant(table, [heads, length, depth]);
    const [expected] = await evaluate(device, [attention(whole, wholeK, wholeV, { causal: true, relative })]);

    const arena = new Arena('cache', 'workspace');
    const graph = new Graph();
    const [query, key, value] = [0, 1, 2].map(() => graph.input([batch, 1, heads, depth]));
    const positions = graph.input([batch], 'u32');
    const [keys, values] = ['keys', 'values'].map((name) => graph.variable(arena.add(name, shape)));
    writeRows(keys, key, positions);
    writeRows(values, value, positions);
    const row = attention(query, keys, values, {
      causal: true,
      relative: graph.constant(table, [heads, length, depth]),
      positions,
    });
    const program = await Program.create(device, plan(graph, { outputs: [row], limits: device.limits }));
    for (let t = 0; t < length; t++) {
      program.write(query, at(q, t));
      program.write(key, at(k, t));
      program.write(value, at(v, t));
      program.write(positions, Uint32Array.of(t, t));
      program.run();
      const actual = await program.read(row);
      expectClose(actual, at(Float32Array.from(expected), t), TOLERANCE.elementwise, `position ${t}`);
    }
    program.destroy();
    device.release(arena);
  });

  it('takes several rows at places of their own, and drops those beyond its end', async () => {
    const graph = new Graph();
    const cache = graph.constant(new Float32Array(8), [2, 4, 1]);
    const rows = graph.constant(Float32Array.of(1, 2, 3, 4), [2, 2, 1]);
    writeRows(cache, rows, graph.constant(Uint32Array.of(1, 3), [2]));
    const [actual] = await evaluate(device, [unary('negate', cache)]);
    expect(Array.from(actual, Math.abs)).toEqual([0, 1, 2, 0, 0, 0, 0, 3]);
  });
});

describe('attention refuses', () => {
  const graph = new Graph();
  const q = graph.input([2, 3, 4, 5]);
  const short = graph.input([2, 2, 4, 5]);
  const relative = (...shape: number[]) => attention(q, q, q, { causal: false, relative: graph.input(shape) });
  const computed = unary('negate', q);
  const positions = graph.input([2], 'u32');
  it.each([
    ['a rank other than 4', () => attention(graph.input([3, 4]), q, q), 'q must be (B, Lq, H, D), got [3, 4].'],
    [
      'other heads',
      () => attention(q, graph.input([2, 3, 5, 5]), q),
      'k and v must be [2, Lk, 4, 5], got [2, 3, 5, 5]',
    ],
    ['values of another length', () => attention(q, q, short), 'k and v must be [2, Lk, 4, 5], got'],
    ['too few keys', () => attention(q, short, short, { causal: true }), 'causal or relative, k must not be shorter'],
    ['another depth', () => relative(4, 3, 6), 'relative must be [R, 5] or [4, R, 5], got [4, 3, 6].'],
    ['a table without a middle', () => relative(4, 5), 'relative must have an odd number of rows unless causal, got'],
    ['lengths in f32', () => attention(q, q, q, { lengths: graph.input([2]) }), 'lengths must be u32, got f32 [2].'],
    [
      'positions of one',
      () => attention(q, q, q, { positions: graph.input([1], 'u32') }),
      'positions must be [2], got',
    ],
    ['a computed cache', () => writeRows(computed, q, positions), 'cache must be a variable or an input'],
    ['rows of another size', () => writeRows(q, graph.input([2, 3, 4, 6]), positions), 'and rows (B, N, ...row), got'],
  ])('%s', (_name, build, message) => {
    expect(build).toThrow(message);
  });
});
