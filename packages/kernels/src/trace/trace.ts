// What a trace is made of. A graph records nodes, a node applies an operation to tensors, an operation appends nodes to
// the graph, and a tensor knows the node that computes it: four types, each defined by the others, and hence in one
// file.

import type { CallSite } from '../call-site.ts';
import type { ImageLayout, Matrices } from '../kernels/image.ts';
import type { Choice, Variant } from '../kernels/kernel.ts';
import type { Arena, Slot } from './memory.ts';
import type { DataType, Shape, TensorData } from './shape.ts';

/** Where a tensor's values come from. */
export type Source =
  | { readonly kind: 'node'; readonly node: Node; readonly output: number }
  | { readonly kind: 'slot'; readonly slot: Slot }
  | { readonly kind: 'input'; readonly initial: TensorData | undefined; readonly site: CallSite };

/** A value of known shape in a graph. It holds no numbers: those exist once a program runs. */
export interface Tensor {
  readonly graph: Graph;
  /** Unique in its graph, rising in the order of creation. */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DataType;
  readonly source: Source;
}

/** One application of an operation. */
export interface Node<Attributes = unknown> {
  readonly operation: Operation<unknown>;
  readonly attributes: Attributes;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The line that applied it, or its origin. */
  readonly site: CallSite;
  /** In a backward pass, the node of the forward pass that this one differentiates or computes again. */
  readonly origin: Node | undefined;
}

/** Nodes of a trace from `first` up to, and without, `end`. */
export interface Segment {
  readonly first: number;
  readonly end: number;
}

/**
 * A trace: nodes in the order in which they were called, which is the order in which they run. Shapes are known,
 * numbers are not. Differentiation appends to the same trace (gradients.ts); a plan gives it memory (plan.ts).
 */
export interface Graph {
  readonly nodes: Node[];
  readonly inputs: Tensor[];
  /** What `checkpoint` marked. */
  readonly segments: Segment[];
  /** The nodes by which `gradients` differentiated each node. */
  readonly backward: Map<Node, readonly Node[]>;

  /** A tensor that the caller fills before each run. */
  input(shape: Shape, dtype?: DataType): Tensor;

  /**
   * A tensor with values known now: one for each element, row-major. The array is read when a program is made.
   *
   * @param data Float32Array for f32, Uint32Array for u32
   * @throws KernelError `data-type` for another kind of array, `shape` for another number of values
   */
  constant(data: TensorData, shape: Shape): Tensor;

  /** The tensor that stands for a slot of an arena: a parameter, a gradient, a state. */
  variable(slot: Slot): Tensor;

  /** The tensors that stand for all slots of an arena, in their order. */
  variables(arena: Arena): Tensor[];

  /** A whole arena as one flat tensor, gaps included (they are zero). */
  flat(arena: Arena): Tensor;

  /**
   * Marks what `trace` appends as a segment that a backward pass computes again from its inputs, instead of keeping the
   * values in between ("gradient checkpointing", Chen et al., arXiv 1604.06174). The same numbers for less memory and
   * more time, dropout included; the last bit may differ where elementwise work is fused with other neighbours.
   *
   * @returns what `trace` returns
   */
  checkpoint<Result>(trace: () => Result): Result;

  /** Appends an operation and returns its outputs. */
  apply<Attributes>(
    operation: Operation<Attributes>,
    inputs: readonly Tensor[],
    attributes: Attributes,
  ): readonly Tensor[];

  /** For `gradients` only: what is applied meanwhile has this origin. */
  onBehalfOf<Result>(origin: Node, apply: () => Result): Result;

  /** For `Graph` and the planner's scratch only. */
  tensor(shape: Shape, dtype: DataType, source: Source): Tensor;
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
   * `addend` + output 0, computed in the memory of the addend where nothing else needs it: how the gradients of what is
   * used many times add up without a place for each. The node itself is then left to be dropped. Undefined where it has
   * no such form.
   */
  accumulate?(node: Node<Attributes>, addend: Tensor): Tensor | undefined;

  /** The output is the input's memory from this element on; then there are no kernels (reshape, slices of rows). */
  alias?(node: Node<Attributes>): { readonly input: number; readonly offset: number } | undefined;

  /** The slot in which output 0 has to end up; the planner computes the input there directly where it can. */
  target?(node: Node<Attributes>): Slot;

  /**
   * The random numbers that it draws: a stream of the seed which that input holds. In a graph only one operation may
   * draw from a stream of a seed, and again where it is differentiated or computed again.
   */
  draws?(attributes: Attributes): { readonly seed: number; readonly stream: number };

  /**
   * The input of u32s that number rows, classes or the like: each must be below `bound`, which `Program.write` checks.
   */
  numbers?(node: Node<Attributes>): { readonly input: number; readonly bound: number };

  /** The inputs that it changes in place: arenas or slots. It then counts as used although it may have no output. */
  readonly changesInputs?: readonly number[];
}

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

/** One launch of a kernel on tensors, in the order of its bindings. */
export interface Dispatch extends Variant {
  readonly operands: readonly Tensor[];
  readonly uniforms: readonly number[];
  /** Set where other kernels could do the same. */
  readonly choice?: Choice;
  /**
   * Set where the kernel copies whole rows of its first operand to the texture that is its second, and does nothing
   * else.
   */
  readonly copiesRows?: { readonly bytes: number; readonly count: number };
}

/** What an operation may know and ask for while it names its kernels. */
export interface KernelContext {
  /** True when the planner lets the output take over an input's memory (see `Operation.inPlace`). */
  readonly inPlace: boolean;
  /** Which input that is, for operations that name several. */
  readonly overwritten: number | undefined;
  /**
   * The pieces of a tensor of so many elements, each of which fits a binding: one for most, several for arenas of large
   * models.
   *
   * @param multiple of which each but the last has a multiple of elements; itself a multiple of SLOT_ALIGNMENT, which
   *   is the default
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

/** Neighbouring elements of a tensor. */
export interface Piece {
  readonly first: number;
  readonly elements: number;
}
