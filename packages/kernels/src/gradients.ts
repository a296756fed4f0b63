import { KernelError } from './errors.ts';
import type { Node } from './graph.ts';
import { add } from './operations/binary.ts';
import { elementCount, requireShape, type Tensor } from './tensor.ts';

/**
 * Reverse-mode differentiation: appends the backward pass of a scalar to its graph.
 *
 * @param loss scalar
 * @param wanted tensors to differentiate by: variables, inputs or intermediate values
 * @returns for each wanted tensor, the gradient of the loss, of the same shape
 * @throws KernelError `not-differentiable` if the loss does not depend on one of them
 */
export function gradients(loss: Tensor, wanted: readonly Tensor[]): Tensor[] {
  const { graph } = loss;
  requireShape(elementCount(loss.shape) === 1, 'gradients', 'the loss must be a scalar', loss);
  const forward = graph.nodes.slice();
  const depends = dependents(forward, wanted);
  const total = new Map<Tensor, Tensor>([[loss, graph.constant(Float32Array.of(1), loss.shape)]]);

  for (const node of forward.toReversed()) {
    if (!node.outputs.some((output) => depends.has(output) && total.has(output))) continue;
    const flows = node.inputs.map((input) => depends.has(input));
    const incoming = node.outputs.map((output) => total.get(output));
    for (const [index, gradient] of node.operation.backward(node, incoming, flows).entries()) {
      if (gradient === undefined || !flows[index]) continue;
      const input = node.inputs[index];
      const known = total.get(input);
      total.set(input, known === undefined ? gradient : add(known, gradient));
    }
  }
  return wanted.map((tensor, index) => {
    const gradient = total.get(tensor);
    if (gradient === undefined) {
      throw new KernelError(
        'not-differentiable',
        `gradients: the loss does not depend on tensor ${index} of those wanted.`,
      );
    }
    return gradient;
  });
}

/** The wanted tensors and everything computed from them. */
function dependents(nodes: readonly Node[], wanted: readonly Tensor[]): Set<Tensor> {
  const depends = new Set(wanted);
  for (const node of nodes) {
    if (node.inputs.some((input) => depends.has(input))) for (const output of node.outputs) depends.add(output);
  }
  return depends;
}
