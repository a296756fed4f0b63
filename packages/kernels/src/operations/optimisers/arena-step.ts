import { linearDispatch } from '../../kernels/dispatch.ts';
import type { Binding } from '../../kernels/kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Dispatch, KernelContext, Tensor } from '../../trace/trace.ts';

/** Throws unless all are f32, the arenas are whole and of one layout, and the scalars have one element each. */
export function requireArenas(
  operation: string,
  arenas: Readonly<Record<string, Tensor>>,
  scalars: Readonly<Record<string, Tensor>>,
): void {
  for (const [name, tensor] of Object.entries({ ...arenas, ...scalars })) requireType(tensor, 'f32', operation, name);
  const [parameters, ...others] = Object.values(arenas);
  const elements = elementCount(parameters.shape);
  requireShape(elements % 4 === 0, operation, 'parameters must be a whole arena, see Graph.flat', parameters);
  const equal = others.every(({ shape }) => elementCount(shape) === elements);
  requireShape(equal, operation, 'all arenas must have one layout', parameters, ...others);
  for (const [name, tensor] of Object.entries(scalars)) {
    requireShape(elementCount(tensor.shape) === 1, operation, `${name} must have 1 element`, tensor);
  }
}

/**
 * The launch of an optimiser's step, or several where arenas are larger than a binding: one thread for each four
 * elements of whole arenas, which hold whole groups of 128.
 *
 * @param operands each with its binding, the parameters first; as long as these are the arenas
 * @param body WGSL in which `index` is the number of the vec4 in the piece of each arena, which begins at vec4 `first`
 */
export function arenaSteps(
  label: string,
  { pieces, part }: Pick<KernelContext, 'pieces' | 'part'>,
  operands: readonly (readonly [binding: Binding, tensor: Tensor])[],
  body: (first: number) => string,
): Dispatch[] {
  const elements = elementCount(operands[0][1].shape);
  return pieces(elements).map((piece) =>
    linearDispatch({
      label,
      bindings: operands.map(([binding]) => binding),
      operands: operands.map(([, tensor]) => (elementCount(tensor.shape) === elements ? part(tensor, piece) : tensor)),
      threads: piece.elements / 4,
      body: body(piece.first / 4),
    }),
  );
}
