import { describe, expect, it } from 'vitest';
import {
  Arena,
  adam,
  add,
  DEBUG_WORDS,
  describePlan,
  formatProfile,
  Graph,
  globalNorm,
  gradients,
  lstm,
  Program,
  plan,
  reshape,
  store,
  sum,
  unary,
} from '../src/index.ts';
import { openDevice } from '../src/node.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

/** The line on which this is called, as messages write it. */
function here(): string {
  return `debugging.test.ts:${new Error().stack?.split('\n')[2].match(/debugging\.test\.ts:(\d+)/)?.[1]}:`;
}

describe('detectNonFinite', () => {
  const options = { detectNonFinite: true };

  it('names the first operation that made an infinity, its element and line, in the first run that did', async () => {
    const graph = new Graph();
    const x = graph.input([2, 3]);
    const shifted = add(x, x);
    const [line, y] = [here(), unary('log', shifted)];
    const z = unary('negate', reshape(y, [6]));
    const before = device.allocated;
    const program = await Program.create(device, plan(graph, { outputs: [shifted, y, z], history: [sum(z)] }), options);
    // 256 bytes for each of the input, the sum, the logarithm, its negative and the total; 16 for the report.
    const extra = program.plan.byCategory.workspace + 5 * 256 + 16;
    expect(device.allocated.workspace - before.workspace).toBe(extra);
    const run = (...values: number[]) => {
      program.write(x, Float32Array.from(values));
      program.run();
    };
    run(1, 2, 3, 4, 5, 6);
    expect(await program.read(z)).toHaveLength(6);
    run(1, 2, 3, 4, 5, 6);
    run(1, 2, 3, 4, 0, 6);
    // What goes wrong in later runs is not news.
    run(0, 0, 0, 0, 0, 0);
    const reading = program.read(z);
    await expect(reading).rejects.toMatchObject({ code: 'non-finite' });
    await expect(reading).rejects.toThrow(
      'log [2, 3] -> [2, 3]: made an infinity in run 3 of the program: element 4 ([1, 1]) of output 0 is the first. (at ',
    );
    await expect(reading).rejects.toThrow(line);
    // Told once; then the search starts again.
    expect(await program.history()).toHaveLength(4);
    run(1, 2, 3, 4, 5, 6);
    expect(await program.read(z)).toHaveLength(6);
    run(1, -2, 3, 4, 5, 6);
    await expect(program.history()).rejects.toThrow('made a NaN in run 6 of the program: element 1 ([0, 1])');
    program.destroy();
    expect(device.allocated).toEqual(before);
  });

  it('reports what was wrong from the start, and what a backward pass and an optimiser made', async () => {
    const graph = new Graph();
    const x = graph.input([3]);
    const root = unary('sqrt', x);
    const [slope] = gradients(sum(root), [x]);
    const program = await Program.create(device, plan(graph, { outputs: [slope] }), options);
    program.write(x, Float32Array.of(1, Number.NaN, 1));
    program.run();
    await expect(program.read(slope)).rejects.toThrow(
      'input 0 [3]: element 1 ([1]) was a NaN in run 1 of the program from the start.',
    );
    program.write(x, Float32Array.of(1, 1, 0));
    program.run();
    await expect(program.read(slope)).rejects.toThrow(/sqrtGradient .*\(backward pass of sqrt\): made an infinity/);
    program.destroy();

    const arenas = ['parameters', 'gradients', 'first', 'second'].map((name) => new Arena(name, 'optimiser'));
    const slots = arenas.map((arena) => arena.add('x', [2]));
    device.write(slots[3], Float32Array.of(0, 0));
    const step = new Graph();
    const [parameters, gradient, firstMoment, secondMoment] = arenas.map((arena) => step.flat(arena));
    store(step.constant(Float32Array.of(1, 1e30), [2]), slots[1]);
    const state = { parameters, gradients: gradient, firstMoment, secondMoment };
    adam(state, step.constant(Float32Array.of(1, 1, 1), [3]), globalNorm(gradient), Number.POSITIVE_INFINITY);
    const training = await Program.create(device, plan(step), options);
    training.run();
    await expect(training.history()).resolves.toEqual([]);
    await expect(training.read(parameters)).rejects.toThrow(/: made an infinity/);
    training.destroy();
    for (const arena of arenas) device.release(arena);
  });

  it('finds nothing in operations of many steps with finite values, and changes no result', async () => {
    const graph = new Graph();
    const inputs = [graph.constant(randomNumbers(96, 1), [4, 2, 12]), graph.constant(randomNumbers(36, 2), [3, 12])];
    const { output } = lstm(inputs[0], inputs[1]);
    const outputs = [output, ...gradients(sum(output), inputs)];
    const results = [];
    for (const detectNonFinite of [false, true]) {
      const program = await Program.create(device, plan(graph, { outputs }), { detectNonFinite });
      program.run();
      results.push(await Promise.all(outputs.map((each) => program.read(each))));
      program.destroy();
    }
    expect(results[1]).toEqual(results[0]);
  });
});

describe('describePlan', () => {
  it('shows nodes with shapes, places and lifetimes, buffers, and bytes by category', () => {
    const graph = new Graph();
    const arena = new Arena('weights', 'parameters');
    const w = graph.variable(arena.add('w', [4, 1]));
    const shifted = add(graph.input([4, 64]), w);
    const planned = plan(graph, { outputs: [shifted, sum(unary('exp', shifted))] });
    const lines = describePlan(planned).split('\n');
    expect(lines[0]).toMatch(/^Plan of \d nodes in \d dispatches, with 1 inputs of 256 elements:$/);
    const row = (text: string) => lines.find((line) => line.includes(text)) ?? '';
    expect(row('add')).toMatch(
      /^ *0 +1 {2}add \[4, 64\], \[4, 1\] -> \[4, 64\] +activations 0 \+ 0 +1024 {2}0 to the end$/,
    );
    expect(row('weights')).toMatch(new RegExp(`^weights +parameters +${arena.byteLength}$`));
    expect(lines.at(-1)).toMatch(new RegExp(`^peak +${planned.peakBytes}$`));
  });
});

describe('profile', () => {
  it('times each kernel and leaves all values as they are', async () => {
    const graph = new Graph();
    const arena = new Arena('state', 'workspace');
    const slot = arena.add('count', [1]);
    const count = graph.variable(slot);
    store(add(count, graph.constant(Float32Array.of(1), [])), slot);
    const before = device.allocated;
    const program = await Program.create(device, plan(graph));
    program.run();
    program.run();
    const profile = await program.profile(2);
    expect(await device.read(slot)).toEqual(Float32Array.of(2));
    expect(profile.kernels.reduce((total, { dispatches }) => total + dispatches, 0)).toBe(
      program.plan.dispatches.length,
    );
    expect(profile.kernels.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
    expect(profile.timedBy).toBe(device.gpu.features.has('timestamp-query') ? 'timestamps' : 'host');
    expect(formatProfile(profile)).toMatch(
      /^Times of 2 runs, the fastest of each dispatch, (by timestamps|on the host)/,
    );
    program.destroy();
    device.release(arena);
    expect(device.allocated).toEqual(before);
  });
});

describe('CHIPSMITH_DEBUG', () => {
  it('prints plan, kernels and times where they are asked for, and checks values', async () => {
    const printed: string[] = [];
    const print = (text: string) => printed.push(text);
    const debugged = await openDevice({ adapter: 'gles', tune: false, debug: 'plan, wgsl,times,nan', print });
    const graph = new Graph();
    const x = graph.input([3]);
    const y = unary('log', x);
    const program = await Program.create(debugged, plan(graph, { outputs: [y] }));
    expect(printed.map((text) => text.split(/ (?:of|log)|\n/)[0])).toEqual(
      expect.arrayContaining(['Plan', '// Kernel']),
    );
    printed.length = 0;
    expect(await program.read(x)).toEqual(new Float32Array(3));
    expect(printed).toEqual([]);
    program.run();
    await expect(program.read(y)).rejects.toThrow(/^log \[3\] -> \[3\]: made an infinity in run 1/);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/^Times of 3 runs.*\n.*\n.* 1 {2}log\n/);
    program.destroy();
    debugged.destroy();
  });

  it('is refused where a word is unknown, with those there are', async () => {
    const refusal = openDevice({ adapter: 'null', debug: 'plan,loud' });
    await expect(refusal).rejects.toMatchObject({ code: 'option' });
    await expect(refusal).rejects.toThrow('CHIPSMITH_DEBUG: "loud" is unknown; choose from plan (');
    for (const word of Object.keys(DEBUG_WORDS)) await expect(refusal).rejects.toThrow(`${word} (`);
  });
});
