import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  BASE_LIMITS,
  evaluate,
  Graph,
  gradients,
  type MemoryLimits,
  matmul,
  type Node,
  Program,
  plan,
  scale,
  store,
  sum,
  type Tensor,
  totalMemory,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';
import { buildGraph, stateArena, steps } from './support/random-graph.ts';

const device = await testDevice();

/** Which tensor each tensor is a view of, by the rules of the operations and not by the plan. */
function rootOf(tensor: Tensor, nodes: readonly Node[]): Tensor {
  const node = nodes.find(({ outputs }) => outputs.includes(tensor));
  const isView = node?.operation.alias?.(node) !== undefined;
  return node !== undefined && isView ? rootOf(node.inputs[0], nodes) : tensor;
}

/** For each value of a graph the node that makes it and the last one that needs it or a view of it. */
function lifetimes(nodes: readonly Node[]): Map<Tensor, { first: number; last: number }> {
  const lives = new Map<Tensor, { first: number; last: number }>();
  for (const [index, { inputs, outputs }] of nodes.entries()) {
    for (const output of outputs)
      if (rootOf(output, nodes) === output) lives.set(output, { first: index, last: index });
    for (const input of inputs) {
      const life = lives.get(rootOf(input, nodes));
      if (life !== undefined) life.last = index;
    }
  }
  return lives;
}

describe('memory of random graphs', () => {
  it('is never shared by two values alive at the same time, and aligned', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (list, tight) => {
        const { graph, tensors } = buildGraph(list, stateArena());
        // Buffers of four blocks: packing has to go on in the next one.
        const limits: MemoryLimits = tight ? { maxBufferSize: 4096, maxStorageBufferBindingSize: 4096 } : BASE_LIMITS;
        // What nothing consumes, so that the planner drops no node.
        const consumed = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
        const outputs = tensors.filter((tensor) => !consumed.has(tensor));
        const planned = plan(graph, { outputs, limits });
        for (const { locations } of planned.dispatches) {
          for (const { buffer, offset, size } of locations) {
            expect(offset % 256).toBe(0);
            expect(offset + size).toBeLessThanOrEqual(buffer.byteLength);
            expect(buffer.byteLength).toBeLessThanOrEqual(limits.maxBufferSize);
          }
        }
        const written = new Set(planned.dispatches.flatMap(({ operands }) => operands));
        const lives = [...lifetimes(graph.nodes)].filter(
          ([tensor]) =>
            written.has(tensor) &&
            !outputs.some((output) => rootOf(output, graph.nodes) === tensor) &&
            tensor.source.kind === 'node',
        );
        for (const [tensor, life] of lives) {
          const here = planned.locationInRun(tensor);
          for (const [other, otherLife] of lives) {
            if (otherLife.first <= life.first || otherLife.first > life.last) continue;
            const there = planned.locationInRun(other);
            const apart =
              here.buffer !== there.buffer ||
              here.offset + here.size <= there.offset ||
              there.offset + there.size <= here.offset;
            const node = graph.nodes[otherLife.first];
            const takesOver =
              otherLife.first === life.last &&
              (node.operation.inPlace?.(node) ?? []).some(
                ({ input }) => rootOf(node.inputs[input], graph.nodes) === tensor,
              ) &&
              here.offset === there.offset;
            const isStored = node.operation.target !== undefined;
            expect(apart || takesOver || isStored).toBe(true);
          }
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('gives the numbers that a program without shared memory gives', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const arena = stateArena();
        const { graph, inputs, tensors } = buildGraph(list, arena);
        const last = tensors.slice(-2);
        const computed = async (outputs: readonly Tensor[]) => {
          for (const [index, slot] of arena.slots.entries()) {
            device.write(slot, randomNumbers(slot.shape[0] * slot.shape[1], index));
          }
          const program = await Program.create(device, plan(graph, { outputs, limits: device.limits }));
          for (const input of inputs) program.write(input, randomNumbers(input.shape[0] * input.shape[1], 9));
          program.run();
          const values: unknown[] = [];
          for (const tensor of last) {
            // A slot's variable may be read only where the program uses the slot.
            if (tensor.source.kind === 'node') values.push(await program.read(tensor).catch(({ code }) => code));
          }
          for (const slot of arena.slots) values.push(await device.read(slot));
          program.destroy();
          return values;
        };
        expect(await computed(last)).toEqual(await computed(tensors));
        device.release(arena);
      }),
      { numRuns: 40, seed: 2 },
    );
  }, 120_000);
});

describe('store', () => {
  const setup = () => {
    const arena = new Arena('state', 'workspace');
    const slot = arena.add('x', [3]);
    device.write(slot, Float32Array.of(1, 2, 3));
    return { arena, slot, graph: new Graph() };
  };
  const copies = (graph: Graph, outputs: readonly Tensor[] = []) =>
    plan(graph, { outputs }).dispatches.filter(({ kernel }) => kernel.label === 'copy').length;

  it('computes a value in its slot', async () => {
    const { arena, slot, graph } = setup();
    const stored = store(unary('negate', scale(graph.constant(Float32Array.of(4, 5, 6), [3]), 2)), slot);
    expect(copies(graph)).toBe(0);
    await evaluate(device, [stored]);
    expect(await device.read(slot)).toEqual(Float32Array.of(-8, -10, -12));
    device.release(arena);
  });

  it('copies where the old value is read after the new one is made', async () => {
    const { arena, slot, graph } = setup();
    const old = graph.variable(slot);
    const next = scale(graph.constant(Float32Array.of(4, 5, 6), [3]), 2);
    const total = sum(old);
    const stored = store(next, slot);
    expect(copies(graph, [total])).toBe(1);
    const [values] = await evaluate(device, [total, stored]);
    expect(values).toEqual(Float32Array.of(6));
    expect(await device.read(slot)).toEqual(Float32Array.of(8, 10, 12));
    device.release(arena);
  });

  it('copies where the value is kept for the caller', async () => {
    const { arena, slot, graph } = setup();
    const next = scale(graph.variable(slot), 2);
    const stored = store(next, slot);
    store(scale(stored, 2), slot);
    const [kept] = await evaluate(device, [next]);
    expect(kept).toEqual(Float32Array.of(2, 4, 6));
    expect(await device.read(slot)).toEqual(Float32Array.of(4, 8, 12));
    device.release(arena);
  });

  it.each(['computed', 'given'])('lets the last of two values stay, the first one %s', async (kind) => {
    const { arena, slot, graph } = setup();
    const one = graph.constant(Float32Array.of(1, 1, 1), [3]);
    const late = scale(one, 20);
    store(kind === 'given' ? one : scale(one, 10), slot);
    store(late, slot);
    await evaluate(device, [sum(graph.variable(slot))]);
    expect(await device.read(slot)).toEqual(Float32Array.of(20, 20, 20));
    device.release(arena);
  });

  it('has nothing to do for what is there already', async () => {
    const { arena, slot, graph } = setup();
    const stored = store(graph.variable(slot), slot);
    expect(plan(graph).dispatches).toEqual([]);
    const [values] = await evaluate(device, [stored, sum(stored)]);
    expect(values).toEqual(Float32Array.of(1, 2, 3));
    device.release(arena);
  });
});

describe('limits', () => {
  const limits: MemoryLimits = { maxBufferSize: 1024, maxStorageBufferBindingSize: 1024 };

  it('spreads values over several buffers', async () => {
    const graph = new Graph();
    const x = graph.constant(randomNumbers(200, 1), [200]);
    const values = Array.from({ length: 5 }, (_, index) => scale(x, index + 1));
    const planned = plan(graph, { outputs: values, limits: { ...limits, maxBufferSize: 2048 } });
    const activations = planned.buffers.filter(({ category }) => category === 'activations');
    expect(activations.map(({ byteLength }) => byteLength)).toEqual([2048, 2048, 1024]);
    const program = await Program.create(device, planned);
    program.run();
    for (const [index, value] of values.entries()) {
      expect(await program.read(value)).toEqual(
        randomNumbers(200, 1).map((element) => Math.fround(element * (index + 1))),
      );
    }
    program.destroy();
  });

  it('refuses values, arenas and grids that no device of these limits can hold', () => {
    const graph = new Graph();
    const large = scale(graph.input([300]), 2);
    expect(() => plan(graph, { outputs: [large], limits })).toThrow(
      /^scale \[300\] -> \[300\]: 1200 bytes exceed the 1024 a buffer of the limits given to plan; use a smaller batch or model. \(at .*plan.test.ts/,
    );
    const inputs = sum(graph.input([300]));
    expect(() => plan(graph, { outputs: [inputs], limits: { ...limits, maxBufferSize: 4096 } })).toThrow(
      /^input 1 \[300\]: 1200 bytes exceed the 1024 a binding of the limits given to plan; use a smaller batch or model/,
    );
    const arena = new Arena('weights', 'parameters');
    const slots = [arena.add('a', [200]), arena.add('b', [200])];
    const weights = new Graph();
    const total = add(sum(weights.variable(slots[0])), sum(weights.variable(slots[1])));
    expect(() => plan(weights, { outputs: [total], limits })).toThrow(
      /^arena weights of 2 slots: 2048 bytes exceed the 1024 a buffer of the limits given to plan; use a smaller model\./,
    );
  });

  it('refuses history of what is not a scalar, and tensors of another graph', () => {
    const graph = new Graph();
    const x = scale(graph.input([3]), 2);
    expect(() => plan(graph, { history: [x] })).toThrow('plan: history takes scalars, got [3].');
    expect(() => plan(new Graph(), { outputs: [x] })).toThrow('plan: outputs and history must belong to the graph');
  });
});

describe('predicted memory', () => {
  it('is what is allocated, by category, and all of it comes back', async () => {
    const baseline = device.allocated;
    const parameters = new Arena('parameters', 'parameters');
    const weights = parameters.add('weights', [64, 32]);
    const slopes = parameters.mirror('gradients', 'gradients');
    const plans = [1, 7].map((rows) => {
      const graph = new Graph();
      const loss = sum(unary('square', matmul(graph.input([rows, 64]), graph.variable(weights))));
      store(gradients(loss, [graph.variable(weights)])[0], slopes.slots[0]);
      return plan(graph, { history: [loss] });
    });
    const first = await Program.create(device, plans[0]);
    expect(device.allocated).toEqual(plans[0].byCategory);
    const second = await Program.create(device, plans[1]);
    expect(device.allocated).toEqual(totalMemory(plans));
    first.destroy();
    first.destroy();
    expect(device.allocated).toEqual(plans[1].byCategory);
    second.destroy();
    for (const arena of [parameters, slopes]) device.release(arena);
    expect(device.allocated).toEqual(baseline);
  });
});
