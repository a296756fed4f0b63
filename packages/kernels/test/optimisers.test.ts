import { describe, expect, it } from 'vitest';
import {
  Arena,
  adam,
  adamSchedule,
  add,
  Graph,
  globalNorm,
  gradients,
  type OptimiserSettings,
  optimiser,
  Program,
  plan,
  rmsprop,
  type Slot,
  sgd,
  store,
  subtract,
  sumOfSquares,
  type Tensor,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

const COUNT = 71;
// Norms of about 0.5, 5, 50, ...: the first steps are not clipped at 5, the others are.
const steps = [0.1, 1, 10, 1, 100].map((size, index) => randomNumbers(COUNT, index, -size, size));
const initial = randomNumbers(COUNT, 50);
const RATE = 0.01;
const CLIPS = [5, Number.POSITIVE_INFINITY];

/** What a test builds an optimiser from: whole arenas, and the norm of the gradients. */
interface Parts {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  readonly states: readonly Tensor[];
  readonly schedule: Tensor;
  readonly norm: Tensor;
}

/** Runs an optimiser over the steps; checks the norms and that the gap between two slots stays zero. */
async function optimise(
  build: (parts: Parts) => void,
  states: number,
  schedule: (step: number) => Float32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const arena = new Arena('parameters', 'parameters');
  const slots = [arena.add('a', [3, 5]), arena.add('b', [COUNT - 15])];
  const gradientArena = arena.mirror('gradients', 'gradients');
  const stateArenas = Array.from({ length: states }, (_, index) => arena.mirror(`state ${index}`, 'optimiser'));
  const graph = new Graph();
  const [parameters, gradients] = [arena, gradientArena].map((each) => graph.flat(each));
  const input = graph.input([schedule(1).length]);
  const norm = globalNorm(gradients);
  build({ parameters, gradients, states: stateArenas.map((each) => graph.flat(each)), schedule: input, norm });
  const program = await Program.create(device, plan(graph, { outputs: [parameters], history: [norm] }));
  device.write(slots[0], initial.slice(0, 15));
  device.write(slots[1], initial.slice(15));
  for (const [index, gradient] of steps.entries()) {
    device.write(gradientArena.slots[0], gradient.slice(0, 15));
    device.write(gradientArena.slots[1], gradient.slice(15));
    program.write(input, schedule(index + 1));
    program.run();
  }
  const values = Float32Array.from(await program.read(parameters));
  const [, second] = slots;
  expect(values.slice(15, second.offset)).toEqual(new Float32Array(second.offset - 15));
  const norms = steps.map((gradient) => Math.hypot(...gradient));
  expectClose((await program.history()).flat(), norms, TOLERANCE.reduction, 'norms');
  program.destroy();
  for (const each of [arena, gradientArena, ...stateArenas]) device.release(each);
  return Float32Array.of(...values.slice(0, 15), ...values.slice(second.offset, second.offset + COUNT - 15));
}

/** Gradients of each step after clipping, in float64. */
function clipped(clipNorm: number): Float64Array[] {
  return steps.map((gradient) => {
    const scale = Math.min(1, clipNorm / Math.hypot(...gradient));
    return Float64Array.from(gradient, (value) => value * scale);
  });
}

/** Algorithm 2 of Loshchilov and Hutter without its schedule; the Adam paper's algorithm 1 where the decay is 0. */
function adamReference(clipNorm: number, weightDecay: number, decays = (_: number) => true): Float64Array {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  return Float64Array.from(initial, (value, i) => {
    let [parameter, m, v] = [value, 0, 0];
    for (const [index, gradients] of clipped(clipNorm).entries()) {
      m = beta1 * m + (1 - beta1) * gradients[i];
      v = beta2 * v + (1 - beta2) * gradients[i] ** 2;
      const [unbiasedM, unbiasedV] = [m / (1 - beta1 ** (index + 1)), v / (1 - beta2 ** (index + 1))];
      parameter -= RATE * (unbiasedM / (Math.sqrt(unbiasedV) + epsilon) + (decays(i) ? weightDecay : 0) * parameter);
    }
    return parameter;
  });
}

function sgdReference(clipNorm: number, momentum: number, nesterov: boolean): Float64Array {
  return Float64Array.from(initial, (value, i) => {
    let [parameter, velocity] = [value, 0];
    for (const gradients of clipped(clipNorm)) {
      velocity = momentum * velocity + gradients[i];
      parameter -= RATE * (nesterov ? gradients[i] + momentum * velocity : velocity);
    }
    return parameter;
  });
}

describe('adam', () => {
  const cases = CLIPS.flatMap((clipNorm) => [0, 2].map((weightDecay) => ({ clipNorm, weightDecay })));
  it.each(cases)('follows float64, clipped at $clipNorm, decay $weightDecay', async ({ clipNorm, weightDecay }) => {
    const build = ({ parameters, gradients, states: [firstMoment, secondMoment], schedule, norm }: Parts) =>
      adam({ parameters, gradients, firstMoment, secondMoment }, schedule, norm, clipNorm, { weightDecay });
    const actual = await optimise(build, 2, (step) => adamSchedule(step, RATE));
    expectClose(actual, adamReference(clipNorm, weightDecay), TOLERANCE.reduction, 'parameters');
  });

  it.each(CLIPS)('decays only the slots it is told to, clipped at %s', async (clipNorm) => {
    const options = { weightDecay: 2, decays: ({ shape }: Slot) => shape.length > 1 };
    const build = ({ parameters, gradients, states: [firstMoment, secondMoment], schedule, norm }: Parts) =>
      adam({ parameters, gradients, firstMoment, secondMoment }, schedule, norm, clipNorm, options);
    const actual = await optimise(build, 2, (step) => adamSchedule(step, RATE));
    // The first slot, [3, 5], decays, the second one does not.
    const expected = adamReference(clipNorm, 2, (index) => index < 15);
    expectClose(actual, expected, TOLERANCE.reduction, 'parameters');
  });

  it('refuses to choose what decays in parameters that are not an arena', () => {
    const graph = new Graph();
    const [parameters, gradients, firstMoment, secondMoment] = [0, 1, 2, 3].map(() => graph.input([128]));
    const state = { parameters, gradients, firstMoment, secondMoment };
    const options = { weightDecay: 0.1, decays: () => true };
    expect(() => adam(state, graph.input([3]), graph.input([]), 1, options)).toThrow(
      'adam: to choose what decays, the parameters must be a whole arena, see Graph.flat.',
    );
  });
});

describe('sgd', () => {
  const cases = CLIPS.flatMap((clipNorm) =>
    [0, 0.9].flatMap((momentum) => [false, true].map((nesterov) => ({ clipNorm, momentum, nesterov }))),
  );
  it.each(cases)('follows float64, clipped at $clipNorm, momentum $momentum, Nesterov $nesterov', async (options) => {
    const { clipNorm, momentum, nesterov } = options;
    const build = ({ parameters, gradients, states: [velocity], schedule, norm }: Parts) =>
      sgd({ parameters, gradients, velocity }, schedule, norm, clipNorm, { momentum, nesterov });
    const actual = await optimise(build, 1, () => Float32Array.of(RATE));
    expectClose(actual, sgdReference(clipNorm, momentum, nesterov), TOLERANCE.reduction, 'parameters');
  });

  it.each(CLIPS)('needs no velocity without momentum, clipped at %s', async (clipNorm) => {
    const build = ({ parameters, gradients, schedule, norm }: Parts) =>
      sgd({ parameters, gradients }, schedule, norm, clipNorm);
    const actual = await optimise(build, 0, () => Float32Array.of(RATE));
    expectClose(actual, sgdReference(clipNorm, 0, false), TOLERANCE.reduction, 'parameters');
  });

  it('refuses what does not fit', () => {
    const graph = new Graph();
    const [parameters, gradients, velocity] = [64, 64, 128].map((size) => graph.input([size]));
    const [scalar, pair] = [graph.input([]), graph.input([2])];
    const state = { parameters, gradients, velocity: gradients };
    expect(() => sgd({ parameters, gradients, velocity }, scalar, scalar, 1)).toThrow(
      'sgd: all arenas must have one layout, got [64] and [64] and [128].',
    );
    expect(() => sgd(state, pair, scalar, 1)).toThrow('sgd: rate must have 1 element, got [2].');
    for (const options of [{ momentum: 0.9 }, { nesterov: true }]) {
      expect(() => sgd({ parameters, gradients }, scalar, scalar, 1, options)).toThrow(
        'sgd: momentum needs a velocity, an arena of the layout of the parameters, got [64].',
      );
    }
    const ids = graph.input([64], 'u32');
    expect(() => sgd({ parameters, gradients: ids }, scalar, scalar, 1)).toThrow(
      'sgd: gradients must be f32, got u32 [64].',
    );
    expect(() => sgd(state, scalar, scalar, 1, { momentum: 1 })).toThrow(
      'sgd: 0 <= momentum 1 < 1 must hold, got [64].',
    );
  });
});

/** PyTorch's algorithm. */
function rmspropReference(clipNorm: number, momentum: number, weightDecay: number): Float64Array {
  return Float64Array.from(initial, (value, i) => {
    let [parameter, meanSquare, velocity] = [value, 0, 0];
    for (const gradients of clipped(clipNorm)) {
      const gradient = gradients[i] + weightDecay * parameter;
      meanSquare = 0.99 * meanSquare + 0.01 * gradient ** 2;
      velocity = momentum * velocity + gradient / (Math.sqrt(meanSquare) + 1e-8);
      parameter -= RATE * velocity;
    }
    return parameter;
  });
}

describe('rmsprop', () => {
  const cases = CLIPS.flatMap((clipNorm) =>
    [0, 0.9].flatMap((momentum) => [0, 0.5].map((weightDecay) => ({ clipNorm, momentum, weightDecay }))),
  );
  it.each(cases)('follows float64, clipped at $clipNorm, momentum $momentum, decay $weightDecay', async (options) => {
    const { clipNorm, momentum, weightDecay } = options;
    const build = ({ parameters, gradients, states: [meanSquare, velocity], schedule, norm }: Parts) => {
      const state = { parameters, gradients, meanSquare, ...(velocity && { velocity }) };
      rmsprop(state, schedule, norm, clipNorm, { momentum, weightDecay });
    };
    const actual = await optimise(build, momentum === 0 ? 1 : 2, () => Float32Array.of(RATE));
    expectClose(actual, rmspropReference(clipNorm, momentum, weightDecay), TOLERANCE.reduction, 'parameters');
  });

  it('refuses what does not fit', () => {
    const graph = new Graph();
    const [parameters, gradients, meanSquare, short] = [64, 64, 64, 32].map((size) => graph.input([size]));
    const scalar = graph.input([]);
    const state = { parameters, gradients, meanSquare };
    expect(() => rmsprop({ ...state, meanSquare: short }, scalar, scalar, 1)).toThrow(
      'rmsprop: all arenas must have one layout, got [64] and [64] and [32].',
    );
    expect(() => rmsprop(state, scalar, scalar, 1, { momentum: 0.9 })).toThrow(
      'rmsprop: momentum needs a velocity, an arena of the layout of the parameters, got [64].',
    );
    expect(() => rmsprop(state, scalar, scalar, 1, { momentum: 1 })).toThrow(
      'rmsprop: 0 <= momentum 1 < 1 must hold, got [64].',
    );
  });
});

/** Two slots that are drawn to a target of each run by an optimiser of the given settings. */
async function drawn(settings: OptimiserSettings) {
  const parameters = new Arena('parameters', 'parameters');
  for (const [index, size] of [15, 2].entries()) parameters.add(`${index}`, [size]);
  const built = optimiser(settings, parameters);
  const graph = new Graph();
  const weights = graph.variables(parameters);
  const targets = weights.map(({ shape }) => graph.input(shape));
  const [first, second] = weights.map((weight, index) => sumOfSquares(subtract(weight, targets[index])));
  const { schedule, norm } = built.step(gradients(add(first, second), weights), { clipNorm: 1 });
  const program = await Program.create(device, plan(graph, { history: [norm], limits: device.limits }));
  return {
    built,
    norms: async () => (await program.history()).flat(),
    step(number: number) {
      for (const [index, target] of targets.entries()) {
        program.write(target, randomNumbers(target.shape[0], 10 * number + index));
      }
      program.write(schedule, built.scheduleValues(number, RATE / number));
      program.run();
    },
    async read() {
      const read = async (arena: Arena) => Promise.all(arena.slots.map((slot) => device.read(slot)));
      const entries = Object.entries(built.arenas).map(async ([name, arena]) => [name, await read(arena)] as const);
      return Object.fromEntries(await Promise.all(entries));
    },
    write(values: Readonly<Record<string, readonly Float32Array<ArrayBuffer>[]>>) {
      for (const [name, arena] of Object.entries(built.arenas)) {
        for (const [index, slot] of arena.slots.entries()) device.write(slot, values[name][index]);
      }
    },
    destroy() {
      program.destroy();
      for (const arena of [...Object.values(built.arenas), built.gradients]) device.release(arena);
    },
  };
}

describe('optimiser', () => {
  const start = [randomNumbers(15, 1), randomNumbers(2, 2)];
  const kinds: readonly [OptimiserSettings, string[]][] = [
    [{ kind: 'adam', weightDecay: 0.1 }, ['firstMoment', 'secondMoment']],
    [{ kind: 'rmsprop' }, ['meanSquare']],
    [{ kind: 'rmsprop', momentum: 0.5 }, ['meanSquare', 'velocity']],
    [{ kind: 'sgd' }, ['velocity']],
    [{ kind: 'sgd', momentum: 0, nesterov: true }, []],
    [{ kind: 'adam', averageDecay: 0.75 }, ['firstMoment', 'secondMoment', 'average']],
  ];

  it.each(kinds)('of %j goes on from its arenas, to the bit', async (settings, state) => {
    const [whole, before, after] = [await drawn(settings), await drawn(settings), await drawn(settings)];
    expect(Object.keys(whole.built.arenas)).toEqual(['parameters', ...state]);
    for (const each of [whole, before]) each.write(each.built.startingValues(start));
    for (const step of [1, 2, 3, 4]) whole.step(step);
    for (const step of [1, 2]) before.step(step);
    after.write(await before.read());
    for (const step of [3, 4]) after.step(step);
    const expected = await whole.read();
    expect(await after.read()).toEqual(expected);
    for (const name of state) expect(expected[name].flatMap((values) => [...values]).some((x) => x !== 0)).toBe(true);
    expect(expected.parameters[0]).not.toEqual(start[0]);
    for (const each of [whole, before, after]) each.destroy();
  });

  it('gives the norm before clipping', async () => {
    const { built, write, step, norms, destroy } = await drawn({ kind: 'sgd' });
    write(built.startingValues(start));
    step(1);
    const differences = start.flatMap((values, index) => {
      const targets = randomNumbers(values.length, 10 + index);
      return [...values].map((value, element) => 2 * (value - targets[element]));
    });
    expectClose(await norms(), [Math.hypot(...differences)], TOLERANCE.reduction, 'norm');
    destroy();
  });

  it('takes the steps of adam, to the bit, and keeps the gradients', async () => {
    const [one, other] = [0, 1].map(() => {
      const parameters = new Arena('parameters', 'parameters');
      device.write(parameters.add('w', [15]), start[0]);
      return parameters;
    });
    const graph = new Graph();
    const built = optimiser({ kind: 'adam', weightDecay: 0.5 }, one);
    const [slope] = gradients(sumOfSquares(graph.variables(one)[0]), graph.variables(one));
    const { schedule } = built.step([slope], { clipNorm: 1 });

    const beside = ['gradients', 'first moment', 'second moment'].map((name) => other.mirror(name, 'optimiser'));
    const [same] = gradients(sumOfSquares(graph.variables(other)[0]), graph.variables(other));
    store(same, beside[0].slots[0]);
    const [parameters, slopes, firstMoment, secondMoment] = [other, ...beside].map((arena) => graph.flat(arena));
    const state = { parameters, gradients: slopes, firstMoment, secondMoment };
    adam(state, schedule, globalNorm(slopes), 1, { weightDecay: 0.5 });

    const program = await Program.create(device, plan(graph, { limits: device.limits }));
    let before = start[0];
    for (const step of [1, 2, 3]) {
      expect(built.scheduleValues(step, RATE)).toEqual(adamSchedule(step, RATE));
      program.write(schedule, adamSchedule(step, RATE));
      program.run();
      expect(await device.read(built.gradients.slots[0])).toEqual(before.map((w) => 2 * w));
      const after = Float32Array.from(await device.read(one.slots[0]));
      expect(after).not.toEqual(before);
      expect(after).toEqual(await device.read(other.slots[0]));
      before = after;
    }
    program.destroy();
    for (const arena of [...Object.values(built.arenas), built.gradients, other, ...beside]) device.release(arena);
  });

  it('averages the parameters from where they start', async () => {
    const { built, write, step, read, destroy } = await drawn({ kind: 'sgd', momentum: 0, averageDecay: 0.75 });
    write(built.startingValues(start));
    let expected = start.map((values) => Float64Array.from(values));
    for (const number of [1, 2, 3]) {
      step(number);
      const { parameters, average } = await read();
      expected = expected.map((values, index) => values.map((x, at) => 0.75 * x + 0.25 * parameters[index][at]));
      for (const [index, values] of expected.entries()) {
        expectClose(average[index], values, TOLERANCE.reduction, `average ${index} after step ${number}`);
      }
    }
    destroy();
  });

  it.each([
    [{ kind: 'adam', beta1: 1 }, 'adam: beta1 must be at least 0 and below 1, got 1.'],
    [{ kind: 'adam', epsilon: 0 }, 'adam: epsilon must be at least 1.18e-38, got 0.'],
    [{ kind: 'rmsprop', alpha: -0.1 }, 'rmsprop: alpha must be at least 0 and below 1, got -0.1.'],
    [{ kind: 'rmsprop', weightDecay: Number.NaN }, 'rmsprop: weightDecay must be 0 or more, got NaN.'],
    [{ kind: 'sgd', momentum: 1.5 }, 'sgd: momentum must be at least 0 and below 1, got 1.5.'],
    [{ kind: 'sgd', averageDecay: 1 }, 'sgd: averageDecay must be at least 0 and below 1, got 1.'],
    [{ kind: 'lion' }, 'optimiser: kind must be adam, rmsprop or sgd, got lion.'],
  ])('refuses %j', (settings, message) => {
    expect(() => optimiser(settings as OptimiserSettings, new Arena('parameters', 'parameters'))).toThrow(message);
  });

  it('refuses too few gradients, and to clip to nothing', () => {
    const parameters = new Arena('parameters', 'parameters');
    for (const name of ['a', 'b']) parameters.add(name, [1]);
    const graph = new Graph();
    expect(() => optimiser({ kind: 'sgd' }, parameters).step([graph.input([1])])).toThrow(
      'optimiser: 2 gradients are needed, got 1.',
    );
    const both = [graph.input([1]), graph.input([1])];
    for (const clipNorm of [0, -1, Number.NaN]) {
      expect(() => optimiser({ kind: 'sgd' }, parameters).step(both, { clipNorm })).toThrow(
        `optimiser: clipNorm must be above 0, got ${clipNorm}.`,
      );
    }
  });
});
