import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  type BinaryName,
  binary,
  broadcast,
  crossEntropy,
  crossEntropyRows,
  dropout,
  elementCount,
  embedding,
  evaluate,
  Graph,
  hits,
  lstm,
  matmul,
  mean,
  operations,
  reshape,
  type Shape,
  scale,
  slice,
  store,
  sum,
  transpose,
  type UnaryName,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomIds, randomNumbers, TOLERANCE } from './support/numbers.ts';
import {
  binaryReferences,
  broadcastElement,
  coordinates,
  crossEntropyReference,
  lstmReference,
  matmulReference,
  unaryReferences,
} from './support/references.ts';
import { type OperationCase, type Reference, verify } from './support/verify.ts';

const device = await testDevice();

/** Shapes around every edge of the kernels: 1, primes, tile sizes and one beside them, not multiples of 4. */
const matmulSizes: [M: number, N: number, K: number][] = [
  [1, 1, 1],
  [3, 5, 7],
  [8, 8, 8],
  [9, 4, 4],
  [4, 9, 6],
  [17, 12, 5],
  [8, 20, 3],
];

function matmulCases(): OperationCase[] {
  const cases: OperationCase[] = [];
  for (const [M, N, K] of matmulSizes) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        cases.push({
          name: `${M}x${N}x${K} ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'} with bias`,
          shapes: [transposeA ? [K, M] : [M, K], transposeB ? [N, K] : [K, N], [N]],
          build: ([a, b, bias]) => matmul(a, b, { transposeA, transposeB, bias }),
          reference: ([a, b, bias]) => matmulReference(a, b, { transposeA, transposeB, bias }),
          tolerance: TOLERANCE.reduction,
        });
      }
    }
  }
  for (const [a, b] of [
    [
      [3, 5, 4],
      [3, 4, 6],
    ],
    [
      [3, 5, 4],
      [4, 6],
    ],
    [
      [5, 4],
      [2, 4, 3],
    ],
  ]) {
    cases.push({
      name: `batched ${a} by ${b}`,
      shapes: [a, b],
      build: ([x, y]) => matmul(x, y),
      reference: ([x, y]) => matmulReference(x, y, {}),
      tolerance: TOLERANCE.reduction,
    });
  }
  return cases;
}

function lstmCases(): OperationCase[] {
  const sizes: [steps: number, batch: number, units: number][] = [
    [1, 1, 1],
    [3, 2, 4],
    [4, 5, 8],
    [3, 9, 3],
    [2, 3, 68],
  ];
  return sizes.flatMap(([steps, batch, units]) => {
    // Output and final state side by side, so that gradients flow through all of them.
    const all = (result: ReturnType<typeof lstm>) => {
      const flat = [result.output, result.final.hidden, result.final.cell].map((x) =>
        reshape(x, [elementCount(x.shape)]),
      );
      const total = flat.reduce((length, x) => length + x.shape[0], 0);
      const placed = flat.map((x, index) => {
        const before = flat.slice(0, index).reduce((length, other) => length + other.shape[0], 0);
        return x.graph.apply(operations.pad, [x], { before, rows: total })[0];
      });
      return placed.reduce(add);
    };
    return [
      {
        name: `${steps} steps, batch ${batch}, ${units} units, zero state`,
        shapes: [
          [steps, batch, 4 * units],
          [units, 4 * units],
        ],
        build: ([projected, recurrent]) => all(lstm(projected, recurrent)),
        reference: ([projected, recurrent]) => lstmReference(projected, recurrent),
        tolerance: TOLERANCE.reduction,
        differentiable: units < 20,
      },
      {
        name: `${steps} steps, batch ${batch}, ${units} units, given state`,
        shapes: [
          [steps, batch, 4 * units],
          [units, 4 * units],
          [batch, units],
          [batch, units],
        ],
        build: ([projected, recurrent, hidden, cell]) => all(lstm(projected, recurrent, { hidden, cell })),
        reference: ([projected, recurrent, hidden, cell]) => lstmReference(projected, recurrent, hidden, cell),
        tolerance: TOLERANCE.reduction,
        differentiable: units < 20,
      },
    ] satisfies OperationCase[];
  });
}

function unaryCases(): OperationCase[] {
  return Object.entries(unaryReferences).flatMap(([name, reference]) =>
    [[7], [3, 8]].map((shape): OperationCase => {
      const positive = name === 'log' || name === 'sqrt';
      return {
        name: `${name} of ${shape}`,
        shapes: [shape],
        range: positive ? [0.1, 4] : [-4, 4],
        build: ([x]) => unary(name as UnaryName, x),
        reference: ([x]) => x.data.map(reference),
        tolerance: TOLERANCE.reduction,
      };
    }),
  );
}

function binaryCases(): OperationCase[] {
  const pairs: [Shape, Shape][] = [
    [[6], [6]],
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [3, 4],
      [3, 1],
    ],
    [
      [1, 5],
      [3, 1],
    ],
    [[2, 3, 8], []],
    [
      [2, 1, 8],
      [5, 8],
    ],
    [[], [3]],
  ];
  return Object.entries(binaryReferences).flatMap(([name, apply]) =>
    pairs.map(([a, b]): OperationCase => {
      const output = (): Shape => {
        const rank = Math.max(a.length, b.length);
        return Array.from({ length: rank }, (_, axis) =>
          Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
        );
      };
      return {
        name: `${name} of [${a}] and [${b}]`,
        shapes: [a, b],
        range: name === 'divide' ? [0.5, 2] : [-1, 1],
        build: ([x, y]) => binary(name as BinaryName, x, y),
        reference: ([x, y]) =>
          Float64Array.from(coordinates(output()), (at) => apply(broadcastElement(x, at), broadcastElement(y, at))),
      };
    }),
  );
}

function sumReference(x: Reference, axes: readonly number[]): Float64Array {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const totals = new Float64Array(elementCount(kept));
  for (const [index, at] of coordinates(x.shape).entries()) {
    const target = kept.reduce((place, size, axis) => place * size + (size === 1 ? 0 : at[axis]), 0);
    totals[target] += x.data[index];
  }
  return totals;
}

function sumCases(): OperationCase[] {
  const cases: [Shape, number[]][] = [
    [[5], [0]],
    [[3, 4], [0]],
    [[3, 4], [1]],
    [
      [2, 3, 5],
      [0, 2],
    ],
    [
      [2, 3, 5],
      [0, 1, 2],
    ],
    [[70, 3], [0]],
    [[1, 1], [0]],
  ];
  return cases.map(([shape, axes]) => ({
    name: `[${shape}] over ${axes}`,
    shapes: [shape],
    build: ([x]) => sum(x, axes),
    reference: ([x]) => sumReference(x, axes),
    tolerance: TOLERANCE.reduction,
  }));
}

const ids = (count: number, bound: number) => randomIds(count, 5, bound);

function embeddingCases(): OperationCase[] {
  return [
    [3, 5, 4],
    [7, 8, 20],
    [38, 3, 9],
    [2, 260, 5],
  ].map(([vocabulary, width, count]) => ({
    name: `${count} rows of ${vocabulary}x${width}`,
    shapes: [[vocabulary, width]],
    build: ([table], graph) => embedding(table, graph.constant(ids(count, vocabulary), [count])),
    reference: ([table]) =>
      Float64Array.from({ length: count * width }, (_, i) => {
        return table.data[ids(count, vocabulary)[Math.floor(i / width)] * width + (i % width)];
      }),
  }));
}

function crossEntropyCases(): OperationCase[] {
  return [
    [1, 2],
    [5, 38],
    [70, 3],
  ].map(([rows, classes]) => ({
    name: `${rows} rows of ${classes} classes`,
    shapes: [[rows, classes]],
    range: [-5, 5],
    build: ([logits], graph) => crossEntropyRows(logits, graph.constant(ids(rows, classes), [rows])),
    reference: ([logits]) => crossEntropyReference(logits, ids(rows, classes)),
    tolerance: TOLERANCE.reduction,
  }));
}

/** Cases for each operation of the table: one that is missing here does not compile. Gradient operations are held by the gradients of their forward operation. */
const cases = {
  binary: binaryCases(),
  broadcast: [
    {
      name: '[3, 1] to [2, 3, 4]',
      shapes: [[3, 1]],
      build: ([x]) => broadcast(x, [2, 3, 4]),
      reference: ([x]) => Float64Array.from(coordinates([2, 3, 4]), (at) => broadcastElement(x, at)),
    },
  ],
  crossEntropy: crossEntropyCases(),
  embedding: embeddingCases(),
  hits: [
    {
      name: '40 rows of 3 classes',
      shapes: [[40, 3]],
      build: ([scores], graph) => hits(scores, graph.constant(ids(40, 3), [40])),
      reference: ([scores]) =>
        Float64Array.from({ length: 40 }, (_, row) => {
          const values = scores.data.subarray(3 * row, 3 * row + 3);
          return values.indexOf(Math.max(...values)) === ids(40, 3)[row] ? 1 : 0;
        }),
      differentiable: false,
    },
  ],
  lstm: lstmCases(),
  matmul: matmulCases(),
  pad: [
    {
      name: '2 rows into 5',
      shapes: [[2, 3]],
      build: ([x]) => x.graph.apply(operations.pad, [x], { before: 1, rows: 5 })[0],
      reference: ([x]) => Float64Array.from([0, 0, 0, ...x.data, 0, 0, 0, 0, 0, 0]),
    },
  ],
  reshape: [
    {
      name: '[2, 6] to [3, 4]',
      shapes: [[2, 6]],
      build: ([x]) => reshape(unary('negate', x), [3, 4]),
      reference: ([x]) => x.data.map((value) => -value),
    },
  ],
  scale: [
    {
      name: 'by -2.5',
      shapes: [[3, 3]],
      build: ([x]) => scale(x, -2.5),
      reference: ([x]) => x.data.map((value) => -2.5 * value),
    },
  ],
  slice: [
    [5, 3, 1, 4],
    [3, 64, 1, 3],
    [4, 64, 0, 1],
  ].map(([rows, width, start, end]) => ({
    name: `rows ${start} to ${end} of ${rows}x${width}`,
    shapes: [[rows, width]],
    build: ([x]) => unary('square', slice(x, start, end)),
    reference: ([x]) => x.data.slice(start * width, end * width).map((value) => value * value),
  })),
  sum: sumCases(),
  transpose: [
    {
      name: '3x5',
      shapes: [[3, 5]],
      build: ([x]) => transpose(x),
      reference: ([x]) => Float64Array.from({ length: 15 }, (_, i) => x.data[(i % 3) * 5 + Math.floor(i / 3)]),
    },
  ],
  unary: unaryCases(),
} satisfies Record<
  Exclude<keyof typeof operations, 'adam' | 'dropout' | 'store' | `${string}Gradient`>,
  readonly OperationCase[]
>;

for (const [operation, list] of Object.entries(cases)) {
  describe(operation, () => {
    for (const test of list as readonly OperationCase[]) it(test.name, () => verify(device, test));
  });
}

describe('crossEntropy with a mask', () => {
  it('is the mean over the rows that count', async () => {
    const graph = new Graph();
    const logits = randomNumbers(4 * 3, 1);
    const targets = ids(4, 3);
    const loss = crossEntropy(
      graph.constant(logits, [4, 3]),
      graph.constant(targets, [4]),
      graph.constant(Float32Array.of(1, 0, 1, 0), [4]),
    );
    const [actual] = await evaluate(device, [loss]);
    const rows = crossEntropyReference({ shape: [4, 3], data: Float64Array.from(logits) }, targets);
    expectClose(actual, [(rows[0] + rows[2]) / 2], TOLERANCE.reduction, 'loss');
  });
});

describe('mean', () => {
  it('divides by the number of elements', async () => {
    const graph = new Graph();
    const [actual] = await evaluate(device, [mean(graph.constant(Float32Array.of(1, 2, 6), [3]))]);
    expectClose(actual, [3], TOLERANCE.elementwise, 'mean');
  });
});

describe('dropout', () => {
  const masked = async (seed: number, stream: number) => {
    const graph = new Graph();
    const ones = graph.constant(new Float32Array(4000).fill(1), [4000]);
    const [values] = await evaluate(device, [dropout(ones, 0.25, graph.constant(Uint32Array.of(seed), [1]), stream)]);
    return values;
  };

  it('keeps three quarters, scaled so that the mean stays', async () => {
    const values = await masked(1, 0);
    const kept = values.filter((value) => value !== 0);
    expect([...new Set(kept)]).toEqual([Math.fround(1 / 0.75)]);
    // 4000 draws at 3/4: standard deviation 27, so 110 is four of them.
    expect(Math.abs(kept.length - 3000)).toBeLessThan(110);
  });

  it('draws the same mask for the same seed and stream, another for others', async () => {
    expect(await masked(1, 0)).toEqual(await masked(1, 0));
    expect(await masked(1, 0)).not.toEqual(await masked(2, 0));
    expect(await masked(1, 0)).not.toEqual(await masked(1, 1));
  });

  it('passes gradients through the elements it kept', async () => {
    const { gradients } = await import('../src/index.ts');
    const graph = new Graph();
    const x = graph.constant(randomNumbers(1000, 3), [1000]);
    const seed = graph.constant(Uint32Array.of(9), [1]);
    const y = dropout(x, 0.5, seed, 4);
    const [dx] = gradients(sum(y), [x]);
    const [values, slopes] = await evaluate(device, [y, dx]);
    expect(slopes).toEqual(values.map((value) => (value === 0 ? 0 : 2)));
  });
});

describe('store', () => {
  it('puts a value into a slot that outlives the program', async () => {
    const arena = new Arena('state', 'workspace');
    const slot = arena.add('x', [3]);
    const graph = new Graph();
    const doubled = scale(graph.variable(slot), 2);
    const stored = store(doubled, slot);
    device.write(slot, Float32Array.of(1, 2, 3));
    await evaluate(device, [stored]);
    expect(await device.read(slot)).toEqual(Float32Array.of(2, 4, 6));
    device.release(arena);
  });
});
