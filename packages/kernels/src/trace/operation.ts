import { KernelError } from '../errors.ts';
import type { InPlace, Node, Operation, Tensor } from './trace.ts';

/** The rule of operations whose only output may live in the memory of their first input. */
export const overwritesFirst = (): readonly InPlace[] => [{ input: 0, output: 0 }];

/** The inputs that a node changes in place; it may lack the last ones. */
export function changedInputs({ operation, inputs }: Node): Tensor[] {
  return (operation.changesInputs ?? []).flatMap((index) => inputs[index] ?? []);
}

/**
 * The backward of operations through which no gradient flows: what is computed from their results counts as constant.
 */
export const noGradient = (): readonly undefined[] => [];

/**
 * The backward of operations that have none: of what a backward pass is made of, and of what ends a trace.
 *
 * @throws KernelError `not-differentiable` naming the operation, in a backward pass also that which it differentiates
 */
export function onceDifferentiable({ operation, attributes, origin, site }: Node<never>): never {
  // What a checkpoint computes again is the operation itself.
  const differentiated = origin?.operation === operation ? undefined : origin;
  const what =
    differentiated === undefined
      ? `${operationTitle<never>(operation, attributes)}: has no derivative`
      : `${operation.name}: ${operationTitle(differentiated.operation, differentiated.attributes)} can be differentiated once, not twice`;
  const way = 'pass what it reads through stopGradient() if it is to count as constant';
  throw new KernelError('not-differentiable', `${what}; ${way}, or compose it of operations that can.`, { at: site });
}

/** What messages call an operation with these attributes. */
export function operationTitle<Attributes>(operation: Operation<Attributes>, attributes: Attributes): string {
  return operation.title?.(attributes) ?? operation.name;
}
