import { describe, expect, it } from 'vitest';
import {
  Arena,
  adamSchedule,
  add,
  cast,
  categoricalSettings,
  compare,
  evaluate,
  Graph,
  gradients,
  KernelError,
  keepWhere,
  logSumExp,
  matmul,
  sum,
  unary,
} from '../src/index.ts';
import { openDevice } from '../src/node.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

/** What callers in JavaScript can write, whom no type stops. */
function untyped(value: unknown): never {
  return value as never;
}

describe('what types rule out', () => {
  const graph = new Graph();
  const x = graph.input([2, 2]);
  it.each<[string, () => unknown, string]>([
    [
      'a number',
      () => add(x, untyped(1)),
      'add: input 1 must be a tensor, got 1; make a tensor of numbers by graph.constant.',
    ],
    ['nothing', () => add(x, untyped(undefined)), 'add: input 1 must be a tensor, got undefined'],
    ['an unknown function', () => unary(untyped('swish'), x), 'unary: the name must be one of '],
    [
      'an activation',
      () => matmul(x, x, { activation: untyped('gelu') }),
      'activation must be one of elu, relu, sigmoid, tanh, got "gelu"',
    ],
    [
      'a relation',
      () => compare(x, untyped('='), x),
      'compare: the relation must be one of <, <=, >, >=, ==, !=, got "="',
    ],
    ['a relation', () => keepWhere(x, x, untyped('=>'), x), 'keepWhere: the relation must be one of'],
    ['a data type', () => cast(x, untyped('i32')), 'cast: the data type must be one of f32, u32, got "i32"'],
    ['an axis that is not a list', () => sum(x, untyped(1)), 'sum: axes must be a list such as [1], got 1.'],
    ['an axis twice', () => sum(x, [0, -2]), 'sum: axes 0, -2 name one twice'],
  ])('%s is refused in one line', (_, call, message) => {
    expect(call).toThrow(KernelError);
    expect(call).toThrow(message);
  });

  it('words of openDevice', async () => {
    await expect(openDevice({ adapter: 'null', matrices: untyped('tapes') })).rejects.toThrow(
      'matrices: "tapes" is unknown; choose buffers, storage or sampled.',
    );
  });
});

describe('what would give wrong numbers in silence', () => {
  it.each([
    { temperature: -1 },
    { temperature: Number.NaN },
    { topK: 0 },
    { topK: 1.5 },
    { topP: 0 },
    { topP: 1.1 },
    { minP: -0.1 },
    { minP: 2 },
  ])('sampling by %o is refused', (settings) => {
    expect(() => categoricalSettings(settings)).toThrow(/^categoricalSettings: (temperature|topK|topP|minP) must be/);
  });

  it('Adam has no step 0', () => {
    expect(() => adamSchedule(0, 0.1)).toThrow('adamSchedule: steps are whole numbers from 1 on, got 0.');
  });

  it('two slots of an arena have two names', () => {
    const arena = new Arena('parameters', 'parameters');
    arena.add('w', [2]);
    expect(() => arena.add('w', [3])).toThrow('Arena parameters: there is a slot w already');
  });

  it('logSumExp of a NaN is NaN, and so is its gradient', async () => {
    const graph = new Graph();
    const rows = Float32Array.of(Number.NaN, 1, 1, Number.NaN);
    const x = graph.constant(rows, [2, 2]);
    const y = logSumExp(x, [1]);
    const [values, slopes] = await evaluate(device, [y, ...gradients(sum(y), [x])]);
    expect([...values, ...slopes].every(Number.isNaN)).toBe(true);
  });
});
