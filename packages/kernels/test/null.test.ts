import { describe, expect, it } from 'vitest';
import {
  Arena,
  adam,
  dropout,
  Graph,
  globalNorm,
  gradients,
  multiply,
  Program,
  plan,
  rmsprop,
  sgd,
  store,
  sum,
  type Tensor,
  transpose,
  unary,
} from '../src/index.ts';
import { operations } from '../src/operation.ts';
import { matmulProblem } from '../src/operations/matmul/matmul.ts';
import { allCases } from './cases/all.ts';
import { matmulSizes } from './cases/matmul.ts';
import { testDevice } from './support/device.ts';
import { everyVariant, FORMS, matmulBy } from './support/matmul-variants.ts';
import { withVariant } from './support/variants.ts';

/** Compiles WGSL and validates bindings and grids like any other, and computes nothing: needs no driver. */
const device = await testDevice('null', false, 'buffers');
const devices = [device, await testDevice('null', false, 'storage'), await testDevice('null', false, 'sampled')];

/** Also where matrices are read from textures, of either kind. */
async function compiles(graph: Graph, outputs: readonly Tensor[]): Promise<void> {
  for (const on of devices) {
    const planned = plan(graph, { outputs, limits: on.limits });
    const program = await Program.create(on, planned);
    program.run();
    await on.check();
    program.destroy();
    for (const arena of planned.arenas) on.release(arena);
  }
}

describe('every kernel compiles and validates on the null adapter', () => {
  it.each(allCases)('$operation: $test.name', async ({ test }) => {
    // Inputs of the graph are never overwritten, values computed from them may be: the latter take the in-place
    // kernels.
    for (const wrap of [(x: Tensor) => x, (x: Tensor) => unary('negate', x)]) {
      const graph = new Graph();
      const inputs = test.shapes.map((shape) => graph.input(shape));
      const output = test.build(inputs.map(wrap), graph);
      const slopes = test.differentiable === false ? [] : gradients(sum(multiply(output, output)), inputs);
      await compiles(graph, slopes.length > 0 ? slopes : [output]);
    }
  });

  it('dropout, in place and not', async () => {
    for (const wrap of [(x: Tensor) => x, (x: Tensor) => unary('negate', x)]) {
      const graph = new Graph();
      await compiles(graph, [dropout(wrap(graph.input([5])), 0.3, graph.input([], 'u32'), 1)]);
    }
  });

  it('the optimisers and store, with and without clipping', async () => {
    for (const clipNorm of [1, Number.POSITIVE_INFINITY]) {
      const arenas = ['parameters', 'gradients', 'first', 'second'].map((name) => new Arena(name, 'optimiser'));
      const slots = arenas.map((arena) => arena.add('x', [3, 5]));
      const graph = new Graph();
      const [parameters, gradient, firstMoment, secondMoment] = arenas.map((arena) => graph.flat(arena));
      store(unary('square', graph.variable(slots[0])), slots[1]);
      const state = { parameters, gradients: gradient, firstMoment, secondMoment };
      const norm = globalNorm(gradient);
      adam(state, graph.input([3]), norm, clipNorm, { weightDecay: 0.1 });
      rmsprop({ parameters, gradients: gradient, meanSquare: secondMoment }, graph.input([]), norm, clipNorm);
      sgd({ parameters, gradients: gradient, velocity: firstMoment }, graph.input([]), norm, clipNorm, {
        nesterov: true,
      });
      await compiles(graph, []);
    }
  });

  it.each([
    [16, 12],
    [17, 6],
  ])('lstm steps of %i sequences and %i units in every variant', async (batch, units) => {
    for (let number = 0; number < 7; number++) {
      for (const wrap of [(x: Tensor) => x, (x: Tensor) => unary('negate', x)]) {
        const graph = new Graph();
        const projected = wrap(graph.input([3, batch, 4 * units]));
        const recurrent = graph.input([units, 4 * units]);
        const [hidden, cells, gates] = graph.apply(withVariant(operations.lstm, number), [projected, recurrent], {
          reverse: true,
        });
        const backward = withVariant(operations.lstmGradient, number);
        const inputs = [wrap(gates), cells, transpose(recurrent), graph.input([4, batch, units])];
        const slopes = graph.apply(backward, inputs, {
          reverse: true,
          hasHidden: true,
          hasCells: false,
        });
        await compiles(graph, [hidden, ...slopes]);
      }
    }
  });

  it.each([...matmulSizes, [4, 9, 513], [12, 8, 512]])('matmul %i x %i x %i in every variant', async (M, N, K) => {
    for (const { transposeA, transposeB } of FORMS) {
      for (const added of ['bias', 'addend'] as const) {
        const activation = added === 'bias' ? ('tanh' as const) : undefined;
        const attributes = { transposeA, transposeB, added, activation };
        const graph = new Graph();
        const a = graph.input(transposeA ? [K, M] : [M, K]);
        const b = graph.input(transposeB ? [N, K] : [K, N]);
        const third = added === 'bias' ? graph.input([N]) : unary('negate', graph.input([M, N]));
        const count = everyVariant(matmulProblem([a, b], attributes, false)).length;
        for (let number = 0; number < count; number++) {
          await compiles(graph, [matmulBy(number, [a, b, third], attributes)]);
        }
      }
    }
  });

  it('and reads zeros back', async () => {
    const graph = new Graph();
    const y = unary('exp', graph.input([3]));
    const program = await Program.create(device, plan(graph, { outputs: [y] }));
    program.run();
    expect(await program.read(y)).toEqual(new Float32Array(3));
    program.destroy();
  });
});
