import { afterEach, describe, expect, it } from 'vitest';
import { Arena, Graph, HISTORY_LENGTH, MEMORY_CATEGORIES, Program, plan, scale, sum, unary } from '../src/index.ts';
import { LINEAR_WORKGROUP, type Operation, onceDifferentiable, write } from '../src/operation.ts';
import { STAGING_BYTES } from '../src/trace/memory.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

/** Everything a test makes is freed again, whether it passes or not. */
const programs: Program[] = [];
afterEach(() => {
  for (const program of programs.splice(0)) program.destroy();
});
async function create(...parameters: Parameters<typeof plan>): Promise<Program> {
  const program = await Program.create(device, plan(...parameters));
  programs.push(program);
  return program;
}

/** An operation of which only the kernel's code matters. */
function custom(code: string): Operation<object> {
  return {
    name: 'custom',
    outputs: () => [{ shape: [4], dtype: 'f32' }],
    kernels: ({ outputs }) => [
      {
        kernel: {
          label: 'custom',
          bindings: [write('result')],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code,
        },
        operands: outputs,
        uniforms: [],
        workgroups: [1, 1, 1],
      },
    ],
    backward: onceDifferentiable,
  };
}

describe('history', () => {
  it('remembers one row a run, across its end', async () => {
    const graph = new Graph();
    const x = graph.input([]);
    const program = await create(graph, { history: [scale(x, 2), scale(x, 3)] });
    const run = (from: number, to: number) => {
      for (let step = from; step < to; step++) {
        program.write(x, Float32Array.of(step));
        program.run();
      }
    };
    const rows = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => [2 * (from + index), 3 * (from + index)]);
    expect(await program.history()).toEqual([]);
    run(0, 200);
    expect(await program.history()).toEqual(rows(0, 200));
    run(200, 400);
    expect(await program.history()).toEqual(rows(200, 400));
    run(400, 1000);
    expect(await program.history()).toEqual(rows(1000 - HISTORY_LENGTH, 1000));
  });

  it('leaves runs that start during a reading to the next one', async () => {
    const graph = new Graph();
    const program = await create(graph, { history: [sum(graph.input([2]))] });
    program.run();
    const reading = program.history();
    program.run();
    expect(await reading).toHaveLength(1);
    expect(await program.history()).toHaveLength(1);
  });
});

describe('read', () => {
  it('serves many readers at once, also of more than the staging buffer holds', async () => {
    const graph = new Graph();
    const data = randomNumbers(1_200_000, 1);
    const x = graph.constant(data, [data.length]);
    const outputs = [scale(x, 2), scale(x, 4), sum(graph.constant(Float32Array.of(1, 2), [2]))];
    const program = await create(graph, { outputs });
    program.run();
    const [doubled, quadrupled, total] = await Promise.all(outputs.map((output) => program.read(output)));
    // Comparing element by element as in toEqual takes a second for a million of them.
    expect(Buffer.compare(Buffer.from(doubled.buffer), Buffer.from(data.map((value) => 2 * value).buffer))).toBe(0);
    expect(Buffer.compare(Buffer.from(quadrupled.buffer), Buffer.from(data.map((value) => 4 * value).buffer))).toBe(0);
    expect(total).toEqual(Float32Array.of(3));
  });

  it('refuses a tensor that the plan did not keep', async () => {
    const graph = new Graph();
    const [lost, unused] = [sum(graph.input([3])), unary('exp', graph.input([3]))];
    const program = await create(graph, { outputs: [lost] });
    await expect(program.read(unused)).rejects.toThrow(
      'exp [3] -> [3]: the tensor is not part of the program: name it among',
    );
  });
});

describe('refusals', () => {
  it('of data that does not fit', async () => {
    const graph = new Graph();
    const [x, ids] = [graph.input([2, 2]), graph.input([3], 'u32')];
    const y = unary('exp', x);
    const program = await create(graph, { outputs: [y] });
    expect(() => program.write(x, new Float32Array(3))).toThrow(
      'write: input 0 [2, 2]: got Float32Array of 3; pass a Float32Array of 4 for f32 [2, 2].',
    );
    expect(() => program.write(ids, new Float32Array(3))).toThrow(
      'write: input 1 [3]: got Float32Array of 3; pass a Uint32Array of 3 for u32 [3], such as Uint32Array.from(values).',
    );
    expect(() => program.write(y, new Float32Array(4))).toThrow(
      'write: exp [2, 2] -> [2, 2]: the tensor is not an input of the graph.',
    );
  });

  it('of a destroyed program', async () => {
    const graph = new Graph();
    const x = graph.input([1]);
    const program = await create(graph, { outputs: [scale(x, 2)] });
    program.destroy();
    expect(() => program.run()).toThrow('run: the program was destroyed.');
    expect(() => program.write(x, new Float32Array(1))).toThrow('write: the program was destroyed.');
    await expect(program.read(x)).rejects.toMatchObject({ code: 'closed' });
    await expect(program.history()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('an arena', () => {
  it('cannot grow once it has memory', () => {
    const arena = new Arena('weights', 'parameters');
    const slot = arena.add('a', [2]);
    device.write(slot, Float32Array.of(1, 2));
    arena.add('b', [2]);
    expect(() => device.write(slot, Float32Array.of(1, 2))).toThrow('Arena weights grew after it was first used');
    device.release(arena);
  });
});

describe('errors of the device', () => {
  it('tell of a program that needs more than the bytes that work is held to, and leave nothing of it behind', async () => {
    const graph = new Graph();
    const x = graph.input([1024]);
    const planned = plan(graph, { outputs: [scale(x, 2)], limits: device.limits });
    const total = () => MEMORY_CATEGORIES.reduce((sum, category) => sum + device.allocated[category], 0);
    const before = device.allocated;
    const needed = MEMORY_CATEGORIES.reduce((sum, category) => sum + planned.byCategory[category], 0) - STAGING_BYTES;
    const make = (bytes: number) => device.within(bytes, () => Program.create(device, planned));
    await expect(make(total() + needed - 1)).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(device.allocated).toEqual(before);
    // The first launch of all has twelve bytes of its own, for a moment.
    programs.push(await make(total() + needed + 12));
    programs.push(await Program.create(device, planned));
  });

  it('name the kernel, the line and the column of what does not compile, and leave no memory behind', async () => {
    const before = device.allocated;
    const graph = new Graph();
    const code = `fn main(@builtin(global_invocation_id) id: vec3u) {
  store_result(id.x, speed);
}`;
    const [y] = graph.apply(custom(code), [], {});
    const creation = create(graph, { outputs: [y] });
    await expect(creation).rejects.toMatchObject({ code: 'compile' });
    // One binding, its two accessors and the entry's attributes stand before the kernel's own lines.
    await expect(creation).rejects.toThrow(
      /^custom -> \[4\]: Kernel custom does not compile at line 6:22: unresolved value 'speed' in: store_result\(id\.x, speed\); \(at .*program\.test\.ts:\d+:\d+\)$/,
    );
    expect(device.allocated).toEqual(before);
  });

  it('come out of check when nobody caught them', async () => {
    device.gpu.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    await expect(device.check()).rejects.toMatchObject({
      code: 'validation',
      message: expect.stringMatching(/^The device refused a command: [^\n]* \(at .*program\.test\.ts:\d+:\d+\)$/),
    });
    await expect(device.check()).resolves.toBeUndefined();
  });
});

describe('memory', () => {
  it('stays flat over 2,000 runs', async () => {
    const graph = new Graph();
    const x = graph.input([64]);
    const y = unary('exp', x);
    const program = await create(graph, { outputs: [y], history: [sum(y)] });
    const warmUp = 200;
    let resident = 0;
    const allocated = device.allocated;
    for (let run = 0; run < 2000 + warmUp; run++) {
      if (run === warmUp) resident = process.memoryUsage.rss();
      program.write(x, new Float32Array(64));
      program.run();
      if (run % 100 === 0) await program.history();
    }
    await program.read(y);
    expect(device.allocated).toEqual(allocated);
    // A leak of one 16 KiB object a run would be 32 MiB; the collector's breathing was seen to reach 10.
    expect(process.memoryUsage.rss() - resident).toBeLessThan(32 * 2 ** 20);
  });

  it('stays flat over 200 programs', async () => {
    const before = device.allocated;
    let resident = 0;
    for (let count = 0; count < 200; count++) {
      if (count === 20) resident = process.memoryUsage.rss();
      const graph = new Graph();
      // 1 MiB each, of which 200 MiB would stay if Dawn kept what is freed.
      const program = await create(graph, { outputs: [scale(graph.input([2 ** 17]), 2)] });
      program.run();
      program.destroy();
      programs.pop();
    }
    expect(device.allocated).toEqual(before);
    expect(process.memoryUsage.rss() - resident).toBeLessThan(64 * 2 ** 20);
  });
});
