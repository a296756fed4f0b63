import { KernelError } from '../errors.ts';
import type { ImageLayout, Matrices } from '../kernels/image.ts';
import type { Variant } from '../kernels/kernel.ts';
import type { Node } from './graph.ts';
import type { Slot } from './memory.ts';
import type { DataType, Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Shape and data type of an output. */
export interface TensorSpecification {
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** An element of a result as WGSL, from the elements of the inputs at the same place. */
export interface Formula {
  readonly label: string;
  /** Of the output's data type; `index` is the element's place in the output, u32. */
  readonly expression: string;
  /** What the expression calls the inputs, in their order. */
  readonly operands: readonly string[];
  /** WGSL functions that the expression calls; equal texts are declared once. */
  readonly helpers?: readonly string[];
}

/** Indices of an input and of the output that may take over its memory. */
export interface InPlace {
  readonly input: number;
  readonly output: number;
}

/** The rule of operations whose only output may live in the memory of their first input. */
export const overwritesFirst = (): readonly InPlace[] => [{ input: 0, output: 0 }];

/** One launch of a kernel on tensors, in the order of its bindings. */
export interface Dispatch extends Variant {
  readonly operands: readonly Tensor[];
  readonly uniforms: readonly number[];
  /** Set where other kernels could do the same. */
  readonly choice?: Choice;
  /** Set where the kernel copies whole rows of its first operand to the texture that is its second, and does nothing else. */
  readonly copiesRows?: { readonly bytes: number; readonly count: number };
}

/**
 * The variants of a dispatch, among which the tuner chooses by measuring. They take the same operands with the same
 * access and must give bit-identical results: every element is computed by the same operations in the same order, only
 * the distribution over threads differs.
 */
export interface Choice {
  /**
   * Names the problem with its sizes. Problems whose names differ only in similar sizes share a winner where their variants are
   * called alike: labels of variants are this text and what the variant is called ("matmul NN 64x64x64" and "tile 8x8").
   */
  readonly problem: string;
  /** Floating-point operations of all launches of the operation, to which the winner applies. */
  readonly work: number;
  /** Uniforms of the launch that is measured, where the kernels have any. */
  readonly uniforms?: readonly number[];
  /**
   * Ordered so that neighbours are alike; the dispatch's own kernel, which is used unmeasured and hence requires no
   * feature, is one of them.
   */
  readonly variants: readonly Variant[];
  /** The likeliest of them on a CPU, which few threads keep busy: where measuring starts there. */
  readonly likelyOnCpu?: Variant;
  /** Variants that work in other ways, alike ones in a line, the likeliest first. */
  readonly otherKinds?: readonly (readonly Variant[])[];
}

/** Neighbouring elements of a tensor. */
export interface Piece {
  readonly first: number;
  readonly elements: number;
}

/** What an operation may know and ask for while it names its kernels. */
export interface KernelContext {
  /** True when the planner lets the output take over an input's memory (see `Operation.inPlace`). */
  readonly inPlace: boolean;
  /** Which input that is, for operations that name several. */
  readonly overwritten: number | undefined;
  /**
   * The pieces of a tensor of so many elements, each of which fits a binding: one for most, several for arenas of large models.
   *
   * @param multiple of which each but the last has a multiple of elements; itself a multiple of SLOT_ALIGNMENT, which is the default
   */
  pieces(elements: number, multiple?: number): readonly Piece[];
  /** A piece of a tensor as an operand of its own; the tensor itself where there is but one. */
  part(tensor: Tensor, piece: Piece): Tensor;
  /** A tensor that lives for this node only. */
  scratch(shape: Shape, dtype?: DataType): Tensor;
  /** The same for a matrix of vec4s in a texture; undefined where the device does not read from textures. */
  scratchImage(layout: ImageLayout): Tensor | undefined;
  /** An input's copy in a texture (see `imageLayout`), filled before the node's kernels run; undefined as above. */
  image(input: Tensor, matrices: Matrices): Tensor | undefined;
}

/**
 * What an operation is. Every field is required unless its absence means something, so that an operation without a
 * backward does not compile. `Attributes` are its settings besides the tensors.
 */
export interface Operation<Attributes> {
  readonly name: string;

  /** What messages call it where the name alone does not tell: `add` rather than `binary`. */
  title?(attributes: Attributes): string;

  /** Shape rule; throws a KernelError naming the rule and the shapes. */
  outputs(inputs: readonly Tensor[], attributes: Attributes): readonly TensorSpecification[];

  /** Set for operations that compute each element by itself (elementwise.ts); neighbours of this kind are fused. */
  formula?(node: Node<Attributes>): Formula;

  /** The launches that compute the outputs from the inputs. Pure: called while planning, without a device. */
  kernels(node: Node<Attributes>, context: KernelContext): readonly Dispatch[];

  /**
   * Appends to the graph what turns gradients of the outputs into gradients of the inputs (vector-Jacobian product).
   *
   * @param node the node of the forward pass
   * @param gradients for each output, the gradient of the loss or undefined where none flows
   * @param wanted for each input, whether its gradient is wanted
   * @returns for each input, its gradient, or undefined where none is wanted or flows
   */
  backward(
    node: Node<Attributes>,
    gradients: readonly (Tensor | undefined)[],
    wanted: readonly boolean[],
  ): readonly (Tensor | undefined)[];

  /** The output that may live in an input's memory when nothing else needs that input any more; the first that can. */
  inPlace?(node: Node<Attributes>): readonly InPlace[];

  /**
   * `addend` + output 0, computed in the memory of the addend where nothing else needs it: how the gradients of what is used
   * many times add up without a place for each. The node itself is then left to be dropped. Undefined where it has no such form.
   */
  accumulate?(node: Node<Attributes>, addend: Tensor): Tensor | undefined;

  /** The output is the input's memory from this element on; then there are no kernels (reshape, slices of rows). */
  alias?(node: Node<Attributes>): { readonly input: number; readonly offset: number } | undefined;

  /** The slot in which output 0 has to end up; the planner computes the input there directly where it can. */
  target?(node: Node<Attributes>): Slot;

  /**
   * The random numbers that it draws: a stream of the seed which that input holds. In a graph only one operation may draw from
   * a stream of a seed, and again where it is differentiated or computed again.
   */
  draws?(attributes: Attributes): { readonly seed: number; readonly stream: number };

  /** The input of u32s that number rows, classes or the like: each must be below `bound`, which `Program.write` checks. */
  numbers?(node: Node<Attributes>): { readonly input: number; readonly bound: number };

  /** The inputs that it changes in place: arenas or slots. It then counts as used although it may have no output. */
  readonly changesInputs?: readonly number[];
}

/** The inputs that a node changes in place; it may lack the last ones. */
export function changedInputs({ operation, inputs }: Node): Tensor[] {
  return (operation.changesInputs ?? []).flatMap((index) => inputs[index] ?? []);
}

/** The backward of operations through which no gradient flows: what is computed from their results counts as constant. */
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
