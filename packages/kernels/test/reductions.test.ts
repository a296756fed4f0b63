import { describe, expect, it } from 'vitest';
import {
  add,
  argMax,
  compare,
  cumulativeSum,
  evaluate,
  Graph,
  gatherAlong,
  gradients,
  logSumExp,
  multiply,
  plan,
  reshape,
  scatterAdd,
  softmax,
  sum,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomIds, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

describe('argMax', () => {
  it('is the first of the largest along any axis', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 7, 7, 3, 9, 9, 2, 9, 0, 0, 0, 0), [2, 2, 3]);
    expect(argMax(x, 1, { keepAxes: true }).shape).toEqual([2, 1, 3]);
    const [last, middle, first] = await evaluate(device, [argMax(x), argMax(x, 1), argMax(x, -3)]);
    expect(last).toEqual(Uint32Array.of(1, 1, 1, 0));
    expect(middle).toEqual(Uint32Array.of(1, 1, 1, 0, 0, 0));
    expect(first).toEqual(Uint32Array.of(1, 1, 0, 0, 0, 0));
  });

  it('of long rows and of rows of one', async () => {
    const graph = new Graph();
    const x = graph.constant(
      Float32Array.from({ length: 300 }, (_, i) => (i === 217 || i === 290 ? 1 : -i)),
      [1, 300],
    );
    const [long, single] = await evaluate(device, [argMax(x), argMax(reshape(x, [300, 1]))]);
    expect([long, single]).toEqual([Uint32Array.of(217), new Uint32Array(300)]);
  });

  it('lets no gradient through, also where it chooses what is counted', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 5, 2, 4), [2, 2]);
    const isFirst = compare(argMax(x), '==', graph.constant(Uint32Array.of(0), []));
    const [dx] = await evaluate(device, gradients(sum(multiply(isFirst, sum(x, [1]))), [x]));
    expect(dx).toEqual(Float32Array.of(0, 0, 0, 0));
  });
});

describe('logSumExp', () => {
  const lowest = Number.NEGATIVE_INFINITY;

  it('does not overflow, and counts -infinity for nothing', async () => {
    for (const length of [4, 70]) {
      const graph = new Graph();
      const rows = [
        [1000, 1000, lowest, lowest],
        [-1000, -1001, -1000, lowest],
        [lowest, lowest, lowest, 3],
      ];
      const data = rows.flatMap((row) => [...row, ...new Array<number>(length - 4).fill(lowest)]);
      const x = graph.constant(Float32Array.from(data), [3, length]);
      const y = logSumExp(x, [-1]);
      const [actual, dx] = await evaluate(device, [y, ...gradients(sum(y), [x])]);
      expectClose(actual, [1000 + Math.LN2, -1000 + Math.log(2 + Math.exp(-1)), 3], TOLERANCE.reduction, 'y');
      const e = Math.exp(-1);
      const slopes = [
        [0.5, 0.5, 0, 0],
        [1 / (2 + e), e / (2 + e), 1 / (2 + e), 0],
        [0, 0, 0, 1],
      ].flatMap((row) => [...row, ...new Array<number>(length - 4).fill(0)]);
      // 1e-4: the result of 1,000 has a last bit of 6e-5.
      expectClose(dx, slopes, { absolute: 1e-4, relative: 0 }, 'dx');
    }
  });

  it('of nothing but -infinity is -infinity, with a gradient of 0', async () => {
    for (const length of [3, 80]) {
      const graph = new Graph();
      const x = graph.constant(new Float32Array(2 * length).fill(lowest).fill(0, length), [2, length]);
      const y = logSumExp(x, [1]);
      const [actual, dx] = await evaluate(device, [y, ...gradients(sum(y), [x])]);
      expect(actual[0]).toBe(lowest);
      expectClose(actual.slice(1), [Math.log(length)], TOLERANCE.reduction, 'row of zeros');
      expectClose(
        dx,
        Array.from({ length: 2 * length }, (_, i) => (i < length ? 0 : 1 / length)),
        TOLERANCE.gradient,
        'dx',
      );
    }
  });
});

describe('cumulativeSum', () => {
  it('of a million terms rounds as little as blocks of a thousand', async () => {
    const length = 2 ** 20 + 3;
    const graph = new Graph();
    const x = graph.constant(new Float32Array(length).fill(0.1), [length]);
    const [actual] = await evaluate(device, [cumulativeSum(x)]);
    let worst = 0;
    for (const [index, value] of actual.entries()) {
      const exact = Math.fround(0.1) * (index + 1);
      worst = Math.max(worst, Math.abs(value - exact) / exact);
    }
    // A plain chain in 32 bits is off by 9e-3.
    expect(worst).toBeLessThan(3e-5);
  });

  it('of integers is exact', async () => {
    const graph = new Graph();
    const ids = randomIds(200, 3, 2 ** 31);
    const [actual] = await evaluate(device, [cumulativeSum(graph.constant(ids, [200]), 0, { exclusive: true })]);
    let before = 0;
    const expected = ids.map((value) => {
      const start = before;
      before = (before + value) >>> 0;
      return start;
    });
    expect(actual).toEqual(expected);
  });
});

describe('gatherAlong and scatterAdd', () => {
  it('make a copy distribution of attention, which sums to 1 and is the same in every run', async () => {
    const graph = new Graph();
    const attention = softmax(graph.constant(randomNumbers(3 * 50, 1), [3, 50]));
    const ids = graph.constant(randomIds(3 * 50, 2, 20), [3, 50]);
    const copies = scatterAdd(attention, ids, 20);
    const [first, total] = await evaluate(device, [copies, sum(copies, [-1])]);
    expectClose(total, [1, 1, 1], TOLERANCE.reduction, 'total');
    expect((await evaluate(device, [copies]))[0]).toEqual(first);
  });

  it('gather integers', async () => {
    const graph = new Graph();
    const x = graph.constant(Uint32Array.of(4294967295, 7, 8, 9), [2, 2]);
    const taken = gatherAlong(x, graph.constant(Uint32Array.of(1, 0, 0, 5), [2, 2]));
    expect(await evaluate(device, [taken])).toEqual([Uint32Array.of(7, 4294967295, 8, 0)]);
  });

  it('never sum in 16 bits', () => {
    const graph = new Graph();
    const x = graph.input([4, 300]);
    const sums = scatterAdd(unary('square', x), graph.input([4, 300], 'u32'), 20);
    const loss = sum(unary('square', add(sums, graph.input([4, 20]))));
    const [dx] = gradients(sum(multiply(loss, sum(unary('square', sums)))), [x]);
    const planned = plan(graph, { outputs: [dx], half: { activations: true } });
    const half = (name: string) =>
      planned.blocks.filter(({ half: isHalf, tensors: [{ source }] }) => {
        return isHalf && source.kind === 'node' && source.node.operation.name === name;
      });
    expect(half('scatterAdd').length).toBe(0);
  });
});

describe('refusals', () => {
  const graph = new Graph();
  const x = graph.input([2, 3]);
  const ids = graph.input([3, 3], 'u32');
  it.each([
    [
      'ids of another size',
      () => gatherAlong(x, ids),
      'gatherAlong: all sizes but those of axis 1 must be equal, got [2, 3] and [3, 3].',
    ],
    ['ids of fewer axes', () => gatherAlong(x, graph.input([3], 'u32')), 'gatherAlong: all sizes but those of axis 1'],
    ['floats as ids', () => gatherAlong(x, x), 'gatherAlong: ids must be u32, got f32 [2, 3].'],
    [
      'fewer values than ids',
      () => scatterAdd(x, ids, 4),
      'scatterAdd: values and ids must have one shape, got [2, 3] and [3, 3].',
    ],
    ['an axis', () => cumulativeSum(x, 2), 'cumulativeSum: axis 2 must exist, got [2, 3].'],
    ['the largest of a scalar', () => argMax(graph.input([])), 'argMax: axis -1 must exist, got [].'],
    ['the largest of integers', () => argMax(ids), 'max: x must be f32, got u32 [3, 3, 1].'],
  ])('%s', (_name, build, message) => {
    expect(build).toThrow(message);
  });
});
