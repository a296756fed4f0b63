import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  binary,
  binaryCrossEntropy,
  broadcast,
  concat,
  crossEntropy,
  crossEntropyRows,
  dropout,
  elementCount,
  evaluate,
  Graph,
  gather,
  gradients,
  keepWhere,
  layerNorm,
  lstm,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  multiply,
  Program,
  pad,
  permute,
  plan,
  reshape,
  scale,
  slice,
  softmax,
  store,
  sum,
  transpose,
  unary,
} from '../src/index.ts';
import { cases } from './cases/all.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomIds, randomNumbers, TOLERANCE } from './support/numbers.ts';
import { crossEntropyReference, matmulReference } from './support/references.ts';
import { type OperationCase, verify } from './support/verify.ts';

const device = await testDevice();

for (const [operation, list] of Object.entries(cases)) {
  describe(operation, () => {
    for (const test of list as readonly OperationCase[]) it(test.name, () => verify(device, test));
  });
}

describe('matmul with an addend', () => {
  it.each([
    [5, 8, 9],
    [1, 3, 4],
  ])('of %i x %i x %i gives the bits of add(addend, product), in the memory of the addend', async (M, N, K) => {
    const graph = new Graph();
    const a = graph.constant(randomNumbers(M * K, 1), [M, K]);
    const b = graph.constant(randomNumbers(K * N, 2), [K, N]);
    const addend = graph.constant(randomNumbers(M * N, 3), [M, N]);
    const separate = add(unary('negate', addend), matmul(a, b));
    const inPlace = matmul(a, b, { addend: unary('negate', addend) });
    expect(plan(graph, { outputs: [inPlace] }).byCategory.activations).toBe(256 * Math.ceil((4 * M * N) / 256));
    const [expected, actual] = await evaluate(device, [separate, inPlace]);
    expect(actual).toEqual(expected);
  });

  it('of one row, in place of a bias', async () => {
    const graph = new Graph();
    const [x, bias] = [graph.constant(Float32Array.of(2), [1, 1]), graph.constant(Float32Array.of(-3, 5), [2])];
    const y = matmul(x, graph.constant(Float32Array.of(1, 10), [1, 2]), { bias: unary('negate', bias) });
    expect((await evaluate(device, [y]))[0]).toEqual(Float32Array.of(5, 15));
  });
});

describe('crossEntropy with a mask', () => {
  it('is the mean over the rows that count', async () => {
    const graph = new Graph();
    const logits = randomNumbers(4 * 3, 1);
    const targets = randomIds(4, 5, 3);
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

describe('mean and max', () => {
  it('keep the axes they reduced where they are to', () => {
    const x = new Graph().input([2, 3, 5]);
    expect(mean(x, [0, 2], { keepAxes: true }).shape).toEqual([1, 3, 1]);
    expect(max(x, [0, 2]).shape).toEqual([3]);
    expect(mean(x).shape).toEqual([]);
  });

  it('max passes its gradient to the first of equals, in parts and over several axes too', async () => {
    const graph = new Graph();
    const long = graph.constant(new Float32Array(100).fill(7), [100]);
    const square = graph.constant(Float32Array.of(1, 5, 5, 5, 5, 2, 5, 0), [2, 2, 2]);
    const slopes = gradients(add(max(long), sum(max(square, [0, 2]))), [long, square]);
    const [dLong, dSquare] = await evaluate(device, slopes);
    expect(dLong).toEqual(Float32Array.from({ length: 100 }, (_, i) => (i === 0 ? 1 : 0)));
    expect(dSquare).toEqual(Float32Array.of(0, 1, 1, 0, 0, 0, 0, 0));
  });
});

describe('maximum and minimum', () => {
  it('of equal operands pass their gradient to the first', async () => {
    const graph = new Graph();
    const operands = [Float32Array.of(1, 2, 3), Float32Array.of(3, 2, 1)].map((data) => graph.constant(data, [3]));
    const [a, b] = operands;
    const slopes = [...gradients(sum(maximum(a, b)), operands), ...gradients(sum(minimum(a, b)), operands)];
    expect((await evaluate(device, slopes)).map((values) => [...values])).toEqual([
      [0, 1, 1],
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
  });
});

describe('gather', () => {
  it('takes rows of any rank, and adds up what flows back to a row', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2]);
    const taken = gather(x, graph.constant(Uint32Array.of(1, 0, 1), [3, 1]));
    expect(taken.shape).toEqual([3, 1, 2, 2]);
    const [values, slopes] = await evaluate(device, [taken, ...gradients(sum(unary('square', taken)), [x])]);
    expect(values).toEqual(Float32Array.of(5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8));
    expect(slopes).toEqual(Float32Array.of(2, 4, 6, 8, 20, 24, 28, 32));
  });
});

describe('gather along an axis', () => {
  it.each([0, 1, 2, -1])('takes what numpy takes along axis %i, and nothing beyond the end', async (axis) => {
    const shape = [2, 3, 4];
    const at = axis < 0 ? axis + 3 : axis;
    const data = randomNumbers(24, 1);
    // A number that would reach into the next line, and one at which adding up overflows.
    const ids = Uint32Array.of(1, 0, shape[at], 1, 4_294_967_294, 0);
    const graph = new Graph();
    const x = graph.constant(data, shape);
    // Computed, because constants beyond the end are refused along the first axis.
    const chosen = graph.constant(ids, [3, 2]);
    const taken = gather(x, add(chosen, graph.constant(Uint32Array.of(0), [1])), axis);
    expect(taken.shape).toEqual(shape.toSpliced(at, 1, 3, 2));
    const weights = graph.constant(randomNumbers(elementCount(taken.shape), 2), taken.shape);
    const [values, slopes] = await evaluate(device, [taken, ...gradients(sum(multiply(taken, weights)), [x])]);

    const inner = elementCount(shape.slice(at + 1));
    const given = randomNumbers(elementCount(taken.shape), 2);
    const expectedSlopes = new Float64Array(24);
    const expected = Float32Array.from(values, (_, element) => {
      const [line, id] = [Math.floor(element / (6 * inner)), ids[Math.floor(element / inner) % 6]];
      if (id >= shape[at]) return 0;
      const from = (line * shape[at] + id) * inner + (element % inner);
      expectedSlopes[from] += given[element];
      return data[from];
    });
    expect(values).toEqual(expected);
    expectClose(slopes, expectedSlopes, TOLERANCE.reduction, 'gradient');
  });

  it('gives the lanes of a beam search the states of others, in the slots that hold them', async () => {
    const [lanes, units, memory] = [4, 3, 5];
    const states = new Arena('states', 'workspace');
    const shapes = [
      [lanes, units],
      [memory, lanes, units],
    ];
    const slots = shapes.map((shape, index) => states.add(`${index}`, shape));
    const data = shapes.map((shape, index) => randomNumbers(elementCount(shape), index));
    for (const [index, slot] of slots.entries()) device.write(slot, data[index]);
    const graph = new Graph();
    const parents = graph.input([lanes], 'u32');
    for (const [axis, slot] of slots.entries()) store(gather(graph.variable(slot), parents, axis), slot);
    const program = await Program.create(device, plan(graph, { limits: device.limits }));
    // Each lane is read by another one, so that none may be overwritten before.
    const order = [2, 0, 3, 0];
    program.write(parents, Uint32Array.from(order));
    program.run();
    const row = (values: Float32Array, number: number) => [...values.subarray(number * units, (number + 1) * units)];
    expect([...(await device.read(slots[0]))]).toEqual(order.flatMap((lane) => row(data[0], lane)));
    const remembered = Array.from({ length: memory }, (_, n) =>
      order.flatMap((lane) => row(data[1], n * lanes + lane)),
    );
    expect([...(await device.read(slots[1]))]).toEqual(remembered.flat());
    program.destroy();
    device.release(states);
  });
});

describe('negative axes', () => {
  const graph = new Graph();
  const x = graph.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  it.each([
    ['slice', (axis: number) => slice(x, 1, 2, axis)],
    ['pad', (axis: number) => pad(x, 1, 0, axis)],
    ['concat', (axis: number) => concat([x, x], axis)],
    ['permute', (axis: number) => permute(x, [axis, 0])],
    ['sum', (axis: number) => sum(x, [axis])],
    ['mean', (axis: number) => mean(x, [axis], { keepAxes: true })],
    ['max', (axis: number) => max(x, [axis])],
  ])('of %s count from the last', async (_name, build) => {
    const [last, negative] = [build(1), build(-1)];
    expect(negative.shape).toEqual(last.shape);
    const [expected, actual] = await evaluate(device, [last, negative]);
    expect(actual).toEqual(expected);
  });
});

describe('integers', () => {
  it('move as floats do', async () => {
    const graph = new Graph();
    const ids = graph.constant(Uint32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const swapped = permute(ids, [1, 0]);
    const [values] = await evaluate(device, [concat([slice(swapped, 1, 3), slice(ids, 0, 2, 1)])]);
    expect(values).toEqual(Uint32Array.of(2, 5, 3, 6, 1, 2, 4, 5));
  });
});

describe('operands that share memory', () => {
  const data = randomNumbers(3 * 64, 5);
  const activation = (graph: Graph) => unary('negate', graph.constant(data, [3, 64]));

  it('multiplies a matrix with its own transpose', async () => {
    const graph = new Graph();
    const x = activation(graph);
    const [actual] = await evaluate(device, [matmul(x, x, { transposeB: true })]);
    const reference = { shape: [3, 64], data: Float64Array.from(data) };
    expectClose(actual, matmulReference(reference, reference, { transposeB: true }), TOLERANCE.reduction, 'x xT');
  });

  it('adds overlapping slices', async () => {
    const graph = new Graph();
    const x = activation(graph);
    const [actual] = await evaluate(device, [add(slice(x, 0, 2), slice(x, 1, 3))]);
    expect(actual).toEqual(Float32Array.from({ length: 128 }, (_, i) => -data[i] - data[i + 64]));
  });

  it('multiplies a tensor with a reshaped view of itself', async () => {
    const graph = new Graph();
    const x = activation(graph);
    const flat = reshape(x, [192]);
    const [actual] = await evaluate(device, [multiply(flat, reshape(reshape(x, [1, 192]), [192]))]);
    expect(actual).toEqual(data.map((value) => value * value));
  });
});

describe('refusals', () => {
  const graph = new Graph();
  const x = graph.input([2, 3]);
  const ids = graph.input([4], 'u32');
  const scalar = graph.input([]);
  it.each([
    ['a size of zero', () => graph.input([2, 0]), 'input: sizes must be whole numbers from 1 on, got [2, 0].'],
    ['a broken size', () => reshape(x, [1.5, 4]), 'reshape: sizes must be whole numbers from 1 on, got [1.5, 4].'],
    ['unequal inner sizes', () => matmul(x, x), 'matmul: inner sizes 3 and 2 must be equal, got [2, 3] and [2, 3].'],
    [
      'unequal batch sizes',
      () => matmul(graph.input([2, 3, 4, 5]), graph.input([2, 2, 5, 4])),
      'matmul: batch sizes must be equal or 1, got',
    ],
    [
      'an addend of another batch',
      () => matmul(graph.input([2, 3, 4, 5]), graph.input([5, 1]), { addend: graph.input([3, 2, 4, 1]) }),
      'matmul: addend must be [2, 3, 4, 1], got [3, 2, 4, 1].',
    ],
    ['rows to multiply', () => matmul(ids, x), 'matmul: a and b must be matrices or batches of matrices, got'],
    [
      'an addend of another shape',
      () => matmul(x, x, { transposeB: true, addend: graph.input([2]) }),
      'matmul: addend must be [2, 2], got [2].',
    ],
    [
      'a bias of another shape',
      () => matmul(x, x, { transposeB: true, bias: graph.input([2, 2]) }),
      'matmul: bias must be [2], got [2, 2].',
    ],
    [
      'a bias beside an addend',
      () => matmul(x, x, { bias: x, addend: x }),
      'matmul: takes a bias or an addend, not both',
    ],
    ['unequal sizes', () => binary('add', x, graph.input([4])), 'add: sizes must be equal or 1, got [2, 3] and [4].'],
    ['an axis that is not there', () => sum(graph.input([3]), [1]), 'sum: axis 1 must exist, got [3].'],
    ['fewer axes than before', () => broadcast(x, [3]), 'broadcast: sizes must be 1 or those of [3], got [2, 3].'],
    ['rows of a scalar', () => slice(scalar, 0, 1), 'slice: axis 0 must exist, got [].'],
    ['columns beyond the last', () => slice(x, 1, 4, 1), 'slice: 0 <= 1 < 4 <= size of axis 1 must hold, got [2, 3].'],
    ['an axis to pad', () => pad(x, 1, 1, 2), 'pad: axis 2 must exist, got [2, 3].'],
    ['less than nothing to pad', () => pad(x, -1, 0), 'pad: 0 <= -1 and 0 <= 0 must hold, got [2, 3].'],
    ['a broken axis', () => sum(x, [0.5]), 'sum: axis 0.5 must exist, got [2, 3].'],
    ['an axis by two names', () => permute(x, [1, -1]), 'permute: axes 1, 1 must name each axis once, got [2, 3].'],
    ['nothing to join', () => concat([]), 'concat: needs at least one tensor, got none.'],
    ['an axis before the first', () => concat([x, x], -3), 'concat: axis -3 must exist, got [2, 3].'],
    [
      'unequal rows to join',
      () => concat([x, graph.input([2, 4])]),
      'concat: data types and all sizes but those of axis 0 must be equal, got [2, 3] and [2, 4].',
    ],
    ['rows of a scalar to gather', () => gather(scalar, ids), 'gather: x must have rows, got [].'],
    ['rows by numbers that are f32', () => gather(x, x), 'gather: ids must be u32, got f32 [2, 3].'],
    ['whole rows to gather', () => gather(ids, ids), 'gather: x must be f32, got u32 [4, 1].'],
    ['an axis to gather along', () => gather(ids, ids, 3), 'gather: axis 3 must exist'],
    ['a row to transpose', () => transpose(ids), 'transpose: x must be a matrix, got [4].'],
    ['an axis twice', () => permute(x, [0, 0]), 'permute: axes 0, 0 must name each axis once, got [2, 3].'],
    ['integers to scale', () => scale(ids, 2), 'scale: x must be f32, got u32 [4].'],
    ['a rate above one', () => dropout(x, 1.5, graph.input([], 'u32'), 0), 'dropout: 0 <= rate 1.5 <= 1 must hold.'],
    ['flat weights', () => lstm(graph.input([1, 1, 4]), graph.input([4])), 'lstm: projected must be (T, B, 4H) and'],
    [
      'a short scale',
      () => layerNorm(x, graph.input([2]), graph.input([3])),
      'layerNorm: x must be (..., D), scale and',
    ],
    ['a row without an axis', () => softmax(scalar), 'softmax: x must have an axis, got [].'],
    [
      'smoothing of one',
      () => crossEntropyRows(graph.input([4, 3]), ids, { labelSmoothing: 1 }),
      'crossEntropy: 0 <= labelSmoothing 1 < 1 must hold, got [4, 3].',
    ],
    [
      'a wider mask',
      () => binaryCrossEntropy(x, x, graph.input([4, 2, 3])),
      'binaryCrossEntropy: mask must broadcast, got',
    ],
    [
      'fewer targets',
      () => binaryCrossEntropy(x, scalar),
      'binaryCrossEntropy: logits and targets must have one shape',
    ],
    [
      'a wider relation',
      () => keepWhere(x, scalar, '<', graph.input([4, 2, 3])),
      'keepWhere: a and b must broadcast to x',
    ],
    [
      'two graphs',
      () => add(x, new Graph().input([2, 3])),
      'add: all tensors must belong to one graph, got [2, 3] and [2, 3].',
    ],
  ])('%s', (_name, build, message) => {
    expect(build).toThrow(message);
  });
});
