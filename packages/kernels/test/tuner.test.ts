import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Tuner } from '../src/device/tuner.ts';
import { TuningCache } from '../src/device/tuning-cache.ts';
import {
  elementCount,
  evaluate,
  Graph,
  gradients,
  lstm,
  matmul,
  plan,
  softmax,
  sum,
  type TensorData,
} from '../src/index.ts';
import { openDevice } from '../src/node.ts';
import { operations } from '../src/operation.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';
import { withVariant } from './support/variants.ts';

const device = await testDevice();
const folder = mkdtempSync(join(tmpdir(), 'chipsmith-tuning-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A square product: 256 is 34 MFLOP, just enough to be measured. */
function product(size: number) {
  const graph = new Graph();
  const y = matmul(graph.input([size, size]), graph.input([size, size]));
  return plan(graph, { outputs: [y] }).dispatches;
}

/** The name of a variant without the mark that not every one was tried. */
const nameIn = (remembered = '') => remembered.replace(/ \?\d+$/, '');

describe('variants', () => {
  // 17 sequences leave a row over in every variant; 5 units take the kernels without vectors.
  it.each([
    { batch: 17, units: 8 },
    { batch: 16, units: 5 },
  ])(
    'of lstm steps of $batch sequences and $units units give the same bits',
    async ({ batch, units }) => {
      const steps = 3;
      const computed = (number: number) => {
        const graph = new Graph();
        const random = (shape: number[], seed: number) =>
          graph.constant(randomNumbers(elementCount(shape), seed), shape);
        const recurrent = random([units, 4 * units], 2);
        const forward = withVariant(operations.lstm, number);
        const [hidden, cells, gates] = graph.apply(forward, [random([steps, batch, 4 * units], 1), recurrent], {
          reverse: false,
        });
        const backward = withVariant(operations.lstmGradient, number);
        const incoming = [random([steps + 1, batch, units], 3), random([steps + 1, batch, units], 4)];
        const inputs = [gates, cells, recurrent, ...incoming];
        const [dGates, dCell] = graph.apply(backward, inputs, {
          reverse: false,
          hasHidden: true,
          hasCells: true,
        });
        return evaluate(device, [hidden, cells, dGates, dCell]);
      };
      const bits = (values: TensorData[]) => values.map(({ buffer }) => new Uint32Array(buffer));
      const expected = bits(await computed(0));
      // One that ends without a loop, one with, and the one with the largest share: each takes seconds to compile.
      for (const number of [1, 4, 6]) expect(bits(await computed(number))).toEqual(expected);
    },
    120_000,
  );

  it('of lstm steps leave a thread for each lane of a CPU where measuring starts there', () => {
    const graph = new Graph();
    const weights = graph.input([256, 1024]);
    const loss = sum(lstm(graph.input([2, 16, 1024]), weights).output);
    const { dispatches } = plan(graph, { outputs: [loss, ...gradients(loss, [weights])] });
    const labels = dispatches.map(({ choice }) => choice?.likelyOnCpu?.kernel.label);
    // 64 groups of units: all 16 sequences a thread leave 64 threads, with four groups of units 16.
    expect(labels).toContain('lstm step 16x256 share 16x1');
    expect(labels).toContain('lstm backward step 16x256 hidden in place share 16x4');
  });

  it('of lstm steps are measured in the middle of a sequence', async () => {
    const graph = new Graph();
    const y = lstm(graph.input([20, 16, 512]), graph.input([128, 512])).output;
    const memory = new Map<string, string>();
    const { dispatches } = plan(graph, { outputs: [y] });
    const before = device.allocated;
    const chosen = await new Tuner(memory).choose(device, dispatches);
    expect(device.allocated).toEqual(before);
    expect([...memory.keys()]).toEqual([expect.stringMatching(/^lstm step 16x128 /)]);
    const winner = nameIn([...memory.values()][0]);
    expect(new Set(chosen.slice(-20).map(({ kernel }) => kernel.label))).toEqual(
      new Set([`lstm step 16x128 ${winner}`]),
    );
  });
});

describe('Tuner', () => {
  it('measures a large problem once, on memory that it frees', async () => {
    const memory = new Map<string, string>();
    const tuner = new Tuner(memory);
    const before = device.allocated;
    const dispatches = product(256);
    const [chosen] = await tuner.choose(device, dispatches);
    expect(device.allocated).toEqual(before);
    expect(dispatches[0].choice?.variants).toContain(chosen);
    const [[problem, winner], ...others] = memory;
    expect(problem).toMatch(/^matmul NN 256x256x256 f+: .*tile 8x8, tile 4x8/);
    expect(others).toEqual([]);
    expect(chosen.kernel.label).toBe(`matmul NN 256x256x256 ${nameIn(winner)}`);
    memory.set = () => expect.fail('measured again');
    const again = await Promise.all([tuner.choose(device, dispatches), tuner.choose(device, product(256))]);
    expect(again.map(([{ kernel }]) => kernel.label)).toEqual([chosen.kernel.label, chosen.kernel.label]);
    const [alike] = await tuner.choose(device, product(264));
    expect(alike.kernel.label).toBe(`matmul NN 264x264x264 ${nameIn(winner)}`);
  });

  it('takes what is remembered, and measures where the name is unknown', async () => {
    const memory = new Map<string, string>();
    await new Tuner(memory).choose(device, product(256));
    const [problem] = memory.keys();
    memory.set(problem, 'tile 4x4');
    const [remembered] = await new Tuner(memory).choose(device, product(256));
    expect(remembered.kernel.label).toBe('matmul NN 256x256x256 tile 4x4');
    memory.set(problem, 'of an older version');
    const [measured] = await new Tuner(memory).choose(device, product(256));
    expect(measured.kernel.label).toBe(`matmul NN 256x256x256 ${nameIn(memory.get(problem))}`);
  });

  it('does not measure a small problem, but takes what is likeliest on a CPU', async () => {
    const memory = new Map<string, string>();
    const [dispatch] = product(128);
    expect(await new Tuner(memory).choose(device, [dispatch])).toEqual([dispatch.choice?.likelyOnCpu]);
    expect(memory.size).toBe(0);
    expect(dispatch.choice?.variants.length).toBeLessThanOrEqual(4);
  });
});

describe('rows too few variants of which fit a CPU to compare', () => {
  it('have a thread each there, unmeasured', async () => {
    const graph = new Graph();
    const { dispatches } = plan(graph, { outputs: [softmax(graph.input([2048, 512]))] });
    expect(dispatches[0].kernel.label).toBe('softmax, a workgroup a row');
    const [chosen] = await new Tuner(new Map()).choose(device, dispatches);
    expect(chosen.kernel.label).toBe('softmax, a thread a row');
  });
});

describe('TuningCache', () => {
  const adapter = { name: 'test adapter', driver: '1.0', backend: 'gles', software: true };
  const path = join(folder, 'nested', 'tuning.json');

  it('remembers for each adapter and driver, beside what others wrote', () => {
    const first = TuningCache.open(adapter, path);
    const second = TuningCache.open({ ...adapter, driver: '1.1' }, path);
    first.set('a', 'x');
    second.set('a', 'y');
    first.set('b', 'z');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      'gles / test adapter / 1.0': { a: 'x', b: 'z' },
      'gles / test adapter / 1.1': { a: 'y' },
    });
    const later = TuningCache.open(adapter, path);
    expect(['a', 'b', 'c'].map((problem) => later.get(problem))).toEqual(['x', 'z', undefined]);
  });

  it.each(['', '{"gles', '[1]', 'null', '{"gles / test adapter / 1.0": {"a": 1, "b": "z"}}'])(
    'takes no harm from a file that holds %j',
    (text) => {
      writeFileSync(path, text);
      const cache = TuningCache.open(adapter, path);
      expect(cache.get('a')).toBeUndefined();
      cache.set('a', 'x');
      expect(TuningCache.open(adapter, path).get('a')).toBe('x');
    },
  );

  it('takes no harm from what an older version remembered', async () => {
    const before = { 'matmul NN 256x256x256': 'matmul NN 256x256x256 tile 4x4', 'lstm step 16x128': 'share 1x1' };
    writeFileSync(path, JSON.stringify({ 'gles / test adapter / 1.0': before }));
    const cache = TuningCache.open(adapter, path);
    await new Tuner(cache).choose(device, product(256));
    const [winners] = Object.values(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, string>>);
    expect(winners).toMatchObject(before);
    expect(Object.keys(winners)).toHaveLength(3);
  });

  it('works without a place to write to', () => {
    const blocked = join(path, 'below-a-file', 'tuning.json');
    const cache = TuningCache.open(adapter, blocked);
    cache.set('a', 'x');
    expect(cache.get('a')).toBe('x');
    expect(TuningCache.open(adapter, blocked).get('a')).toBeUndefined();
  });

  it('is used by openDevice unless tuning is off, and changes no result', async () => {
    const [cacheHome, tune] = [process.env.XDG_CACHE_HOME, process.env.CHIPSMITH_TUNE];
    process.env.XDG_CACHE_HOME = folder;
    delete process.env.CHIPSMITH_TUNE;
    const tuned = await openDevice({ adapter: 'gles' });
    await tuned.tuner?.choose(tuned, product(256));
    expect(readFileSync(join(folder, 'chipsmith', 'tuning.json'), 'utf8')).toContain('matmul NN 256x256x256 fff: tile');
    process.env.CHIPSMITH_TUNE = 'off';
    const untuned = await openDevice({ adapter: 'gles' });
    expect(untuned.tuner).toBeUndefined();
    const results = [tuned, untuned].map((opened) => {
      const graph = new Graph();
      const x = graph.constant(randomNumbers(256 * 256, 4), [256, 256]);
      return evaluate(opened, [matmul(x, x)]);
    });
    expect(await results[0]).toEqual(await results[1]);
    Object.assign(process.env, { XDG_CACHE_HOME: cacheHome ?? '', CHIPSMITH_TUNE: tune ?? '' });
    tuned.destroy();
    untuned.destroy();
  });
});
