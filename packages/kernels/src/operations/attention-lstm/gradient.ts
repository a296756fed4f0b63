import { copy } from '../../kernels/copy.ts';
import { onceDifferentiable, overwritesFirst } from '../../trace/operation.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Dispatch, Node, Operation, Tensor } from '../../trace/trace.ts';
import { add } from '../binary.ts';
import { concat } from '../concat.ts';
import { stepRows } from '../lstm/kernels.ts';
import { matmul } from '../matmul/matmul.ts';
import { transpose } from '../permute.ts';
import { slice } from '../slice.ts';
import { broadcast, sum } from '../sum.ts';
import { reshape } from '../view.ts';
import { cellKernel, type IncomingStates, memoryKernel, stateKernel, weightKernel } from './gradient-kernels.ts';

/**
 * As for a plain LSTM, a few kernels a step walk back through time; the weights' gradients are then matmuls over all
 * steps.
 */
export function attentionLstmBackward(
  node: Node<object>,
  [dHidden, dCells, dContexts, dEntries, ...others]: readonly (Tensor | undefined)[],
  wanted: readonly boolean[],
): (Tensor | undefined)[] {
  if (others.some((gradient) => gradient !== undefined)) onceDifferentiable(node as Node<never>);
  const [, recurrent, query, , score, output] = node.inputs;
  const [hidden, cells, contexts, entries, gates, queries, scores] = node.outputs;
  const [steps, batch, width] = gates.shape;
  const units = width / 4;
  const memory = entries.shape[1] - steps;
  const { graph } = gates;
  const fromAbove = dEntries ?? broadcast(graph.constant(new Float32Array(1), []), entries.shape);
  const incoming = [dHidden, dCells, dContexts].filter((gradient) => gradient !== undefined);
  const [dGates, dAll, dQueries, slopes, carry] = graph.apply(
    attentionLstmGradientOperation,
    [
      gates,
      fromAbove,
      cells,
      entries,
      queries,
      scores,
      score,
      // Threads read the weights along H, so transposed copies are made once a pass.
      ...[recurrent, query, output].map((weights) => transpose(weights)),
      ...incoming,
    ],
    { hasHidden: dHidden !== undefined, hasCells: dCells !== undefined, hasContexts: dContexts !== undefined },
  );
  const flat = (x: Tensor) => reshape(x, [elementCount(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]]);
  const before = (states: Tensor) => flat(slice(states, 0, steps));
  const after = (states: Tensor) => flat(slice(states, 1, steps + 1));
  /** Gradient of weights whose rows are multiplied with these states, one after the other. */
  const outer = (states: readonly Tensor[], gradient: Tensor) =>
    concat(states.map((x) => matmul(x, flat(gradient), { transposeA: true })));
  const part = (which: number) => reshape(slice(dAll, which, which + 1), [memory + steps, batch, units]);
  // Of the entries that were made here: gradients of output and key side by side.
  const made = () =>
    concat(
      [0, 1].map((which) => slice(part(which), memory, memory + steps)),
      2,
    );
  const row = (x: Tensor, index: number) => reshape(slice(x, index, index + 1), x.shape.slice(1));
  const throughGates = () => matmul(row(dGates, 0), recurrent, { transposeB: true });
  const plus = (gradient: Tensor, states: Tensor | undefined) =>
    states === undefined ? gradient : add(gradient, row(states, 0));
  const inputs: (() => Tensor)[] = [
    () => dGates,
    () => outer([before(hidden), before(contexts)], dGates),
    () => outer([after(cells), after(hidden)], dQueries),
    () => sum(dQueries, [0, 1]),
    () => sum(row(slopes, 2), [0]),
    () => outer([after(hidden), after(contexts)], made()),
    () => sum(made(), [0, 1]),
    () => plus(slice(throughGates(), 0, units, 1), dHidden),
    () => plus(carry, dCells),
    () => plus(slice(throughGates(), units, 2 * units, 1), dContexts),
    () => slice(part(0), 0, memory),
    () => slice(part(1), 0, memory),
  ];
  return inputs.map((gradient, index) => (wanted[index] ? gradient() : undefined));
}

/**
 * Inputs: gates, gradient of the entries, cells, entries, queries, scores, v, transposed recurrent, query and output
 * weights, then dHidden, dCells and dContexts where present. Outputs: gradients of the gates before their activation,
 * of the entries (2, N+T, B, H), of the queries; dh, dcontext and what dv sums up over the batch (3, B, H); and of the
 * initial cell.
 */
export const attentionLstmGradientOperation: Operation<IncomingStates> = {
  name: 'attentionLstmGradient',
  inPlace: overwritesFirst,
  outputs: ([gates, entries, cells, , queries]) =>
    [gates.shape, entries.shape, queries.shape, [3, ...cells.shape.slice(1)], cells.shape.slice(1)].map((shape) => ({
      shape,
      dtype: 'f32',
    })),
  kernels(node, { inPlace, scratch, image }) {
    const [gates, fromAbove, cells, entries, queries, scores, score, ...others] = node.inputs;
    const incoming = others.slice(3);
    const [dGates, dEntries, dQueries, slopes, carry] = node.outputs;
    const [steps, batch, units] = queries.shape;
    const sizes = { steps, batch, units, memory: entries.shape[1] - steps };
    const { hasHidden, hasCells } = node.attributes;
    const matrix = (tensor: Tensor, row: number) => {
      const lines = elementCount(tensor.shape) / row;
      return (units % 4 === 0 ? image(tensor, { lines, row }) : undefined) ?? tensor;
    };
    const [recurrent, query, output] = others.slice(0, 3).map((weights) => matrix(weights, 2 * units));
    const memories = matrix(entries, units);
    const dHidden = incoming.slice(0, +hasHidden);
    const dCells = incoming.slice(+hasHidden, +hasHidden + +hasCells);
    const dContexts = incoming.slice(+hasHidden + +hasCells);
    const dWeights = scratch([batch, sizes.memory]);
    const launches: Omit<Dispatch, 'uniforms'>[] = [
      {
        ...stateKernel(sizes, node.attributes),
        operands: [dGates, recurrent, dEntries, output, slopes, ...dHidden, ...dContexts],
      },
      { ...weightKernel(sizes), operands: [slopes, memories, dWeights] },
      {
        ...memoryKernel(sizes),
        operands: [scores, dWeights, memories, queries, score, slopes, dEntries, dQueries],
      },
      {
        ...cellKernel(sizes, hasCells, inPlace),
        operands: [...(inPlace ? [] : [gates]), cells, query, dQueries, slopes, ...dCells, dGates, carry],
      },
    ];
    const rows = stepRows(steps, false).reverse();
    return [
      copy(fromAbove, dEntries),
      ...rows.flatMap(({ step, before, after }) =>
        launches.map((launch): Dispatch => ({ ...launch, uniforms: [step, before, after, step + 1] })),
      ),
    ];
  },
  backward: onceDifferentiable,
};
