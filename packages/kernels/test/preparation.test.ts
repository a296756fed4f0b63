import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CompileTimes, inlinedLength } from '../src/device/compile-times.ts';
import { Device } from '../src/device/device.ts';
import { partOfGrid } from '../src/device/measure.ts';
import { Tuner } from '../src/device/tuner.ts';
import { Graph, matmul, type PreparationProgress, Program, plan, unary } from '../src/index.ts';
import { openDevice } from '../src/node.ts';
import { type Choice, onceDifferentiable } from '../src/operation.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice('null');
afterEach(() => vi.restoreAllMocks());

/** Products of three classes, those with the least work first. */
function products(sizes = [256, 512, 1024]) {
  const graph = new Graph();
  const outputs = sizes.map((size) => unary('exp', matmul(graph.input([size, size]), graph.input([size, size]))));
  return plan(graph, { outputs });
}

/** A clock that says that 100 ms went by between two looks. */
function slowClock(): () => number {
  let now = 0;
  return () => {
    now += 100;
    return now;
  };
}

/** Each stage counts up from 0 to its total. */
function expectWhole(reports: readonly PreparationProgress[], stages: readonly PreparationProgress['stage'][]): void {
  const runs: PreparationProgress[][] = [];
  for (const progress of reports) {
    if (progress.done === 0 && progress.stage !== runs.at(-1)?.[0].stage) runs.push([]);
    runs.at(-1)?.push(progress);
  }
  expect(runs.map(([{ stage }]) => stage)).toEqual(stages);
  for (const run of runs) {
    const counts = run.map(({ done }) => done);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(run.at(-1)?.done).toBe(run[0].total);
    expect(new Set(run.map(({ total }) => total)).size).toBe(1);
  }
}

describe('Tuner', () => {
  it('measures what takes the most work first, and the rest in later processes', async () => {
    const memory = new Map<string, string>();
    const { dispatches } = products();
    const known: number[] = [];
    while (memory.size < 3 && known.length < 10) {
      const chosen = await new Tuner(memory, { seconds: 5, clock: slowClock() }).choose(device, dispatches);
      expect(chosen).toHaveLength(dispatches.length);
      known.push(memory.size);
    }
    expect(known[0]).toBeLessThan(3);
    expect(known).toEqual(known.toSorted((a, b) => a - b));
    expect([...memory.keys()].map((key) => key.split(' ')[2])).toEqual([
      '1024x1024x1024',
      '512x512x512',
      '256x256x256',
    ]);
  });

  it('ends soon after its time, which all programs of a device share', async () => {
    let now = 0;
    const clock = () => {
      now += 100;
      return now;
    };
    const tuner = new Tuner(new Map(), { seconds: 3, clock });
    await tuner.choose(device, products().dispatches);
    await tuner.choose(device, products([2048, 1536]).dispatches);
    // Beyond the time lies what had begun: a dozen looks at the clock.
    expect(now).toBeLessThan(3000 + 1500);
  });

  it('measures nothing without time', async () => {
    const memory = new Map<string, string>();
    const { dispatches } = products();
    const onProgress = vi.fn();
    const chosen = await new Tuner(memory, { seconds: 0 }).choose(device, dispatches, { onProgress });
    expect(chosen.map(({ kernel }) => kernel)).toEqual(dispatches.map(({ kernel }) => kernel));
    expect([memory.size, onProgress.mock.calls.length]).toEqual([0, 0]);
  });

  it('leaves out code that would take long to compile, and gives it up after some processes', async () => {
    const graph = new Graph();
    const variant = (name: string, lines: number) => ({
      kernel: {
        label: `seven ${name}`,
        bindings: [{ name: 'y', type: 'f32', vector: 1, access: 'write' } as const],
        uniforms: [],
        workgroupSize: [1, 1, 1] as const,
        code: `fn main() {\n${'  store_y(0, 7.0);\n'.repeat(lines)}}`,
      },
      workgroups: [1, 1, 1] as const,
    });
    const variants = [variant('short', 10), variant('long', 20), variant('endless', 10_000)];
    const choice: Choice = { problem: 'seven', work: 1e9, variants, likelyOnCpu: variants[2] };
    const [y] = graph.apply(
      {
        name: 'seven',
        outputs: () => [{ shape: [1], dtype: 'f32' }],
        kernels: ({ outputs }) => [{ ...variants[2], operands: outputs, uniforms: [], choice }],
        backward: onceDifferentiable,
      },
      [],
      {},
    );
    const { dispatches } = plan(graph, { outputs: [y] });
    const slow = new Device(device.gpu, { ...device.adapter, software: true }, undefined, device.debug);
    const pipeline = vi.spyOn(slow, 'pipeline');
    const chosen = [];
    for (const seconds of [0, 10]) chosen.push(...(await new Tuner(new Map(), { seconds }).choose(slow, dispatches)));
    for (const { kernel } of chosen) expect(['seven short', 'seven long']).toContain(kernel.label);
    const compiled = pipeline.mock.calls.map(([{ label }]) => label);
    expect(new Set(compiled)).toEqual(new Set(['seven long', 'seven short']));

    const memory = new Map<string, string>();
    const key = 'seven f: short, long, endless';
    for (const mark of [' ?1', ' ?2', ' ?3', '', '']) {
      const [{ kernel }] = await new Tuner(memory).choose(slow, dispatches);
      expect([...memory]).toEqual([[key, `${kernel.label.replace('seven ', '')}${mark}`]]);
    }
  });
});

describe('Program.create', () => {
  /** The null adapter, with a tuner that has everything to measure. */
  async function untuned() {
    const inner = await openDevice({ adapter: 'null' });
    const fresh = new Device(inner.gpu, inner.adapter, new Tuner(new Map()), inner.debug);
    return { fresh, close: () => inner.destroy() };
  }

  it('reports how far it is', async () => {
    const { fresh, close } = await untuned();
    const reports: PreparationProgress[] = [];
    const options = { onProgress: (progress: PreparationProgress) => reports.push(progress) };
    const first = await Program.create(fresh, products(), options);
    expectWhole(reports, ['measuring', 'compiling']);
    expect(reports.map(({ label }) => label)).toContain('matmul NN 1024x1024x1024');
    reports.length = 0;
    const second = await Program.create(fresh, products(), options);
    expectWhole(reports, ['compiling']);
    first.destroy();
    second.destroy();
    close();
  });

  it('gives back all memory wherever it is aborted', async () => {
    const { fresh, close } = await untuned();
    const before = fresh.allocated;
    let hasEnded = false;
    for (let at = 1; !hasEnded; at++) {
      const controller = new AbortController();
      let count = 0;
      const onProgress = () => {
        if (++count === at) controller.abort();
      };
      try {
        const program = await Program.create(fresh, products(), { onProgress, signal: controller.signal });
        program.destroy();
        hasEnded = !controller.signal.aborted;
        expect(hasEnded).toBe(true);
      } catch (error) {
        expect(error).toBe(controller.signal.reason);
      }
      expect(fresh.allocated).toEqual(before);
    }
    await fresh.check();
    close();
  });
});

describe('openDevice', () => {
  it('reports how far it is, and ends when aborted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chipsmith-opening-'));
    vi.stubEnv('XDG_CACHE_HOME', folder);
    const reports: PreparationProgress[] = [];
    const onProgress = (progress: PreparationProgress) => reports.push(progress);
    const opened = await openDevice({ adapter: 'gles', tune: true, onProgress });
    opened.destroy();
    expectWhole(reports, ['measuring']);
    const signal = AbortSignal.abort();
    await expect(openDevice({ adapter: 'gles', tune: true, signal })).rejects.toBe(signal.reason);
    vi.stubEnv('CHIPSMITH_TUNE', 'fast');
    await expect(openDevice({ adapter: 'gles' })).rejects.toThrow(
      /^CHIPSMITH_TUNE: "fast" is unknown; choose on, off, /,
    );
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
});

describe('partOfGrid', () => {
  it('leaves workgroups out along the longest axis, and says which part is left', () => {
    expect(partOfGrid([4, 1000, 1], 0.25)).toEqual({ workgroups: [4, 250, 1], part: 0.25 });
    expect(partOfGrid([7, 3, 7], 0.5)).toEqual({ workgroups: [4, 3, 7], part: 4 / 7 });
    expect(partOfGrid([2, 1, 1], 0.01)).toEqual({ workgroups: [1, 1, 1], part: 0.5 });
    expect(partOfGrid([5, 6, 7], 1)).toEqual({ workgroups: [5, 6, 7], part: 1 });
  });
});

describe('CompileTimes', () => {
  it('judges by what is nearest in length', () => {
    const times = new CompileTimes();
    expect(times.expected(10_000)).toBeGreaterThan(0);
    times.note(1000, 0.1, false);
    times.note(100_000, 50, false);
    expect(times.expected(1000)).toBeCloseTo(0.1);
    expect(times.expected(500)).toBeCloseTo(0.05);
    expect(times.expected(4000)).toBeCloseTo(0.8);
    expect(times.expected(50_000)).toBeCloseTo(25);
  });

  it('is not misled by what a driver had on disk', () => {
    const times = new CompileTimes();
    times.note(10_000, 0.5, true);
    expect(times.note(20_000, 0.001, true)).toBeGreaterThan(0.5);
    expect(times.expected(20_000)).toBeGreaterThan(0.5);
    expect(times.note(20_000, 0.001, false)).toBe(0.001);
  });

  it('counts what is called as often as it is called', () => {
    const twice = 'fn twice(x: f32) -> f32 { return once(x) + once(x); }';
    const once = 'fn once(x: f32) -> f32 { return min(x, 1.0); }';
    const main = 'fn main() { store(twice(1.0)); }';
    const code = [once, twice, main].join('');
    expect(inlinedLength(code)).toBe(main.length + twice.length + 2 * once.length);
  });
});
