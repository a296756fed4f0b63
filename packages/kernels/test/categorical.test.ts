import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CategoricalSettings,
  categorical,
  categoricalSettings,
  Graph,
  NO_CLASS,
  Program,
  plan,
  type Shape,
} from '../src/index.ts';
import { categoricalDraw, categoricalReference } from './support/categorical.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

/** A program over rows of a fixed size, whose scores, grammar, settings and seeds are given to each run. */
async function chooser([rows, classes]: readonly [number, number], stream = 0) {
  const graph = new Graph();
  const inputs = {
    logits: graph.input([rows, classes]),
    settings: graph.input([rows, 4]),
    seeds: graph.input([rows], 'u32'),
    allowed: graph.input([rows, classes]),
    penalty: graph.input([rows, classes]),
  };
  const { logits, settings, seeds, allowed, penalty } = inputs;
  const { choice, logProbability } = categorical(logits, settings, seeds, stream, allowed, penalty);
  const outputs = [choice, logProbability];
  const program = await Program.create(device, plan(graph, { outputs, limits: device.limits }));
  program.write(inputs.allowed, new Float32Array(rows * classes).fill(1));
  return {
    async choose(values: {
      logits: readonly number[][];
      settings: readonly CategoricalSettings[];
      seeds: readonly number[];
      allowed?: readonly number[][];
      penalty?: readonly number[][];
    }) {
      program.write(inputs.logits, Float32Array.from(values.logits.flat()));
      program.write(
        inputs.settings,
        Float32Array.from(values.settings.flatMap((one) => [...categoricalSettings(one)])),
      );
      program.write(inputs.seeds, Uint32Array.from(values.seeds));
      if (values.allowed !== undefined) program.write(inputs.allowed, Float32Array.from(values.allowed.flat()));
      if (values.penalty !== undefined) program.write(inputs.penalty, Float32Array.from(values.penalty.flat()));
      program.run();
      return { choice: [...(await program.read(choice))], logProbability: [...(await program.read(logProbability))] };
    },
    destroy: () => program.destroy(),
  };
}

const repeat = <Value>(value: Value, count: number): Value[] => new Array<Value>(count).fill(value);

/** The shares with which each class was chosen in many draws of one row. */
async function counts(logits: readonly number[], settings: CategoricalSettings, allowed?: readonly number[]) {
  const rows = 4000;
  const { choose, destroy } = await chooser([rows, logits.length]);
  const { choice } = await choose({
    logits: repeat([...logits], rows),
    settings: repeat(settings, rows),
    seeds: Array.from({ length: rows }, (_, row) => row),
    ...(allowed && { allowed: repeat([...allowed], rows) }),
  });
  destroy();
  return logits.map((_, c) => choice.filter((one) => one === c).length);
}

const scores = [0.3, -1.2, 2, 0.3, 1.1, -0.4, 0.9, 1.7];
const all = scores.map(() => 1);

/** Softmax of scores / temperature over the classes of a list. */
function softmax(kept: readonly number[], temperature = 1): number[] {
  const weights = scores.map((score, c) => (kept.includes(c) ? Math.exp(score / temperature) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

describe('categorical', () => {
  // softmax: 2 -> .344, 7 -> .255, 4 -> .140, 6 -> .115: two hold .598, so three are needed for .65. Of the four
  // likeliest, however, two hold .701.
  it.each([
    ['temperature 1', {}, all, softmax([0, 1, 2, 3, 4, 5, 6, 7])],
    ['temperature 0.5', { temperature: 0.5 }, all, softmax([0, 1, 2, 3, 4, 5, 6, 7], 0.5)],
    ['temperature 2', { temperature: 2 }, all, softmax([0, 1, 2, 3, 4, 5, 6, 7], 2)],
    ['a grammar', {}, all.with(2, 0), softmax([0, 1, 3, 4, 5, 6, 7])],
    ['the three likeliest', { topK: 3 }, all, softmax([2, 4, 7])],
    ['the likeliest that hold 65 %', { topP: 0.65 }, all, softmax([2, 4, 7])],
    ['65 % of the four likeliest', { topK: 4, topP: 0.65 }, all, softmax([2, 7])],
    ['those at least 0.4 as likely as the likeliest', { minP: 0.4 }, all, softmax([2, 4, 7])],
    ['the same at temperature 3', { temperature: 3, minP: 0.7 }, all, softmax([2, 4, 7], 3)],
    ['those as likely as the likeliest', { minP: 1 }, all.with(2, 0).with(7, 0).with(4, 0).with(6, 0), softmax([0, 3])],
    ['the first of two equal ones', { topK: 6 }, all, softmax([2, 7, 4, 6, 0, 3])],
    ['a cut among equal ones', { topK: 5 }, all, softmax([2, 7, 4, 6, 0])],
  ])('draws by softmax: %s', async (_, settings, allowed, probabilities) => {
    const actual = await counts(scores, settings, allowed);
    const total = actual.reduce((sum, count) => sum + count, 0);
    expect(total).toBe(4000);
    const possible = [...probabilities.keys()].filter((c) => probabilities[c] > 0);
    expect(actual.filter((count, c) => count > 0 && !possible.includes(c))).toEqual([]);
    const chiSquare = possible.reduce((sum, c) => {
      const expected = total * probabilities[c];
      return sum + (actual[c] - expected) ** 2 / expected;
    }, 0);
    // Mean is the degrees of freedom d, variance 2 d; 24.3 is the 99.9 % point for d = 7, here d + 4.6 sqrt(2 d).
    const freedom = possible.length - 1;
    expect(chiSquare).toBeLessThan(freedom + 4.6 * Math.sqrt(2 * freedom));
  });

  it.each([
    [7, 1],
    [64, 38],
    [3, 127],
    [5, 128],
    [2, 516],
    [1, 3000],
  ] as const)('chooses what the float64 definition does, %i rows of %i classes', async (rows, classes) => {
    const { choose, destroy } = await chooser([rows, classes], 3);
    const share = fc.double({ min: 0.01, max: 1, noNaN: true });
    const settings = fc.record({
      temperature: fc.oneof(fc.constant(0), fc.double({ min: 0.05, max: 20, noNaN: true })),
      topK: fc.option(fc.integer({ min: 1, max: 2 * classes }), { nil: undefined }),
      topP: fc.option(share, { nil: undefined }),
      minP: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    });
    // Few different scores, so that many are equal; or all different.
    const row = fc.record({
      seed: fc.nat(2 ** 32 - 1),
      kinds: fc.constantFrom(2, 9, 1e6),
      settings,
      allowed: share,
      penalised: fc.boolean(),
    });
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: rows, maxLength: rows }), async (problem) => {
        const given = problem.map(({ seed, kinds, allowed, penalised }) => ({
          logits: Array.from(randomNumbers(classes, seed), (x) => Math.fround((Math.round(x * kinds) / kinds) * 6)),
          allowed: Array.from(randomNumbers(classes, seed + 1, 0, 1), (x) => (x < allowed ? 1 : 0)),
          penalty: Array.from(randomNumbers(classes, seed + 2, 0, penalised ? 4 : 0)),
        }));
        const seeds = problem.map(({ seed }) => seed);
        const result = await choose({
          logits: given.map(({ logits }) => logits),
          allowed: given.map(({ allowed }) => allowed),
          penalty: given.map(({ penalty }) => penalty),
          settings: problem.map((one) => one.settings),
          seeds,
        });
        for (const [index, { logits, allowed, penalty }] of given.entries()) {
          const draw = categoricalDraw(0, 3, seeds[index]);
          const expected = categoricalReference(logits, allowed, problem[index].settings, draw, penalty);
          // Where a sum is nearer to its goal than f32 can tell, either neighbour is right.
          if (expected.margin < 1e-5) continue;
          decided++;
          expect(result.choice[index]).toBe(expected.choice);
          expect(result.logProbability[index]).toBeCloseTo(expected.logProbability, 4);
        }
      }),
      { seed: 4, numRuns: classes > 500 ? 6 : 25 },
    );
    expect(decided).toBeGreaterThan(0);
    destroy();
  });

  it('is the argmax at temperature 0, with one class left, and for a small share', async () => {
    const { choose, destroy } = await chooser([30, 8]);
    const cuts = [
      { temperature: 0 },
      { temperature: 1e-9 },
      { temperature: 9, topK: 1 },
      { temperature: 9, topP: 1e-9 },
      // 0 in f32.
      { temperature: 9, topP: 1e-60 },
      { temperature: 9, minP: 1 },
      { temperature: 0, minP: 1 },
    ];
    for (const settings of cuts) {
      const seeds = Array.from({ length: 30 }, (_, row) => row);
      const { choice } = await choose({ logits: repeat(scores, 30), settings: repeat(settings, 30), seeds });
      expect(choice).toEqual(repeat(2, 30));
    }
    // The first of equal ones, 0 and -0 among them.
    const equal = [-1, -0, 0, 0, -2, -3, -4, -5];
    const greedy = { logits: repeat(equal, 30), settings: repeat({ temperature: 0 }, 30), seeds: repeat(1, 30) };
    expect((await choose(greedy)).choice).toEqual(repeat(1, 30));
    destroy();
  });

  it('takes scores and settings of any size', async () => {
    const { choose, destroy } = await chooser([6, 3]);
    const { choice, logProbability } = await choose({
      logits: [
        [3e38, -3e38, 0],
        [-3e38, -3e38, -3e38],
        [1e-44, 0, -1e-44],
        [Number.NEGATIVE_INFINITY, 5, Number.NEGATIVE_INFINITY],
        [80, 81, 79],
        [1, 2, 3],
      ],
      settings: [{}, {}, {}, { topK: 3 }, { temperature: 1e30 }, { topK: 1e9, topP: 1 }],
      seeds: [1, 2, 3, 4, 5, 6],
    });
    expect(choice[0]).toBe(0);
    expect(choice.every((one) => one < 3)).toBe(true);
    expect(choice[3]).toBe(1);
    const expected = [0, -Math.log(3), -Math.log(3), 0];
    for (const [row, value] of expected.entries()) expect(logProbability[row]).toBeCloseTo(value, 5);
    destroy();
  });

  it.each([
    ['a row of which nothing is allowed', [1, 2, 3], [0, 0, 0], NO_CLASS],
    ['NaN', [1, Number.NaN, 3], [1, 1, 1], NO_CLASS],
    ['infinity', [1, Number.POSITIVE_INFINITY, 3], [1, 1, 1], NO_CLASS],
    ['scores of minus infinity', repeat(Number.NEGATIVE_INFINITY, 3), [1, 1, 1], NO_CLASS],
    ['NaN that is not allowed', [1, Number.NaN, 3], [0, 0, 1], 2],
    ['infinity that is not allowed', [Number.POSITIVE_INFINITY, 1, 3], [0, 1, 0], 1],
  ])('knows %s, and goes on with the other rows', async (_, logits, allowed, expected) => {
    const { choose, destroy } = await chooser([2, 3]);
    const settings = [{ topP: 0.9 }, { temperature: 0 }];
    const given = { logits: [logits, [5, 6, 4]], allowed: [allowed, [1, 1, 1]], settings, seeds: [1, 2] };
    const { choice, logProbability } = await choose(given);
    expect(choice).toEqual([expected, 1]);
    expect(logProbability[0]).toBe(0);
    destroy();
  });

  it('takes penalties from the scores, and not from what it says of the choice', async () => {
    const { choose, destroy } = await chooser([4, 3]);
    const { choice, logProbability } = await choose({
      logits: repeat([3, 2, 1], 4),
      settings: [{ temperature: 0 }, { temperature: 0 }, { minP: 0.9 }, { temperature: 0 }],
      seeds: [1, 2, 3, 4],
      penalty: [
        [0, 0, 0],
        [1.5, 0, 0],
        [9, 0.5, -2],
        [1, 0, 0],
      ],
    });
    // Equal ones go by number.
    expect(choice).toEqual([0, 1, 2, 0]);
    const total = Math.log(Math.exp(3) + Math.exp(2) + Math.exp(1));
    for (const [row, score] of [3, 2, 1, 3].entries()) expect(logProbability[row]).toBeCloseTo(score - total, 5);
    destroy();
  });

  // The last one takes the score, -1e38, beyond f32.
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38])(
    'has no choice where an allowed class has a penalty of %d',
    async (cost) => {
      const { choose, destroy } = await chooser([2, 3]);
      const { choice, logProbability } = await choose({
        logits: repeat([-1e38, 2, 3], 2),
        settings: repeat({}, 2),
        seeds: [1, 2],
        allowed: [
          [1, 1, 0],
          [0, 1, 0],
        ],
        penalty: repeat([cost, 0, 0], 2),
      });
      expect(choice).toEqual([NO_CLASS, 1]);
      expect(logProbability).toEqual([0, 0]);
      destroy();
    },
  );

  it('takes one row of penalties for all, without a grammar', async () => {
    const graph = new Graph();
    const logits = graph.constant(Float32Array.of(1, 2, 3, 3, 2, 1), [2, 3]);
    const settings = graph.constant(categoricalSettings({ temperature: 0 }), [4]);
    const penalty = graph.constant(Float32Array.of(2, 0, 2), [3]);
    const seed = graph.constant(Uint32Array.of(1), []);
    const { choice } = categorical(logits, settings, seed, 0, undefined, penalty);
    const program = await Program.create(device, plan(graph, { outputs: [choice] }));
    program.run();
    expect([...(await program.read(choice))]).toEqual([1, 1]);
    program.destroy();
  });

  it('gives rows, streams and seeds independent draws, the same for the same', async () => {
    const draw = async (stream: number, seed: number) => {
      const graph = new Graph();
      const logits = graph.constant(new Float32Array(4000), [40, 100]);
      const settings = graph.constant(categoricalSettings({}), [4]);
      const { choice } = categorical(logits, settings, graph.constant(Uint32Array.of(seed), []), stream);
      const program = await Program.create(device, plan(graph, { outputs: [choice] }));
      program.run();
      const values = [...(await program.read(choice))];
      program.destroy();
      return values;
    };
    const first = await draw(0, 1);
    // Of 100 equal classes, u falls into number ceil(100 u) - 1.
    expect(first).toEqual(first.map((_, row) => Math.ceil(100 * categoricalDraw(row, 0, 1)) - 1));
    expect(new Set(first).size).toBeGreaterThan(20);
    expect(await draw(0, 1)).toEqual(first);
    for (const other of [await draw(1, 1), await draw(0, 2)]) {
      // Independent: 1 of 100 rows agrees.
      expect(other.filter((choice, row) => choice === first[row]).length).toBeLessThan(6);
    }
  });

  const build = (shapes: Record<'logits' | 'settings' | 'seed' | 'allowed' | 'penalty', Shape>) => () => {
    const graph = new Graph();
    const [logits, settings, allowed, penalty] = [shapes.logits, shapes.settings, shapes.allowed, shapes.penalty].map(
      (shape) => graph.input(shape),
    );
    return categorical(logits, settings, graph.input(shapes.seed, 'u32'), 0, allowed, penalty);
  };
  const good = { logits: [4, 5], settings: [4], seed: [], allowed: [5], penalty: [4, 5] };

  it.each([
    [{ logits: [5] }, 'categorical: logits must be (B, C), got [5]'],
    [{ settings: [2] }, 'categorical: settings must be (4) or (B, 4), got [4, 5] and [2]'],
    [{ seed: [3] }, 'categorical: seed must be a scalar or (B), got [4, 5] and [3]'],
    [{ penalty: [5, 4] }, 'categorical: penalty must be (C) or (B, C), got [4, 5] and [5, 4]'],
    [{ allowed: [4] }, 'categorical: allowed must be (C) or (B, C), got [4, 5] and [4]'],
  ])('refuses %j', (wrong, message) => {
    expect(build(good)).not.toThrow();
    expect(build({ ...good, ...wrong })).toThrow(message);
  });
});
