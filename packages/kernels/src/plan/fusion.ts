import { elementwisePieces, inputsThatFit, type Step, singleStep } from '../kernels/elementwise.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import { sameShape } from '../trace/shape.ts';
import type { Node, Operation, Tensor } from '../trace/trace.ts';
import { viewedTensors } from '../trace/views.ts';

/** WebGPU's maxStorageBuffersPerShaderStage that every adapter grants; one is the result. */
const MAX_INPUTS = 7;

/**
 * Merges elementwise nodes into the elementwise node that uses their result, so that the result in between is never
 * written: a kernel for each chain or tree of them. A value that several nodes use, or that is kept, is still computed
 * by itself.
 *
 * Fusing never takes more memory: a value is merged only where its inputs are needed later anyway, where one input of
 * its size takes its place, or where the node that uses it comes next.
 *
 * @param nodes in the order in which they run
 * @param kept tensors that must exist at the end
 */
export function fuse(nodes: readonly Node[], kept: readonly Tensor[]): Node[] {
  const uses = new Map<Tensor, number>();
  const lastUse = new Map<Tensor, number>();
  const count = (tensor: Tensor) => uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  for (const tensor of kept) count(tensor);
  const viewed = viewedTensors(nodes);
  for (const [index, { inputs }] of nodes.entries()) {
    for (const input of new Set(inputs)) {
      count(input);
      lastUse.set(viewed(input), index);
    }
  }
  // The place of each elementwise node that may still be merged into a later one, by its output.
  const open = new Map<Tensor, number>();
  const fused: (Node | undefined)[] = [...nodes];
  for (const [index, original] of nodes.entries()) {
    const { operation, outputs } = original;
    if (operation.formula === undefined) {
      // What changes memory that others read must not be overtaken.
      if (operation.target !== undefined || operation.changesInputs !== undefined) open.clear();
      continue;
    }
    let node = original;
    // The nearest first: with it merged, the one before comes next.
    const nearest = [...original.inputs].sort((a, b) => (open.get(b) ?? -1) - (open.get(a) ?? -1));
    for (const input of nearest) {
      const place = open.get(input);
      const producer = place === undefined ? undefined : fused[place];
      if (place === undefined || producer === undefined || uses.get(input) !== 1) continue;
      if (!sameShape(input.shape, outputs[0].shape)) continue;
      const merged = merge(producer, node);
      if (merged.inputs.length > MAX_INPUTS) continue;
      // A value beside a view of it would have to be copied: one buffer cannot be bound twice where it is written to.
      if (new Set(merged.inputs.map(viewed)).size < merged.inputs.length) continue;
      const needed = new Set(producer.inputs.map(viewed));
      // What would have to live on until here. One value of the same size makes up for it: the result takes over its
      // memory.
      const longer = [...needed].filter(
        (tensor) => tensor.source.kind === 'node' && (lastUse.get(tensor) ?? index) < index,
      );
      const pays = (tensor: Tensor) => lastUse.get(tensor) === place && inputsThatFit([tensor], outputs[0]).length > 0;
      const costs = longer.length > 1 || !longer.every(pays);
      if (costs && !isNext(fused, place, index)) continue;
      node = merged;
      fused[place] = undefined;
      for (const tensor of longer) lastUse.set(tensor, index);
    }
    fused[index] = node;
    open.set(outputs[0], index);
  }
  return fused.filter((node) => node !== undefined);
}

/** Whether nothing but views lies between two places. */
function isNext(nodes: readonly (Node | undefined)[], first: number, second: number): boolean {
  return nodes.slice(first + 1, second).every((node) => node === undefined || node.operation.alias?.(node));
}

interface Fusion {
  readonly steps: readonly Step[];
}

/** One node for a node and the elementwise node that makes one of its inputs. */
function merge(producer: Node, consumer: Node): Node<Fusion> {
  const value = producer.outputs[0];
  const before = stepsOf(producer);
  const after = stepsOf(consumer);
  const inputs = [...new Set([...producer.inputs, ...consumer.inputs.filter((input) => input !== value)])];
  const renumber = (steps: readonly Step[], from: Node, firstStep: number): Step[] =>
    steps.map(({ formula, dtype, values }) => ({
      formula,
      dtype,
      values: values.map((each) => {
        if ('step' in each) return { step: each.step + firstStep };
        const input = from.inputs[each.input];
        return input === value ? { step: before.length - 1 } : { input: inputs.indexOf(input) };
      }),
    }));
  const steps = [...renumber(before, producer, 0), ...renumber(after, consumer, before.length)];
  return { ...consumer, operation: fusedOperation as Operation<unknown>, attributes: { steps }, inputs };
}

function stepsOf(node: Node): readonly Step[] {
  const { operation, attributes, outputs } = node;
  if (operation.name === fusedOperation.name) return (attributes as Fusion).steps;
  return operation.formula === undefined ? [] : [singleStep(operation.formula(node), outputs[0].dtype)];
}

/** What the planner makes of neighbouring elementwise nodes; it never stands in a graph. */
const fusedOperation: Operation<Fusion> = {
  name: 'fused',
  title: ({ steps }) => steps.map(({ formula }) => formula.label).join(' + '),
  inPlace: ({ inputs, outputs }) => inputsThatFit(inputs, outputs[0]),
  outputs: ([first]) => [{ shape: first.shape, dtype: 'f32' }],
  kernels(node, context) {
    return elementwisePieces(node.attributes.steps, node.inputs, node.outputs[0], context);
  },
  backward: onceDifferentiable,
};
