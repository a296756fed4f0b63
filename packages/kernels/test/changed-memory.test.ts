import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  batchNorm,
  batchNormInference,
  evaluate,
  Graph,
  globalNorm,
  gradients,
  lstm,
  matmul,
  multiply,
  optimiser,
  reshape,
  scale,
  sgd,
  slice,
  store,
  storeRunningStatistics,
  sum,
  type Tensor,
  unary,
  writeRows,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

/** Two slots of two whole rows of 64 elements, the first as a variable and as a flat one. */
function setup() {
  const state = new Arena('state', 'parameters');
  const slot = state.add('w', [2, 64]);
  const other = state.add('v', [2, 64]);
  const graph = new Graph();
  return {
    state,
    slot,
    other,
    graph,
    w: graph.variable(slot),
    ones: graph.constant(new Float32Array(128).fill(1), [2, 64]),
  };
}
type Setup = ReturnType<typeof setup>;

const optimise = ({ graph, state }: Setup) => {
  const slopes = state.slots.map(({ shape }) => graph.input(shape));
  optimiser({ kind: 'adam' }, state).step(slopes, { clipNorm: 1 });
};

/** What may change the slot. */
const CHANGES: Readonly<Record<string, (parts: Setup) => void>> = {
  store: ({ ones, slot }) => void store(ones, slot),
  'store of a part': ({ ones, slot }) =>
    void store(slice(ones, 0, 1), { ...slot, shape: [1, 64], offset: slot.offset + 64 }),
  writeRows: ({ w, graph }) => writeRows(w, graph.input([2, 1]), graph.input([2], 'u32')),
  adam: optimise,
  sgd: ({ graph, state }) => {
    const slopes = graph.flat(state.mirror('gradients', 'gradients'));
    sgd({ parameters: graph.flat(state), gradients: slopes }, graph.input([]), globalNorm(slopes), 1);
  },
  'running statistics': ({ graph, slot, other }) => {
    const x = graph.input([5, 64]);
    const [scales, shifts] = [graph.input([64]), graph.input([64])];
    const place = (offset: number) => ({ ...slot, shape: [64], offset });
    const places = { mean: place(slot.offset + 64), variance: place(other.offset) };
    storeRunningStatistics(batchNorm(x, scales, shifts), places);
  },
};

/** How a forward pass may read the slot so that its backward pass does again. */
const READS: Readonly<Record<string, (parts: Setup, x: Tensor) => Tensor>> = {
  'as it is': ({ w }, x) => multiply(x, w),
  'as a matrix': ({ w }, x) => matmul(x, w, { transposeB: true }),
  'through a view': ({ w }, x) => multiply(reshape(x, [128]), reshape(w, [128])),
  'through a slice': ({ w }, x) => multiply(slice(x, 1, 2), slice(w, 1, 2)),
  'through the whole arena': ({ graph, state }, x) => multiply(reshape(x, [128]), slice(graph.flat(state), 0, 128)),
  'as what was stored there': ({ ones, slot }, x) => multiply(x, store(scale(ones, 2), slot)),
};

describe('a backward pass', () => {
  for (const [how, change] of Object.entries(CHANGES)) {
    it.each(Object.keys(READS))(`is refused where ${how} changes what it reads %s`, (read) => {
      const parts = setup();
      const x = parts.graph.input([2, 64]);
      const loss = sum(READS[read](parts, x));
      change(parts);
      expect(() => gradients(loss, [x])).toThrow(
        /^(multiply|matmul): its backward pass reads slot (w|state) of state, which (store|writeRows|adam|sgd) changes before \(at .*changed-memory\.test\.ts:\d+:\d+\); call gradients before that, or use a copy such as scale\(x, 1\) in the forward pass\. \(at .*changed-memory\.test\.ts:\d+:\d+\)$/,
      );
      try {
        gradients(loss, [x]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'not-differentiable' });
      }
    });

    it.each(Object.keys(READS))(`goes before ${how} where the forward pass reads the slot %s`, (read) => {
      const parts = setup();
      const x = parts.graph.input([2, 64]);
      const loss = sum(READS[read](parts, x));
      gradients(loss, [x]);
      change(parts);
    });
  }

  it('is refused where rows were written into an input that it reads', () => {
    const graph = new Graph();
    const [x, cache] = [graph.input([2, 3]), graph.input([2, 3])];
    const loss = sum(multiply(x, reshape(cache, [2, 3])));
    writeRows(cache, graph.input([2, 1]), graph.input([2], 'u32'));
    expect(() => gradients(loss, [x])).toThrow(
      'multiply: its backward pass reads input 1 [2, 3], which writeRows changes',
    );
  });

  it('may come after a carried state was stored, of which the recurrence keeps what it began from', async () => {
    const state = new Arena('state', 'workspace');
    const [hidden, cell] = ['hidden', 'cell'].map((name) => state.add(name, [2, 4]));
    const slopes = async (isStoredFirst: boolean) => {
      device.write(hidden, randomNumbers(8, 1));
      device.write(cell, randomNumbers(8, 2));
      const graph = new Graph();
      const weights = graph.constant(randomNumbers(64, 3), [4, 16]);
      const projected = graph.constant(randomNumbers(96, 4), [3, 2, 16]);
      const initial = { hidden: graph.variable(hidden), cell: graph.variable(cell) };
      const { output, final } = lstm(projected, weights, initial);
      const carry = () => {
        store(final.hidden, hidden);
        store(final.cell, cell);
      };
      if (isStoredFirst) carry();
      const wanted = gradients(sum(output), [weights, projected, initial.hidden, initial.cell]);
      if (!isStoredFirst) carry();
      return evaluate(device, wanted);
    };
    expect(await slopes(true)).toEqual(await slopes(false));
    device.release(state);
  });

  it('may come after changes of what only the forward pass read', async () => {
    const { state, slot, other, graph, w, ones } = setup();
    device.write(slot, new Float32Array(128).fill(3));
    device.write(other, new Float32Array(128).fill(4));
    // A sum needs no values to be differentiated, nor does a product the factor whose gradient alone is wanted.
    const v = graph.variable(other);
    const loss = add(sum(add(w, ones)), sum(multiply(w, v)));
    store(scale(ones, 10), slot);
    const [dw] = gradients(loss, [w]);
    expect((await evaluate(device, [dw]))[0]).toEqual(new Float32Array(128).fill(5));
    device.release(state);
  });

  it('may come after running statistics of a batch norm whose batch it reads', () => {
    const state = new Arena('state', 'workspace');
    const [mean, variance] = ['mean', 'variance'].map((name) => state.add(name, [4]));
    const graph = new Graph();
    const inputs = [graph.input([5, 4]), graph.input([4]), graph.input([4])];
    const batch = batchNorm(inputs[0], inputs[1], inputs[2]);
    storeRunningStatistics(batch, { mean, variance });
    expect(gradients(sum(batch.output), inputs)).toHaveLength(3);
    // Nor does a backward pass read those that were used before they moved: it has what was computed from them.
    const moved = { mean: graph.variable(mean), variance: graph.variable(variance) };
    const before = sum(batchNormInference(inputs[0], inputs[1], inputs[2], moved));
    storeRunningStatistics(batch, { mean, variance });
    expect(gradients(before, inputs)).toHaveLength(3);
  });

  it('reads a copy that was made before', async () => {
    const { state, slot, w, ones } = setup();
    device.write(slot, new Float32Array(128).fill(3));
    const loss = sum(unary('square', scale(w, 1)));
    store(scale(ones, 10), slot);
    const [slope] = gradients(loss, [w]);
    const values = await evaluate(device, [loss, slope]);
    expect(values).toEqual([Float32Array.of(128 * 9), new Float32Array(128).fill(6)]);
    device.release(state);
  });

  it('adds to sums in slots that the pass before it stored', async () => {
    const { state, slot, graph, w } = setup();
    device.write(slot, new Float32Array(128).fill(3));
    const sums = new Arena('sums', 'gradients');
    const place = sums.add('w', [2, 64]);
    for (let pass = 0; pass < 2; pass++) {
      const [slope] = gradients(sum(unary('square', w)), [w], { onto: [graph.variable(place)] });
      store(slope, place);
    }
    await evaluate(device, [graph.variable(place)]);
    expect(await device.read(place)).toEqual(new Float32Array(128).fill(12));
    for (const arena of [state, sums]) device.release(arena);
  });
});

describe('an operation that changes an input in place', () => {
  it('refuses a computed value, whose change nobody would see', () => {
    const graph = new Graph();
    const [parameters, slopes] = [graph.input([4]), graph.input([4])];
    const step = (changed: Tensor) =>
      sgd({ parameters: changed, gradients: slopes }, graph.input([]), graph.input([]), 1);
    step(reshape(parameters, [2, 2]));
    expect(() => step(scale(parameters, 2))).toThrow(
      'sgd: input 0 is changed in place and must be a variable, an input, or a view of one, got scale [4] -> [4].',
    );
  });
});
