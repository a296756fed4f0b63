import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  describePlan,
  Graph,
  matmul,
  Program,
  plan,
  reshape,
  scale,
  slice,
  store,
  sum,
  type Tensor,
  type TensorData,
  unary,
  writeRows,
} from '../src/index.ts';
import { changeableMemory } from '../src/trace/views.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';
import { buildGraph, stateArena, steps, WIDTH } from './support/random-graph.ts';

const device = await testDevice();

/** Runs a graph once. @returns for each tensor its values, or the message of the error */
async function run(
  graph: Graph,
  outputs: readonly Tensor[],
  read: readonly Tensor[],
): Promise<(readonly number[] | string)[]> {
  const program = await Program.create(device, plan(graph, { outputs, limits: device.limits }));
  program.run();
  const results: (readonly number[] | string)[] = [];
  for (const tensor of read) {
    results.push(
      await program.read(tensor).then(
        (values) => [...values],
        ({ code, summary }) => (code === 'closed' ? summary : code),
      ),
    );
  }
  program.destroy();
  return results;
}

const REUSED = /: its memory is used again before the program ends: name it among the outputs of the plan\./;
const STORED_OVER = /: slot x of state is written again before the program ends: name a copy of the tensor/;

describe('a value that does not live to the end of the program', () => {
  it('is not read from memory that others took over', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 2, 3, 4), [2, 2]);
    const h = [x];
    for (let power = 2; power <= 5; power++) h.push(matmul(h[h.length - 1], x));
    const [first, second, third, last] = await run(graph, h.slice(4), h.slice(1));
    for (const lost of [first, second, third]) expect(lost).toMatch(REUSED);
    expect(last).toEqual([1069, 1558, 2337, 3406]);
  });

  it('is not read where it was overwritten in place, nor through a view', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 2, 3, 4), [2, 2]);
    const h = matmul(x, x);
    const view = reshape(h, [4]);
    const y = unary('negate', view);
    const total = sum(x);
    const results = await run(graph, [y, total], [h, view, y, total]);
    expect(results).toEqual([expect.stringMatching(REUSED), expect.stringMatching(REUSED), [-7, -10, -15, -22], [10]]);
  });

  it('is read through views that it shares its memory with', async () => {
    const graph = new Graph();
    const h = matmul(
      graph.constant(new Float32Array(128).fill(1), [2, 64]),
      graph.constant(new Float32Array(4096).fill(1), [64, 64]),
    );
    const row = slice(h, 1, 2);
    // The row keeps all of its block.
    expect(await run(graph, [row], [row, h])).toEqual([new Array(64).fill(64), new Array(128).fill(64)]);
  });

  it('is not copied into the history either', () => {
    const state = new Arena('state', 'workspace');
    const slot = state.add('x', [1]);
    const graph = new Graph();
    const first = store(scale(graph.input([1]), 2), slot);
    store(scale(graph.input([1]), 3), slot);
    expect(() => plan(graph, { history: [first] })).toThrow(STORED_OVER);
  });

  it('still has a place in the description of the plan', () => {
    const graph = new Graph();
    const h = matmul(graph.input([2, 2]), graph.input([2, 2]));
    const planned = plan(graph, { outputs: [matmul(h, h)] });
    expect(() => planned.location(h)).toThrow(REUSED);
    expect(planned.locationInRun(h).size).toBe(16);
    expect(describePlan(planned)).toContain('matmul [2, 2], [2, 2] -> [2, 2]');
  });
});

describe('a stored value', () => {
  const setup = () => {
    const state = new Arena('state', 'workspace');
    const slot = state.add('x', [2, 2]);
    const graph = new Graph();
    return { state, slot, graph, x: graph.constant(Float32Array.of(1, 2, 3, 4), [2, 2]) };
  };

  it('is read until another is stored there', async () => {
    const { state, slot, graph, x } = setup();
    const h = matmul(x, x);
    const first = store(h, slot);
    const view = reshape(first, [4]);
    const used = add(view, view);
    expect(await run(graph, [used, view], [first, h, view])).toEqual([
      [7, 10, 15, 22],
      [7, 10, 15, 22],
      [7, 10, 15, 22],
    ]);
    const second = store(scale(x, 2), slot);
    const results = await run(graph, [used, view, first], [first, h, view, second, graph.variable(slot), used]);
    for (const lost of results.slice(0, 3)) expect(lost).toMatch(/is (written|used) again before the program ends/);
    expect(results.slice(3)).toEqual([
      [2, 4, 6, 8],
      [2, 4, 6, 8],
      [14, 20, 30, 44],
    ]);
    device.release(state);
  });

  it('is not read once rows were written over it', async () => {
    const { state, slot, graph, x } = setup();
    const stored = store(scale(x, 2), slot);
    const rows = graph.constant(Float32Array.of(9, 9), [2, 1]);
    const positions = graph.constant(Uint32Array.of(0, 1), [2]);
    writeRows(graph.variable(slot), rows, positions);
    const [lost, variable] = await run(graph, [], [stored, graph.variable(slot)]);
    expect(lost).toMatch(STORED_OVER);
    expect(variable).toEqual([9, 4, 6, 9]);
    device.release(state);
  });
});

describe('any tensor of a random graph', () => {
  it('reads as it was when it was made, or not at all', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(30), async (list, which) => {
        const values = async (
          graph: Graph,
          inputs: readonly Tensor[],
          outputs: readonly Tensor[],
          read: readonly Tensor[],
          arena: Arena,
        ) => {
          for (const [index, slot] of arena.slots.entries()) {
            device.write(slot, randomNumbers(slot.shape[0] * WIDTH, index));
          }
          const program = await Program.create(device, plan(graph, { outputs, limits: device.limits }));
          for (const input of inputs) program.write(input, randomNumbers(input.shape[0] * WIDTH, 9));
          program.run();
          const results: (TensorData | undefined)[] = [];
          for (const tensor of read) {
            results.push(await program.read(tensor).catch(({ code }) => (code === 'closed' ? undefined : code)));
          }
          program.destroy();
          return results;
        };
        const arena = stateArena();
        const { graph, inputs, tensors } = buildGraph(list, arena);
        // Variables, inputs and views of them are what their memory holds at the end, and no values of a moment.
        const isValue = (tensor: Tensor) => {
          const memory = changeableMemory(tensor);
          return memory === undefined || rootIsStored(tensor);
        };
        const made = tensors.flatMap((tensor, index) => (isValue(tensor) ? [index] : []));
        const outputs = [tensors[which % tensors.length]];
        const got = await values(
          graph,
          inputs,
          outputs,
          made.map((index) => tensors[index]),
          arena,
        );

        const copies: Tensor[] = [];
        const again = buildGraph(list, arena, (tensor) => copies.push(scale(tensor, 1)));
        const first = again.inputs.length;
        const kept = made.map((index) => copies[index - first]);
        const expected = await values(again.graph, again.inputs, kept, kept, arena);
        for (const [index, value] of got.entries()) {
          if (value === undefined) refused++;
          else expect(value).toEqual(expected[index]);
        }
        device.release(arena);
      }),
      { numRuns: 60, seed: 4 },
    );
    expect(refused).toBeGreaterThan(100);
  }, 60_000);
});

/** Whether a tensor was stored in its slot, or is a view of one that was. */
function rootIsStored({ source }: Tensor): boolean {
  if (source.kind !== 'node') return false;
  const { node } = source;
  if (node.operation.target !== undefined) return true;
  const alias = node.operation.alias?.(node);
  return alias !== undefined && rootIsStored(node.inputs[alias.input]);
}
