import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tracedPlaces } from '../src/call-site.ts';
import {
  type AdamState,
  Arena,
  adam,
  add,
  type DataType,
  Device,
  dropout,
  elementCount,
  evaluate,
  Graph,
  gradients,
  KernelError,
  layerNorm,
  matmul,
  Program,
  plan,
  type Shape,
  scale,
  sgd,
  store,
  sum,
  type Tensor,
  unary,
  writeRows,
} from '../src/index.ts';
import { openDevice } from '../src/node.ts';
import { allCases } from './cases/all.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice('null');

/** What a call throws, and the line on which `call` was written. */
function thrown(call: () => unknown): KernelError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(KernelError);
    return error as KernelError;
  }
  return expect.fail('nothing was thrown');
}

/** A device of the binding with other answers: it cannot be made to lose a device or to run out of memory. */
function altered(gpu: GPUDevice, answers: Readonly<Record<string, unknown>>): GPUDevice {
  return new Proxy(gpu, {
    get: (target, name) => {
      if (typeof name === 'string' && Object.hasOwn(answers, name)) return answers[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The number of the line that calls this. */
function lineNumber(): number {
  return Number(/errors\.test\.ts:(\d+)/.exec(new Error().stack?.split('\n')[2] ?? '')?.[1]);
}

describe("the caller's line", () => {
  const graph = new Graph();
  const [x, ids] = [graph.input([2, 3]), graph.input([2, 3], 'u32')];

  it('stands in errors of shapes, data types and graphs, however deep in the package', () => {
    const errors: [KernelError, string][] = [
      [thrown(() => matmul(x, x)), 'matmul: inner sizes 3 and 2 must be equal, got [2, 3] and [2, 3].'],
      [thrown(() => add(x, ids)), 'add: b must be f32, got u32 [2, 3].'],
      [thrown(() => add(x, new Graph().input([3]))), 'add: all tensors must belong to one graph, got [2, 3] and [3].'],
      [thrown(() => gradients(x, [x])), 'gradients: the loss must be a scalar, got [2, 3].'],
    ];
    const last = lineNumber() - 2;
    for (const [index, [error, summary]] of errors.entries()) {
      expect(error.summary).toBe(summary);
      expect(error.message).toMatch(
        new RegExp(`^[^\\n]+ \\(at [^ ]*/test/errors\\.test\\.ts:${last - 3 + index}:\\d+\\)$`),
      );
    }
  });

  it('is that of the forward pass for what a backward pass does', () => {
    const [input, scales, shifts] = [graph.input([2, 3]), graph.input([3]), graph.input([3])];
    const [line, y] = [lineNumber(), sum(layerNorm(input, scales, shifts))];
    const [slope] = gradients(y, [input]);
    const steps = graph.nodes.filter(({ origin }) => origin !== undefined);
    expect(steps.length).toBeGreaterThan(0);
    for (const { site } of steps) expect(site.toString()).toContain(`errors.test.ts:${line}:`);
    const again = thrown(() => gradients(sum(slope), [input]));
    expect(again).toMatchObject({
      code: 'not-differentiable',
      summary: expect.stringMatching(/^layerNormGradient: layerNorm can be differentiated once, not twice; pass/),
    });
    expect(again.message).toContain(`errors.test.ts:${line}:`);
  });

  it('is read from the traces of all engines', () => {
    const stack = (...lines: string[]) => Object.assign(new Error(), { stack: lines.join('\n') });
    const v8 = stack(
      'Error: at (the:1:2) end',
      '    at Graph.apply (file:///a/src/graph.ts:10:5)',
      '    at file:///b/my file.js:3:1',
      '    at async Promise.all (index 0)',
      '    at async run (https://c.example/page.js?v=1:7:2)',
      '    at node:internal/main:2:1',
    );
    expect(tracedPlaces(v8).slice(-2)).toEqual(['/b/my file.js:3:1', 'https://c.example/page.js?v=1:7:2']);
    const firefox = stack('apply@https://c.example/src/graph.js:10:5', '@https://c.example/page.js:3:1', '');
    expect(tracedPlaces(firefox)).toEqual(['https://c.example/src/graph.js:10:5', 'https://c.example/page.js:3:1']);
    expect(tracedPlaces(stack())).toEqual([]);
  });
});

describe('errors of the device', () => {
  it('refuse arenas with values on another device, and a destroyed device', async () => {
    const other = await openDevice({ adapter: 'null' });
    const arena = new Arena('weights', 'parameters');
    const slot = arena.add('w', [2]);
    other.write(slot, Float32Array.of(1, 2));
    const graph = new Graph();
    const y = scale(graph.variable(slot), 2);
    const creation = Program.create(device, plan(graph, { outputs: [y] }));
    await expect(creation).rejects.toMatchObject({ code: 'wrong-device' });
    await expect(creation).rejects.toThrow(
      'Arena weights has its values on another device (null backend); release it there first.',
    );
    await expect(device.read(slot)).rejects.toMatchObject({ code: 'wrong-device' });
    const program = await Program.create(other, plan(graph, { outputs: [y] }));
    other.destroy();
    expect(thrown(() => program.run())).toMatchObject({ code: 'closed', summary: 'run: the device was destroyed.' });
    await expect(Program.create(other, plan(graph))).rejects.toThrow('Program.create: the device was destroyed. (at ');
    await expect(program.read(y)).rejects.toThrow('read: the device was destroyed.');
    // Its memory is gone, so that another device may take the arena.
    expect(await evaluate(device, [y])).toEqual([new Float32Array(2)]);
    device.release(arena);
  });

  it('refuse a plan that was made for larger limits', async () => {
    const graph = new Graph();
    const y = unary('exp', graph.input([2 ** 28]));
    const unlimited = { maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: 2 ** 40 };
    const inner = await openDevice({ adapter: 'null' });
    const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 29 };
    const small = new Device(altered(inner.gpu, { limits }), inner.adapter, undefined, inner.debug);
    const creation = Program.create(small, plan(graph, { outputs: [y], limits: unlimited }));
    await expect(creation).rejects.toMatchObject({ code: 'limit' });
    await expect(creation).rejects.toThrow(
      /^input 0 \[268435456\]: 1073741824 bytes exceed the 536870912 a binding of null backend; use a smaller batch or model/,
    );
    inner.destroy();
  });

  it('say what memory was wanted for, and what was being read when the device was lost', async () => {
    const graph = new Graph();
    const y = unary('exp', graph.input([3]));
    const planned = plan(graph, { outputs: [y] });
    let lose = (_: { reason: string; message: string }): void => undefined;
    const lost = new Promise((resolve) => {
      lose = resolve;
    });
    let isFull = false;
    const inner = await openDevice({ adapter: 'null' });
    const popErrorScope = async () => (isFull ? new Error('full') : inner.gpu.popErrorScope());
    const gpu = altered(inner.gpu, { lost, popErrorScope });
    const faulty = new Device(gpu, inner.adapter, undefined, inner.debug);
    const program = await Program.create(faulty, planned);
    const before = faulty.allocated;
    isFull = true;
    const creation = Program.create(faulty, planned);
    await expect(creation).rejects.toMatchObject({ code: 'out-of-memory' });
    await expect(creation).rejects.toThrow(
      /^The device has no room for a program of \d+ bytes \(\d+ activations, \d+ workspace, 4194304 staging; largest value exp \[3\] -> \[3\]\); use a smaller batch or model\. \(at .*errors\.test\.ts:/,
    );
    expect(faulty.allocated).toEqual(before);
    isFull = false;
    program.run();
    lose({ reason: 'unknown', message: 'the cable was pulled\nand more' });
    for (let reading = 0; reading < 2; reading++) {
      await expect(program.read(y)).rejects.toMatchObject({ code: 'device-lost' });
    }
    await expect(program.read(y)).rejects.toThrow(
      /^Reading exp \[3\] -> \[3\]: The device was lost \(the cable was pulled\); start again\. \(at .*errors\.test\.ts:\d+:\d+\)$/,
    );
    inner.destroy();
  });
});

describe('wrong shapes and data types', () => {
  /** One change to a shape: another size, an axis more or less, or another data type. */
  interface Change {
    readonly which: number;
    readonly axis: number;
    readonly kind: 'size' | 'more' | 'less' | 'type';
    readonly size: number;
  }
  const change: fc.Arbitrary<Change> = fc.record({
    which: fc.nat(5),
    axis: fc.nat(4),
    kind: fc.constantFrom('size', 'more', 'less', 'type'),
    size: fc.integer({ min: 1, max: 5 }),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 2 });

  function changed(shapes: readonly Shape[], list: readonly Change[]): { shape: Shape; dtype: DataType }[] {
    const tensors = shapes.map((shape) => ({ shape: [...shape], dtype: 'f32' as DataType }));
    for (const { which, axis, kind, size } of list) {
      const tensor = tensors[which % Math.max(1, tensors.length)];
      if (tensor === undefined) continue;
      const at = axis % Math.max(1, tensor.shape.length);
      if (kind === 'size' && tensor.shape.length > 0) tensor.shape[at] = size;
      if (kind === 'more') tensor.shape.splice(at, 0, size);
      if (kind === 'less') tensor.shape.splice(at, 1);
      if (kind === 'type') tensor.dtype = 'u32';
    }
    return tensors;
  }

  /** Traces, differentiates and plans; what it throws may only be a KernelError of one line that names a line here. */
  function worksOrRefuses(build: (graph: Graph) => readonly Tensor[]): void {
    try {
      const graph = new Graph();
      const outputs = build(graph);
      const inputs = graph.inputs.filter(({ dtype }) => dtype === 'f32');
      const [first] = outputs;
      if (first?.dtype === 'f32' && elementCount(first.shape) < 1000) {
        try {
          gradients(sum(first), inputs);
        } catch (error) {
          if (!(error instanceof KernelError && error.code === 'not-differentiable')) throw error;
        }
      }
      plan(graph, { outputs });
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      expect(error.message).toMatch(/^\w[^\n]+ \(at [^\n]+:\d+:\d+\)$/);
    }
  }

  const operations = [...new Set(allCases.map(({ operation }) => operation))];
  it.each(operations)('%s works or says why not', (operation) => {
    const list = allCases.filter((each) => each.operation === operation).map(({ test }) => test);
    const small = list.filter(({ shapes }) => shapes.every((shape) => elementCount(shape) < 5000));
    fc.assert(
      fc.property(fc.constantFrom(...small), changes, (test, how) => {
        worksOrRefuses((graph) => {
          const inputs = changed(test.shapes, how).map(({ shape, dtype }) => graph.input(shape, dtype));
          return [test.build(inputs, graph)];
        });
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  const others: Record<string, { shapes: Shape[]; build: (inputs: readonly Tensor[]) => readonly Tensor[] }> = {
    dropout: { shapes: [[2, 3], []], build: ([x, seed]) => [dropout(x, 0.5, seed, 1)] },
    writeRows: {
      shapes: [[2, 5, 3], [2, 1, 3], [2]],
      build: ([cache, rows, at]) => {
        writeRows(cache, rows, at);
        return [];
      },
    },
    store: { shapes: [[2, 3]], build: ([x]) => [store(x, new Arena('a', 'workspace').add('s', [2, 3]))] },
    adam: {
      shapes: [[6], [6], [6], [6], [3], []],
      build: ([parameters, slopes, firstMoment, secondMoment, schedule, norm]) => {
        const state: AdamState = { parameters, gradients: slopes, firstMoment, secondMoment };
        adam(state, schedule, norm, 1);
        return [];
      },
    },
    sgd: {
      shapes: [[6], [6], [6], [], []],
      build: ([parameters, slopes, velocity, rate, norm]) => {
        sgd({ parameters, gradients: slopes, velocity }, rate, norm, 1, {});
        return [];
      },
    },
  };
  it.each(Object.keys(others))('%s works or says why not', (name) => {
    const { shapes, build } = others[name];
    fc.assert(
      fc.property(changes, (how) => {
        worksOrRefuses((graph) => build(changed(shapes, how).map(({ shape, dtype }) => graph.input(shape, dtype))));
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});
