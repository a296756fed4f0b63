import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  Arena,
  adam,
  adamSchedule,
  add,
  BASE_LIMITS,
  broadcast,
  dropout,
  elementCount,
  embedding,
  Graph,
  gaussianNoise,
  globalNorm,
  gradients,
  type HalfPrecision,
  type MemoryLimits,
  matmul,
  mean,
  moveAverage,
  optimiser,
  type Plan,
  Program,
  plan,
  rmsprop,
  scale,
  sgd,
  slice,
  store,
  subtract,
  sum,
  type Tensor,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

/** The arena below takes 400 KiB: three pieces, or seven where they are whole stretches of 8 KiB. */
const SMALL: MemoryLimits = { ...BASE_LIMITS, maxStorageBufferBindingSize: 150_000 };
const SMALLER: MemoryLimits = { ...BASE_LIMITS, maxStorageBufferBindingSize: 70_000 };

function parameterArena(): Arena {
  const parameters = new Arena('parameters', 'parameters');
  for (let layer = 0; layer < 10; layer++) {
    parameters.add(`w${layer}`, [99, 100]);
    parameters.add(`b${layer}`, [100]);
  }
  return parameters;
}

/** Fills arenas, runs a plan some times, and reads the history and a digest of the arenas; frees all. */
async function trained(
  arenas: readonly Arena[],
  planned: Plan,
  inputs: (step: number) => readonly Float32Array<ArrayBuffer>[],
) {
  for (const [index, { slots }] of arenas.entries()) {
    for (const [place, slot] of slots.entries()) {
      // Second moments and mean squares are squares.
      const values = randomNumbers(elementCount(slot.shape), 1000 * index + place);
      device.write(slot, index === 3 ? values.map(Math.abs) : values);
    }
  }
  const program = await Program.create(device, planned);
  for (let step = 1; step <= 3; step++) {
    for (const [index, data] of inputs(step).entries()) program.write(planned.graph.inputs[index], data);
    program.run();
  }
  const history = await program.history();
  // Comparing some 100,000 numbers one by one as in toEqual takes seconds.
  const bits = createHash('sha256');
  for (const { slots } of arenas) for (const slot of slots) bits.update(await device.read(slot));
  program.destroy();
  for (const arena of arenas) device.release(arena);
  return { history, bits: bits.digest('hex') };
}

const largest = ({ dispatches }: Plan) =>
  Math.max(...dispatches.flatMap(({ locations }) => locations.map(({ size }) => size)));

describe('arenas larger than a binding', () => {
  const optimisers: Readonly<
    Record<string, (clipNorm: number) => { arenas: Arena[]; of: (limits: MemoryLimits) => Plan }>
  > = {
    adam: (clipNorm) => {
      const parameters = parameterArena();
      // Second moments come fourth, which are drawn without signs.
      const others = ['gradients', 'first moment', 'second moment'].map((name) => parameters.mirror(name, 'optimiser'));
      const of = (limits: MemoryLimits) => {
        const graph = new Graph();
        const schedule = graph.input([3]);
        const [flat, slopes, firstMoment, secondMoment] = [parameters, ...others].map((arena) => graph.flat(arena));
        const norm = globalNorm(slopes);
        const state = { parameters: flat, gradients: slopes, firstMoment, secondMoment };
        adam(state, schedule, norm, clipNorm, { weightDecay: 0.1, decays: ({ shape }) => shape.length > 1 });
        return plan(graph, { history: [norm], limits });
      };
      return { arenas: [parameters, ...others], of };
    },
    sgd: (clipNorm) => {
      const parameters = parameterArena();
      const arenas = [
        parameters,
        parameters.mirror('gradients', 'gradients'),
        parameters.mirror('velocity', 'optimiser'),
      ];
      const of = (limits: MemoryLimits) => {
        const graph = new Graph();
        const rate = graph.input([3]);
        const [flat, slopes, velocity] = arenas.map((arena) => graph.flat(arena));
        const norm = globalNorm(slopes);
        sgd({ parameters: flat, gradients: slopes, velocity }, slice(rate, 0, 1), norm, clipNorm, { nesterov: true });
        return plan(graph, { history: [norm], limits });
      };
      return { arenas, of };
    },
    'rmsprop with an average': (clipNorm) => {
      const parameters = parameterArena();
      // Mean squares come fourth, which are drawn without signs.
      const others = ['gradients', 'velocity', 'mean square', 'average'].map((name) =>
        parameters.mirror(name, 'optimiser'),
      );
      const of = (limits: MemoryLimits) => {
        const graph = new Graph();
        const rate = graph.input([3]);
        const [flat, slopes, velocity, meanSquare] = [parameters, ...others].map((arena) => graph.flat(arena));
        const norm = globalNorm(slopes);
        const state = { parameters: flat, gradients: slopes, meanSquare, velocity };
        rmsprop(state, slice(rate, 0, 1), norm, clipNorm, { momentum: 0.5, weightDecay: 0.1 });
        moveAverage(graph, parameters, others[3], 0.9);
        return plan(graph, { history: [norm], limits });
      };
      return { arenas: [parameters, ...others], of };
    },
  };

  for (const [name, make] of Object.entries(optimisers)) {
    it.each([1, Number.POSITIVE_INFINITY])(
      `get the same bits from ${name}, clipped at %d, in any pieces`,
      async (clipNorm) => {
        const { arenas, of } = make(clipNorm);
        const run = (planned: Plan) => trained(arenas, planned, (step) => [adamSchedule(step, 0.01)]);
        const whole = await run(of(BASE_LIMITS));
        const gradientNorm = Math.hypot(
          ...arenas[1].slots.map(({ shape }, place) => Math.hypot(...randomNumbers(elementCount(shape), 1000 + place))),
        );
        expectClose(
          whole.history.flat(),
          [1, 2, 3].map(() => gradientNorm),
          TOLERANCE.reduction,
          'norm',
        );
        for (const limits of [SMALL, SMALLER]) {
          const planned = of(limits);
          expect(largest(planned)).toBeLessThanOrEqual(limits.maxStorageBufferBindingSize);
          expect(planned.byCategory).toMatchObject({ parameters: arenas[0].byteLength });
          expect(await run(planned)).toEqual(whole);
        }
      },
    );
  }

  it('get the same bits from elementwise work and copies that are stored there', async () => {
    const parameters = parameterArena();
    const [averages, zeros, copies] = ['averages', 'zeros', 'copies'].map((name) =>
      parameters.mirror(name, 'optimiser'),
    );
    const whole = (arena: Arena) => ({ arena, name: arena.name, shape: [arena.elements], offset: 0 });
    const of = (limits: MemoryLimits) => {
      const graph = new Graph();
      const seed = graph.constant(Uint32Array.of(5), []);
      const [weights, average, old] = [parameters, averages, zeros].map((arena) => graph.flat(arena));
      const noise = dropout(gaussianNoise([parameters.elements], seed, 0), 0.5, seed, 1);
      store(add(average, scale(subtract(weights, average), 0.01)), whole(averages));
      store(add(weights, noise), whole(parameters));
      store(old, whole(copies));
      store(broadcast(graph.constant(Float32Array.of(0), [1]), [zeros.elements]), whole(zeros));
      return plan(graph, { limits });
    };
    const run = (planned: Plan) => trained([parameters, averages, zeros, copies], planned, () => []);
    const all = await run(of(BASE_LIMITS));
    for (const limits of [SMALL, SMALLER]) {
      const planned = of(limits);
      expect(largest(planned)).toBeLessThanOrEqual(limits.maxStorageBufferBindingSize);
      expect(await run(planned)).toEqual(all);
    }
  });

  it('are checked for NaN in all of their pieces', async () => {
    const parameters = parameterArena();
    const flat = new Graph();
    const halved = scale(flat.flat(parameters), 0.5);
    store(halved, { arena: parameters, name: 'all', shape: [parameters.elements], offset: 0 });
    const program = await Program.create(device, plan(flat, { limits: SMALLER }), { detectNonFinite: true });
    const last = parameters.slots[18];
    device.write(last, new Float32Array(9900).fill(Number.NaN, 42, 43));
    program.run();
    await expect(program.read(flat.variable(parameters.slots[0]))).rejects.toThrow(
      `element ${last.offset + 42} ([${last.offset + 42}]) was a NaN in run 1 of the program from the start.`,
    );
    program.destroy();
    device.release(parameters);
  });

  it('have copies in 16 bits of some slots each', () => {
    const parameters = parameterArena();
    const trace = (limits: MemoryLimits) => {
      const graph = new Graph();
      const x = graph.input([1, 99]);
      const outputs = parameters.slots
        .filter(({ shape }) => shape.length > 1)
        .map((slot) => matmul(x, graph.variable(slot)));
      return plan(graph, { outputs, limits, half: { weights: true } });
    };
    const [whole, small] = [trace(BASE_LIMITS), trace(SMALL)];
    const copies = ({ dispatches }: Plan) => dispatches.filter(({ kernel }) => kernel.label === 'copy');
    expect(copies(whole)).toHaveLength(1);
    expect(copies(small)).toHaveLength(4);
    expect(largest(small)).toBeLessThanOrEqual(SMALL.maxStorageBufferBindingSize);
    const halves = ({ dispatches }: Plan) =>
      dispatches.flatMap(({ uses, node }) => (node.operation.name === 'matmul' ? [uses.some(({ half }) => half)] : []));
    expect(halves(small)).toEqual(new Array(10).fill(true));
    // Together they take no more; and a part goes where nothing needs it any more.
    expect(small.byCategory.activations).toBeLessThanOrEqual(whole.byCategory.activations);
  });
});

describe('a model of 235 million parameters', () => {
  /** As MusicVAE's full size: 25 matrices of 3,000 x 3,136, each of which fits a binding. */
  const parameterArena = () => {
    const parameters = new Arena('parameters', 'parameters');
    for (let layer = 0; layer < 25; layer++) parameters.add(`w${layer}`, [3000, 3136]);
    return parameters;
  };
  const step = (limits?: MemoryLimits, half?: HalfPrecision) => {
    const parameters = parameterArena();
    const graph = new Graph();
    const variables = graph.variables(parameters);
    const x = graph.input([4, 3000]);
    const loss = variables.reduce((sum, w) => add(sum, mean(unary('square', matmul(x, w)))), mean(x));
    optimiser({ kind: 'adam' }, parameters).step(gradients(loss, variables), { clipNorm: 1 });
    return plan(graph, { history: [loss], ...(limits && { limits }), half });
  };
  const GIBIBYTE = 2 ** 30;

  it('trains where buffers may be that large, whatever a binding holds', () => {
    const planned = step({ ...BASE_LIMITS, maxBufferSize: GIBIBYTE });
    expect(planned.byCategory.parameters).toBe(4 * 25 * 3000 * 3136);
    expect(largest(planned)).toBeLessThanOrEqual(BASE_LIMITS.maxStorageBufferBindingSize);
    expect(planned.dispatches.filter(({ kernel }) => kernel.label === 'adam')).toHaveLength(8);
    // Half of the parameters' bytes in copies, none of which is larger than a binding. Some of them do without other
    // memory.
    const half = step({ ...BASE_LIMITS, maxBufferSize: GIBIBYTE }, { weights: true });
    expect(largest(half)).toBeLessThanOrEqual(BASE_LIMITS.maxStorageBufferBindingSize);
    const copies = half.byCategory.activations / planned.byCategory.parameters;
    expect(copies).toBeGreaterThan(0.45);
    expect(copies).toBeLessThan(0.55);
  });

  it('is refused by what every adapter grants, with the advice to ask for the limits of the device', () => {
    expect(() => step()).toThrow(
      'arena parameters of 25 slots: 940800000 bytes exceed the 268435456 a buffer that every WebGPU adapter grants; plan with the limits of the device (device.limits), which may be higher; use a smaller model.',
    );
  });
});

describe('what has to be bound whole', () => {
  it('is refused by its name, with what can be done', () => {
    const parameters = parameterArena();
    const table = parameters.add('table', [500, 100]);
    const graph = new Graph();
    const read = (output: Tensor) => () => plan(graph, { outputs: [output], limits: SMALL });
    expect(read(embedding(graph.variable(table), graph.input([3], 'u32')))).toThrow(
      /^slot table of parameters \[500, 100\]: 200000 bytes exceed the 150000 a binding of the limits given to plan; use a smaller model\. \(at/,
    );
    expect(read(sum(graph.flat(parameters)))).toThrow(
      /^slot parameters of parameters \[\d+\]: \d+ bytes exceed the 150000 a binding/,
    );
    expect(read(sum(matmul(graph.input([300, 2]), graph.input([2, 300]))))).toThrow(
      /^matmul \[300, 2\], \[2, 300\] -> \[300, 300\]: 360000 bytes exceed the 150000 a binding of the limits given to plan; use a smaller batch or model\. \(at/,
    );
  });
});
