import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  attentionLayer,
  attentionLstm,
  attentionLstmLayer,
  batchNorm,
  batchNormInference,
  batchNormLayer,
  concat,
  conv2d,
  conv2dTranspose,
  convolutionLayer,
  crossEntropy,
  dropout,
  elementCount,
  embedding,
  embeddingLayer,
  evaluate,
  Graph,
  gradients,
  heUniform,
  initialise,
  layerNorm,
  linearLayer,
  lstmLayers,
  lstmStack,
  matmul,
  multiply,
  normLayer,
  optimiser,
  Program,
  plan,
  randomNormal,
  reshape,
  scale,
  slice,
  softmax,
  startingValues,
  sum,
  type Tensor,
  transformerBlock,
  transpose,
  transposedConvolutionLayer,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomIds, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

const newArena = () => new Arena('parameters', 'parameters');
const shapesOf = (arena: Arena) => Object.fromEntries(arena.slots.map(({ name, shape }) => [name, shape]));

describe('slots', () => {
  it('of a linear layer are a matrix and a bias, or the matrix alone', () => {
    const arena = newArena();
    linearLayer(arena, 'a', 5, 3);
    linearLayer(arena, 'b/c', 3, 2, { bias: false });
    expect(shapesOf(arena)).toEqual({ 'a/kernel': [5, 3], 'a/bias': [3], 'b/c/kernel': [3, 2] });
  });

  it('of LSTM layers are three a direction, the upper ones as wide as what lies below', () => {
    const arena = newArena();
    const layers = lstmLayers(arena, 'encoder', 5, [4, 3], { bidirectional: true });
    expect(shapesOf(arena)).toEqual({
      'encoder/0/input': [5, 16],
      'encoder/0/recurrent': [4, 16],
      'encoder/0/bias': [16],
      'encoder/0/reverse/input': [5, 16],
      'encoder/0/reverse/recurrent': [4, 16],
      'encoder/0/reverse/bias': [16],
      'encoder/1/input': [8, 12],
      'encoder/1/recurrent': [3, 12],
      'encoder/1/bias': [12],
      'encoder/1/reverse/input': [8, 12],
      'encoder/1/reverse/recurrent': [3, 12],
      'encoder/1/reverse/bias': [12],
    });
    expect(layers.features).toBe(6);
    expect(layers.stateShapes(2)).toEqual([...new Array(4).fill([2, 4]), ...new Array(4).fill([2, 3])]);
  });

  it('of attention are one tensor of projections, the distances and the output', () => {
    const arena = newArena();
    attentionLayer(arena, 'own', { features: 6, heads: 2, relative: 5 });
    expect(shapesOf(arena)).toEqual({
      'own/kernel': [3, 6, 6],
      'own/bias': [3, 6],
      'own/relative': [2, 5, 3],
      'own/output/kernel': [6, 6],
      'own/output/bias': [6],
    });
  });

  it('of convolutions are the kernel, of a transposed one with the channels of its result first, and a bias', () => {
    const arena = newArena();
    convolutionLayer(arena, 'down', 3, 8, { size: [4, 5], stride: 2 });
    transposedConvolutionLayer(arena, 'up', 8, 3, { size: 4, stride: 2, bias: false });
    expect(shapesOf(arena)).toEqual({ 'down/kernel': [4, 5, 3, 8], 'down/bias': [8], 'up/kernel': [4, 4, 3, 8] });
  });

  it('of a batch norm are learnt in one arena and counted in another', () => {
    const [arena, statistics] = [newArena(), new Arena('statistics', 'workspace')];
    batchNormLayer(arena, statistics, 'norm', 5);
    expect(shapesOf(arena)).toEqual({ 'norm/scale': [5], 'norm/shift': [5] });
    expect(shapesOf(statistics)).toEqual({ 'norm/mean': [5], 'norm/variance': [5] });
    const [mean, variance] = startingValues(statistics, 1);
    expect([...mean, ...variance]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it("of Magenta's attention_rnn hold its 338,006 parameters", () => {
    const arena = newArena();
    const attending = attentionLstmLayer(arena, 'attending', 74, 128, { memory: 40 });
    expect(arena.valueCount).toBe(201_262);
    const upper = lstmLayers(arena, 'upper', attending.features, [128]);
    linearLayer(arena, 'output', upper.features, 40);
    expect(arena.valueCount).toBe(338_006);
    expect(attending.stateShapes(2)).toEqual([...new Array(3).fill([2, 128]), [40, 2, 128]]);
  });

  it('of GPT-2 hold its 124,439,808 parameters', () => {
    const arena = newArena();
    embeddingLayer(arena, 'tokens', 50_257, 768);
    embeddingLayer(arena, 'positions', 1024, 768);
    for (let block = 0; block < 12; block++) {
      transformerBlock(arena, `blocks/${block}`, { features: 768, heads: 12, blocks: 12 });
    }
    normLayer(arena, 'norm', 768);
    expect(arena.valueCount).toBe(124_439_808);
  });
});

describe('starting values', () => {
  const arena = newArena();
  linearLayer(arena, 'linear', 60, 40);
  lstmLayers(arena, 'lstm', 30, [32]);
  attentionLstmLayer(arena, 'attending', 30, 32, { memory: 3 });
  convolutionLayer(arena, 'down', 6, 8, { size: [5, 4] });
  convolutionLayer(arena, 'rectified', 6, 8, { size: [5, 4], initialiser: heUniform(120) });
  transposedConvolutionLayer(arena, 'up', 8, 6, { size: [5, 4] });
  embeddingLayer(arena, 'embedding', 50, 64);
  normLayer(arena, 'norm', 40);
  attentionLayer(arena, 'attention', { features: 32, heads: 2, relative: 64 });
  transformerBlock(arena, 'block', { features: 32, heads: 2, blocks: 8 });
  const start = (seed = 1) => {
    const values = startingValues(arena, seed);
    return (name: string) => values[arena.slots.findIndex((slot) => slot.name === name)];
  };

  it.each([
    ['linear/kernel', Math.sqrt(6 / (60 + 40))],
    ['lstm/0/input', Math.sqrt(6 / (30 + 32 + 4 * 32))],
    ['lstm/0/recurrent', Math.sqrt(6 / (30 + 32 + 4 * 32))],
    ['attending/mix/kernel', Math.sqrt(6 / (30 + 32 + 30))],
    ['attending/cell/recurrent', Math.sqrt(6 / (30 + 32 + 4 * 32))],
    ['attending/query/kernel', Math.sqrt(6 / (2 * 32 + 32))],
    ['attending/key/kernel', Math.sqrt(6 / (32 + 32))],
    ['attending/output/kernel', Math.sqrt(6 / (2 * 32 + 32))],
    ['down/kernel', Math.sqrt(6 / (120 + 160))],
    ['rectified/kernel', Math.sqrt(6 / 120)],
    ['up/kernel', Math.sqrt(6 / (160 + 120))],
    ['attention/kernel', Math.sqrt(6 / (32 + 32))],
    ['attention/output/kernel', Math.sqrt(6 / (32 + 32))],
  ])('of %s are uniform within %f', (name, limit) => {
    const values = start()(name);
    const highest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(highest).toBeLessThanOrEqual(Math.fround(limit));
    expect(highest).toBeGreaterThan(0.98 * limit);
    expect(deviation(values) / (limit / Math.sqrt(3))).toBeCloseTo(1, 1);
  });

  it.each([
    ['embedding/table', 0.02],
    ['attention/relative', 1 / Math.sqrt(16)],
    ['block/attention/kernel', 0.02],
    ['block/attention/output/kernel', 0.005],
    ['block/expand/kernel', 0.02],
    ['block/contract/kernel', 0.005],
  ])('of %s are normal with deviation %f', (name, expected) => {
    const values = start()(name);
    // Of a normal distribution 68.3 % lie within one deviation.
    const near = values.filter((value) => Math.abs(value) < expected).length / values.length;
    expect(deviation(values) / expected).toBeCloseTo(1, 1);
    expect(near).toBeCloseTo(0.683, 1);
  });

  it('are 1 for scales and forget gates, and 0 for other biases and shifts', () => {
    const of = start();
    expect(new Set(of('norm/scale'))).toEqual(new Set([1]));
    expect([...of('lstm/0/bias')]).toEqual([
      ...new Array(64).fill(0),
      ...new Array(32).fill(1),
      ...new Array(32).fill(0),
    ]);
    for (const name of ['norm/shift', 'linear/bias', 'attention/bias', 'block/contract/bias']) {
      expect(new Set(of(name))).toEqual(new Set([0]));
    }
  });

  it('are the same for the same seed, and others for another seed or another slot of the same shape', () => {
    expect(startingValues(arena, 1)).toEqual(startingValues(arena, 1));
    expect(start(1)('linear/kernel')).not.toEqual(start(2)('linear/kernel'));
    const twins = newArena();
    for (const name of ['a', 'b']) linearLayer(twins, name, 3, 3, { bias: false });
    const [a, b] = startingValues(twins, 1);
    expect(a).not.toEqual(b);
  });
});

function deviation(values: Float32Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
}

/** Holds a layer to the same network written by hand: its values, and the gradients of all slots and of x. */
async function expectSame(
  arena: Arena,
  shape: readonly number[],
  layer: (x: Tensor) => Tensor,
  byHand: (x: Tensor, slots: Readonly<Record<string, Tensor>>) => Tensor,
): Promise<void> {
  for (const [index, slot] of arena.slots.entries()) {
    device.write(slot, randomNumbers(elementCount(slot.shape), 50 + index));
  }
  const graph = new Graph();
  const x = graph.constant(randomNumbers(elementCount(shape), 3), shape);
  const variables = graph.variables(arena);
  const named = Object.fromEntries(arena.slots.map(({ name }, index) => [name, variables[index]]));
  const results = [layer(x), byHand(x, named)].map((y) => {
    const weights = graph.constant(randomNumbers(elementCount(y.shape), 4), y.shape);
    return [y, ...gradients(sum(multiply(y, weights)), [x, ...variables])];
  });
  const values = await evaluate(device, results.flat());
  const half = values.length / 2;
  const names = ['values', 'gradient of x', ...arena.slots.map(({ name }) => `gradient of ${name}`)];
  expect(results[0][0].shape).toEqual(results[1][0].shape);
  for (const [index, name] of names.entries()) {
    expectClose(values[index], values[half + index], TOLERANCE.gradient, name);
  }
  device.release(arena);
}

describe('values and gradients are those of the same network by hand', () => {
  it('linear, on any number of axes', async () => {
    const arena = newArena();
    const layer = linearLayer(arena, 'a', 5, 3, { activation: 'tanh' });
    await expectSame(arena, [2, 3, 5], layer.apply, (x, slots) =>
      reshape(unary('tanh', add(matmul(reshape(x, [6, 5]), slots['a/kernel']), slots['a/bias'])), [2, 3, 3]),
    );
  });

  it('linear without a bias, on one row', async () => {
    const arena = newArena();
    const layer = linearLayer(arena, 'a', 5, 3, { bias: false });
    await expectSame(arena, [5], layer.apply, (x, slots) =>
      reshape(matmul(reshape(x, [1, 5]), slots['a/kernel']), [3]),
    );
  });

  it('embedding', async () => {
    const arena = newArena();
    const layer = embeddingLayer(arena, 'a', 7, 4);
    const ids = Uint32Array.of(3, 0, 6, 3);
    await expectSame(
      arena,
      [4, 4],
      (x) => add(x, layer.apply(x.graph.constant(ids, [4]))),
      (x, slots) => add(x, embedding(slots['a/table'], x.graph.constant(ids, [4]))),
    );
  });

  it('layer norm', async () => {
    const arena = newArena();
    const layer = normLayer(arena, 'a', 6);
    await expectSame(arena, [5, 6], layer.apply, (x, slots) => layerNorm(x, slots['a/scale'], slots['a/shift']));
  });

  it.each([false, true])('LSTM layers, in both directions: %s', async (bidirectional) => {
    const arena = newArena();
    const layers = lstmLayers(arena, 'a', 3, [4, 2], { bidirectional });
    const direction = (slots: Readonly<Record<string, Tensor>>, name: string) => ({
      input: slots[`${name}/input`],
      recurrent: slots[`${name}/recurrent`],
      bias: slots[`${name}/bias`],
    });
    await expectSame(
      arena,
      [3, 2, 3],
      (x) => layers.apply(x).output,
      (x, slots) =>
        lstmStack(
          x,
          [0, 1].map((index) => ({
            forward: direction(slots, `a/${index}`),
            ...(bidirectional && { reverse: direction(slots, `a/${index}/reverse`) }),
          })),
        ).output,
    );
  });

  it('convolutions there and back', async () => {
    const arena = newArena();
    const down = convolutionLayer(arena, 'a', 2, 3, { size: [2, 3], stride: 2, padding: 1, activation: 'relu' });
    const up = transposedConvolutionLayer(arena, 'b', 3, 2, { size: [2, 3], stride: 2, padding: 1, bias: false });
    const given = { stride: 2, padding: 1 };
    await expectSame(
      arena,
      [2, 4, 5, 2],
      (x) => up.apply(down.apply(x)),
      (x, slots) => {
        const y = unary('relu', add(conv2d(x, slots['a/kernel'], given), slots['a/bias']));
        return conv2dTranspose(y, slots['b/kernel'], given);
      },
    );
  });

  it('batch norm while training', async () => {
    const [arena, statistics] = [newArena(), new Arena('statistics', 'workspace')];
    const layer = batchNormLayer(arena, statistics, 'a', 3, { epsilon: 0.1 });
    await expectSame(
      arena,
      [4, 2, 3],
      (x) => layer.apply(x, { training: true }),
      (x, slots) => batchNorm(x, slots['a/scale'], slots['a/shift'], { epsilon: 0.1 }).output,
    );
    device.release(statistics);
  });

  it('batch norm by its running statistics', async () => {
    const [arena, statistics] = [newArena(), new Arena('statistics', 'workspace')];
    const layer = batchNormLayer(arena, statistics, 'a', 3);
    const [mean, variance] = [Float32Array.of(1, 2, -3), Float32Array.of(4, 0.25, 1)];
    device.write(layer.running.mean, mean);
    device.write(layer.running.variance, variance);
    await expectSame(
      arena,
      [4, 2, 3],
      (x) => layer.apply(x, { training: false }),
      (x, slots) => {
        const given = { mean: x.graph.constant(mean, [3]), variance: x.graph.constant(variance, [3]) };
        return batchNormInference(x, slots['a/scale'], slots['a/shift'], given);
      },
    );
    device.release(statistics);
  });

  it('an LSTM layer with attention', async () => {
    const arena = newArena();
    const layer = attentionLstmLayer(arena, 'a', 3, 4, { memory: 2 });
    await expectSame(
      arena,
      [3, 2, 3],
      (x) => layer.apply(x).output,
      (x, slots) => {
        const weights = {
          mix: slots['a/mix/kernel'],
          mixBias: slots['a/mix/bias'],
          input: slots['a/cell/input'],
          recurrent: slots['a/cell/recurrent'],
          bias: slots['a/cell/bias'],
          query: slots['a/query/kernel'],
          queryBias: slots['a/query/bias'],
          key: slots['a/key/kernel'],
          score: slots['a/score'],
          output: slots['a/output/kernel'],
          outputBias: slots['a/output/bias'],
        };
        return attentionLstm(x, weights, 2).output;
      },
    );
  });

  it.each([false, true])('attention, causal: %s', async (causal) => {
    const arena = newArena();
    const [length, features, heads] = [3, 4, 2];
    const depth = features / heads;
    const layer = attentionLayer(arena, 'a', { features, heads, causal });
    await expectSame(arena, [1, length, features], layer.apply, (x, slots) => {
      const rows = reshape(x, [length, features]);
      const future = Float32Array.from({ length: length * length }, (_, at) =>
        causal && at % length > Math.floor(at / length) ? -1e9 : 0,
      );
      const [q, k, v] = [0, 1, 2].map((part) => {
        const weights = reshape(slice(slots['a/kernel'], part, part + 1), [features, features]);
        return add(matmul(rows, weights), slice(slots['a/bias'], part, part + 1));
      });
      const found = Array.from({ length: heads }, (_, head) => {
        const [own, keys, values] = [q, k, v].map((all) => slice(all, head * depth, (head + 1) * depth, 1));
        const scores = scale(matmul(own, transpose(keys)), 1 / Math.sqrt(depth));
        return matmul(softmax(add(scores, x.graph.constant(future, [length, length]))), values);
      });
      const y = add(matmul(concat(found, 1), slots['a/output/kernel']), slots['a/output/bias']);
      return reshape(y, [1, length, features]);
    });
  });

  it('a transformer block', async () => {
    const arena = newArena();
    const block = transformerBlock(arena, 'a', { features: 4, heads: 2, hidden: 6 });
    const norm = (x: Tensor, slots: Readonly<Record<string, Tensor>>, name: string) =>
      layerNorm(x, slots[`${name}/scale`], slots[`${name}/shift`]);
    await expectSame(
      arena,
      [2, 3, 4],
      (x) => block.apply(x),
      (x, slots) => {
        const attended = add(x, block.attention.apply(norm(x, slots, 'a/attention-norm')));
        const rows = reshape(norm(attended, slots, 'a/linear-norm'), [6, 4]);
        const hidden = unary('gelu', add(matmul(rows, slots['a/expand/kernel']), slots['a/expand/bias']));
        const added = add(matmul(hidden, slots['a/contract/kernel']), slots['a/contract/bias']);
        return add(attended, reshape(added, [2, 3, 4]));
      },
    );
  });
});

describe('layers', () => {
  it('of LSTMs go on from a state: two halves give what the whole gives', async () => {
    const arena = newArena();
    const layers = lstmLayers(arena, 'a', 5, [4, 3]);
    initialise(device, arena, 1);
    const graph = new Graph();
    const ids = graph.constant(randomIds(12, 1, 5), [6, 2]);
    const whole = layers.apply(ids);
    const first = layers.apply(slice(ids, 0, 3));
    const second = layers.apply(slice(ids, 3, 6), { state: first.state });
    const halves = concat([first.output, second.output]);
    const [expected, actual, ...states] = await evaluate(device, [
      ...[whole.output, halves],
      ...whole.state.flatMap((state, index) => [state, second.state[index]]),
    ]);
    expect(actual).toEqual(expected);
    expect(whole.state.map(({ shape }) => shape)).toEqual(layers.stateShapes(2));
    for (let index = 0; index < states.length; index += 2) expect(states[index + 1]).toEqual(states[index]);
    device.release(arena);
  });

  it('of LSTMs with attention go on from a state: two halves give what the whole gives', async () => {
    const arena = newArena();
    const layer = attentionLstmLayer(arena, 'a', 5, 4, { memory: 2 });
    initialise(device, arena, 1);
    const graph = new Graph();
    const x = graph.constant(randomNumbers(60, 1), [6, 2, 5]);
    const whole = layer.apply(x);
    const first = layer.apply(slice(x, 0, 3));
    const second = layer.apply(slice(x, 3, 6), { state: first.state });
    const halves = concat([first.output, second.output]);
    const [expected, actual, ...states] = await evaluate(device, [
      ...[whole.output, halves],
      ...whole.state.flatMap((state, index) => [state, second.state[index]]),
    ]);
    expectClose(actual, expected, TOLERANCE.reduction, 'output');
    expect(whole.state.map(({ shape }) => shape)).toEqual(layer.stateShapes(2));
    for (let index = 0; index < states.length; index += 2) {
      expectClose(states[index + 1], states[index], TOLERANCE.reduction, `state ${index / 2}`);
    }
    device.release(arena);
  });

  it('of batch norm move their statistics each run, once for each micro-batch, and differentiate afterwards', async () => {
    const [arena, statistics] = [newArena(), new Arena('statistics', 'workspace')];
    const layer = batchNormLayer(arena, statistics, 'a', 1, { rate: 0.5 });
    initialise(device, arena, 1);
    initialise(device, statistics, 1);
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 3, 10, 14), [4, 1]);
    const outputs = [slice(x, 0, 2), slice(x, 2, 4)].map((part) => layer.apply(part, { training: true }));
    const [slope] = gradients(sum(concat(outputs)), [graph.variable(layer.shift)]);
    const program = await Program.create(device, plan(graph, { outputs: [...outputs, slope] }));
    let [mean, variance] = [0, 1];
    for (let run = 0; run < 2; run++) {
      program.run();
      // Means 2 and 12; variances, by count less one, 2 and 8.
      for (const batch of [2, 12]) mean += 0.5 * (batch - mean);
      for (const batch of [2, 8]) variance += 0.5 * (batch - variance);
      expect((await device.read(layer.running.mean))[0]).toBeCloseTo(mean, 4);
      expect((await device.read(layer.running.variance))[0]).toBeCloseTo(variance, 4);
    }
    for (const output of outputs)
      expectClose(await program.read(output), [-1, 1], { absolute: 1e-4, relative: 0 }, 'y');
    expect([...(await program.read(slope))]).toEqual([4]);
    program.destroy();
    for (const each of [arena, statistics]) device.release(each);
  });

  it('of attention see keys and values of others, in which the future and padding are hidden', async () => {
    const arena = newArena();
    const layer = attentionLayer(arena, 'a', { features: 4, heads: 2, causal: true, relative: 3 });
    initialise(device, arena, 1);
    const graph = new Graph();
    const x = graph.constant(randomNumbers(24, 1), [2, 3, 4]);
    const { q, k, v } = layer.project(x);
    const last = layer.attend({ q: slice(q, 2, 3, 1), k, v });
    const lengths = graph.constant(Uint32Array.of(2, 3), [2]);
    const [whole, cached, padded, alone] = await evaluate(device, [
      slice(layer.apply(x), 2, 3, 1),
      last,
      slice(slice(layer.apply(x, { lengths }), 0, 1), 0, 2, 1),
      layer.apply(slice(slice(x, 0, 1), 0, 2, 1)),
    ]);
    expectClose(cached, whole, TOLERANCE.reduction, 'last position from a cache');
    expectClose(padded, alone, TOLERANCE.reduction, 'padded sequence');
    device.release(arena);
  });

  it('drop with masks of their own by default', async () => {
    const arena = newArena();
    const [one, other] = ['a', 'b'].map((name) => lstmLayers(arena, name, 4, [4, 4]));
    const values = startingValues(arena, 1);
    for (const [index, slot] of arena.slots.entries()) device.write(slot, values[index % 6]);
    const graph = new Graph();
    const x = graph.constant(randomNumbers(48, 1), [3, 4, 4]);
    const [seed, same] = [5, 5].map((value) => graph.constant(Uint32Array.of(value), []));
    const outputs = [
      one.apply(x, { dropout: { rate: 0.5, seed } }),
      other.apply(x, { dropout: { rate: 0.5, seed } }),
      other.apply(x, { dropout: { rate: 0.5, seed: same, stream: 0 } }),
    ];
    const [first, second, asFirst] = await evaluate(
      device,
      outputs.map(({ output }) => output),
    );
    expect(second).not.toEqual(first);
    expect(asFirst).toEqual(first);
    device.release(arena);
  });

  it('of a transformer drop what is added, from two streams', async () => {
    const arena = newArena();
    const block = transformerBlock(arena, 'a', { features: 4, heads: 1 });
    initialise(device, arena, 1);
    const graph = new Graph();
    const x = graph.constant(randomNumbers(48, 1), [3, 4, 4]);
    const [seed, same] = [5, 5].map((value) => graph.constant(Uint32Array.of(value), []));
    const attended = add(x, dropout(block.attention.apply(block.attentionNorm.apply(x)), 0.5, same, 8));
    const added = block.contract.apply(unary('gelu', block.expand.apply(block.linearNorm.apply(attended))));
    const [actual, expected] = await evaluate(device, [
      block.apply(x, { dropout: { rate: 0.5, seed, stream: 8 } }),
      add(attended, dropout(added, 0.5, same, 9)),
    ]);
    expectClose(actual, expected, TOLERANCE.elementwise, 'with dropout');
    device.release(arena);
  });

  it('say what does not fit by their names', () => {
    const graph = new Graph();
    const arena = newArena();
    const linear = linearLayer(arena, 'output', 3, 2);
    const attention = attentionLayer(arena, 'encoder/0', { features: 4, heads: 2 });
    expect(() => linear.apply(graph.input([5, 2]))).toThrow('output: x must be (..., 3), got [5, 2].');
    expect(() => attention.apply(graph.input([5, 4]))).toThrow('encoder/0: x must be (B, L, 4), got [5, 4].');
    expect(() => attentionLayer(arena, 'a', { features: 5, heads: 2 })).toThrow('a: 2 heads do not divide 5 features.');
    expect(() => lstmLayers(arena, 'b', 3, [])).toThrow('b: needs at least one layer, got none.');
    const down = convolutionLayer(arena, 'down', 3, 2, { size: 2 });
    expect(() => down.apply(graph.input([1, 4, 4, 2]))).toThrow('down: x must be (B, H, W, 3), got [1, 4, 4, 2].');
    expect(() => convolutionLayer(arena, 'f', 3, 2, { size: [2, 0] })).toThrow(
      "f: the kernel's size must be of whole numbers from 1 on, got 2 x 0.",
    );
    const layers = lstmLayers(arena, 'c', 3, [2]);
    const attending = attentionLstmLayer(arena, 'd', 3, 2, { memory: 4 });
    expect(() => attending.apply(graph.input([2, 1, 3]), { state: [] })).toThrow('d: 4 states are needed, got 0.');
    expect(() => attentionLstmLayer(arena, 'e', 3, 2, { memory: 0 })).toThrow(
      'e: the memory must hold a whole number of outputs from 1 on, got 0.',
    );
    expect(() => layers.apply(graph.input([2, 1, 3]), { state: [] })).toThrow('c: 2 states are needed, got 0.');
  });

  it('of two transformer blocks learn to repeat what they read', async () => {
    const [batch, half, classes, features] = [16, 4, 5, 16];
    const length = 2 * half - 1;
    const parameters = newArena();
    const tokens = embeddingLayer(parameters, 'tokens', classes, features);
    const positions = embeddingLayer(parameters, 'positions', length, features);
    const blocks = [0, 1].map((block) =>
      transformerBlock(parameters, `blocks/${block}`, { features, heads: 2, blocks: 2 }),
    );
    const norm = normLayer(parameters, 'norm', features);
    const output = linearLayer(parameters, 'output', features, classes, { initialiser: randomNormal(0.02) });
    initialise(device, parameters, 1);

    const graph = new Graph();
    const ids = graph.input([batch, length], 'u32');
    const targets = graph.input([batch * length], 'u32');
    let x = add(tokens.apply(ids), graph.variable(positions.table));
    for (const block of blocks) x = block.apply(x);
    const logits = reshape(output.apply(norm.apply(x)), [batch * length, classes]);
    // What can be known is the second half.
    const known = Float32Array.from({ length: batch * length }, (_, row) => +(row % length >= half - 1));
    const loss = crossEntropy(logits, targets, graph.constant(known, [batch * length]));
    const adam = optimiser({ kind: 'adam' }, parameters);
    const { schedule } = adam.step(gradients(loss, graph.variables(parameters)), { clipNorm: 1 });
    const program = await Program.create(device, plan(graph, { history: [loss], limits: device.limits }));
    for (let step = 1; step <= 150; step++) {
      const songs = Array.from({ length: batch }, (_, song) => {
        const first = randomIds(half, step * batch + song, classes);
        return [...first, ...first];
      });
      program.write(ids, Uint32Array.from(songs.flatMap((song) => song.slice(0, -1))));
      program.write(targets, Uint32Array.from(songs.flatMap((song) => song.slice(1))));
      program.write(schedule, adam.scheduleValues(step, 0.02));
      program.run();
    }
    const losses = (await program.history()).flat();
    expect(losses[0]).toBeCloseTo(Math.log(classes), 1);
    expect(losses[149]).toBeLessThan(0.2);
    program.destroy();
  });
});
