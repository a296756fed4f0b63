import { copy } from '../kernels/copy.ts';
import { copyToImage } from '../kernels/copy-to-image.ts';
import { type ImageLayout, type ImagePlace, imageLayout, imageSize, type TextureSupport } from '../kernels/image.ts';
import { piecesOf } from '../kernels/pieces.ts';
import { Arena, BINDING_ALIGNMENT, overlaps, type Slot } from '../trace/memory.ts';
import { changedInputs } from '../trace/operation.ts';
import { elementCount, storedBytes } from '../trace/shape.ts';
import type { Dispatch, Graph, InPlace, KernelContext, Node, Piece, Tensor } from '../trace/trace.ts';
import { isKeptActivation } from './half.ts';
import { type Home, ImageCopies } from './image-copies.ts';
import type { MemoryLimits } from './limits.ts';
import type { Block } from './placement.ts';

/** What a node does with the slots of one arena. */
interface ArenaUse {
  readonly index: number;
  readonly written: Slot[];
  readonly read: Slot[];
}

/** Decides, node by node, which tensors share memory, and asks each node for its kernels accordingly. */
export class Sharing {
  readonly blocks: Block[] = [];
  readonly inputs = new Arena('inputs', 'workspace');
  readonly #graph: Graph;
  readonly #nodes: readonly Node[];
  readonly #textures: TextureSupport | undefined;
  readonly #bindingBytes: number;
  readonly #half: { readonly activations: boolean; readonly tensors: readonly Tensor[] };
  readonly #lastUse = new Map<Tensor, number>();
  readonly #views = new Map<Tensor, { block: Block; offset: number }>();
  readonly #slots = new Map<Tensor, Slot>();
  /**
   * The nodes that stored values into slots, which others may store over. Variables and inputs are what is there at any
   * time.
   */
  readonly #stored = new Map<Tensor, number>();
  readonly #copies = new ImageCopies();
  /** Those in which kernels sum: each sum would be rounded to 16 bits with every term. */
  readonly #summed = new Set<Block>();
  /** In the order of the nodes visited so far. */
  readonly #uses = new Map<Arena, ArenaUse[]>();

  /**
   * @param half stored in 16 bits: what is kept for the backward pass, and these tensors
   * @param limits of bindings; with `textures` where kernels may read from those
   */
  constructor(
    graph: Graph,
    nodes: readonly Node[],
    kept: readonly Tensor[],
    half: { readonly activations: boolean; readonly tensors: readonly Tensor[] },
    { textures, maxStorageBufferBindingSize }: MemoryLimits,
  ) {
    this.#bindingBytes = maxStorageBufferBindingSize;
    this.#half = half;
    this.#textures = textures;
    this.#graph = graph;
    this.#nodes = nodes;
    for (const [index, node] of nodes.entries()) for (const input of node.inputs) this.#lastUse.set(input, index);
    for (const tensor of kept) this.#lastUse.set(tensor, nodes.length);
    for (const [index, tensor] of graph.inputs.entries()) {
      this.#slots.set(tensor, this.inputs.add(`input ${index}`, tensor.shape));
    }
  }

  /** The place of a tensor in an arena, if it has one. */
  slot(tensor: Tensor): Slot | undefined {
    if (tensor.source.kind === 'slot') return tensor.source.slot;
    const view = this.#views.get(tensor);
    if (view?.block.slot !== undefined) return { ...view.block.slot, offset: view.block.slot.offset + view.offset };
    return this.#slots.get(tensor);
  }

  view(tensor: Tensor): { block: Block; offset: number } | undefined {
    return this.#views.get(tensor);
  }

  /** Why a tensor that has its place cannot be read there once the program has run; undefined if it can. */
  loss(tensor: Tensor): string | undefined {
    const view = this.#views.get(tensor);
    const block = view?.block;
    const stored = block?.slot === undefined ? this.#stored.get(tensor) : block.last;
    if (block !== undefined) {
      const isThere = block.tensors.indexOf(tensor) >= block.current;
      const isKept = block.slot !== undefined || block.last >= this.#nodes.length;
      if (!isThere || !isKept)
        return 'its memory is used again before the program ends: name it among the outputs of the plan';
    }
    const slot = stored === undefined ? undefined : this.slot(tensor);
    if (stored === undefined || slot === undefined) return undefined;
    const part = { ...slot, shape: tensor.shape };
    const overwrites = ({ index, written }: ArenaUse) => index > stored && written.some((one) => overlaps(one, part));
    if (!this.#uses.get(slot.arena)?.some(overwrites)) return undefined;
    const what = `slot ${slot.name} of ${slot.arena.name} is written again before the program ends`;
    return `${what}: name a copy of the tensor, such as scale(x, 1), among the outputs of the plan`;
  }

  visit(node: Node, index: number): readonly Dispatch[] {
    const { operation, outputs } = node;
    const alias = operation.alias?.(node);
    const stored = this.#stores(node, index);
    this.#note(node, index);
    const overwrite = stored ? undefined : this.#overwrite(node, index);
    for (const [output, tensor] of outputs.entries()) {
      if (operation.target !== undefined) this.#store(tensor, operation.target(node), index);
      else if (alias !== undefined) this.#share(tensor, node.inputs[alias.input], alias.offset);
      else if (output === overwrite?.output) this.#takeOver(tensor, node.inputs[overwrite.input]);
      else this.#allocate(tensor, index);
    }
    const scratch = (shape: Tensor['shape'], dtype: Tensor['dtype'] = 'f32', image?: ImagePlace) => {
      const tensor = this.#graph.tensor(shape, dtype, { kind: 'node', node, output: -1 });
      this.#allocate(tensor, index, image);
      return tensor;
    };
    if (alias !== undefined) return [];
    const copies: Dispatch[] = [];
    const context: KernelContext = {
      inPlace: stored || overwrite !== undefined,
      overwritten: overwrite?.input,
      pieces: (elements, multiple) => piecesOf(elements, this.#bindingBytes, multiple),
      part: (tensor, piece) => this.#part(tensor, piece),
      scratch,
      scratchImage: (layout) => {
        const place = this.#imagePlace(layout);
        return place && scratch([layout.lines, 4 * layout.columns], 'f32', place);
      },
      image: (tensor, matrices) => {
        const home = this.#home(tensor);
        const known = this.#copies.find(home, matrices, index);
        if (known !== undefined) return this.#keep(known, index);
        const place = this.#imagePlace(
          imageLayout(matrices, elementCount(tensor.shape) / (matrices.lines * matrices.row)),
        );
        if (place === undefined) return undefined;
        const image = scratch([place.layout.lines, 4 * place.layout.columns], 'f32', place);
        copies.push(copyToImage(tensor, image, matrices));
        this.#copies.add(home, matrices, image, index);
        return image;
      },
    };
    const dispatches = operation.kernels(node, context).flatMap((dispatch) => this.#separate(dispatch, scratch));
    if (!context.inPlace) this.#noteSums(dispatches);
    this.#forgetCopies(node, overwrite);
    return [...copies, ...dispatches];
  }

  #part(tensor: Tensor, { first, elements }: Piece): Tensor {
    if (elements === elementCount(tensor.shape)) return tensor;
    const { graph, dtype, source } = tensor;
    const { slot } = source.kind === 'slot' ? source : {};
    if (slot !== undefined) {
      const piece = { ...slot, shape: [elements], offset: slot.offset + first };
      return graph.tensor(piece.shape, dtype, { kind: 'slot', slot: piece });
    }
    const part = graph.tensor([elements], dtype, source);
    this.#share(part, tensor, first);
    return part;
  }

  #imagePlace(layout: ImageLayout): ImagePlace | undefined {
    const place = this.#textures && { layout, support: this.#textures };
    return place !== undefined && imageSize(place) !== undefined ? place : undefined;
  }

  #home(tensor: Tensor): Home {
    const view = this.#views.get(tensor);
    const slot = this.slot(tensor);
    const start = view?.offset ?? slot?.offset ?? 0;
    return { of: view?.block ?? slot?.arena ?? tensor, start, end: start + elementCount(tensor.shape) };
  }

  /** Lets the memory of a tensor live until a node. */
  #keep(tensor: Tensor, index: number): Tensor {
    const block = this.#views.get(tensor)?.block;
    if (block !== undefined) block.last = Math.max(block.last, index);
    return tensor;
  }

  /** What a node writes to is no longer what was copied. */
  #forgetCopies(node: Node, overwrite: InPlace | undefined): void {
    const { operation, outputs } = node;
    const written: Tensor[] = overwrite === undefined ? [] : [outputs[overwrite.output]];
    if (operation.target !== undefined) written.push(...outputs);
    for (const tensor of [...written, ...changedInputs(node)]) this.#copies.forget(this.#home(tensor));
  }

  /**
   * Inputs that overlap in activation memory (a tensor times itself, two overlapping slices) are separated by a copy:
   * the output usually lies in the same buffer, where WebGPU counts every binding as writable and lets none overlap.
   */
  #separate(dispatch: Dispatch, scratch: (shape: Tensor['shape'], dtype: Tensor['dtype']) => Tensor): Dispatch[] {
    const copies: Dispatch[] = [];
    const operands = [...dispatch.operands];
    for (const [index, operand] of operands.entries()) {
      const isRead = dispatch.kernel.bindings[index].access === 'read';
      if (!isRead || !operands.slice(0, index).some((earlier) => this.#overlap(earlier, operand))) continue;
      operands[index] = scratch(operand.shape, operand.dtype);
      copies.push(copy(operand, operands[index]));
    }
    return [...copies, { ...dispatch, operands }];
  }

  /** Once every node was visited: which blocks are stored in 16 bits. Views must begin where a binding may. */
  decideStorage(): void {
    for (const block of this.blocks) {
      const starts = block.tensors.map((tensor) => storedBytes(this.#views.get(tensor)?.offset ?? 0, true));
      block.half = this.#isHalf(block) && starts.every((start) => start % BINDING_ALIGNMENT === 0);
    }
  }

  #isHalf(block: Block): boolean {
    if (block.image !== undefined || this.#summed.has(block)) return false;
    const { activations, tensors } = this.#half;
    return tensors.includes(block.tensors[0]) || (activations && isKeptActivation(block, this.#nodes));
  }

  /** What a kernel reads and writes although it takes over no input's memory. */
  #noteSums(dispatches: readonly Dispatch[]): void {
    for (const { kernel, operands } of dispatches) {
      for (const [index, operand] of operands.entries()) {
        const block = this.#views.get(operand)?.block;
        if (block !== undefined && kernel.bindings[index].access === 'read_write') this.#summed.add(block);
      }
    }
  }

  #overlap(a: Tensor, b: Tensor): boolean {
    const [viewA, viewB] = [this.#views.get(a), this.#views.get(b)];
    // A texture may be read by two bindings.
    if (viewA === undefined || viewA.block !== viewB?.block || viewA.block.image !== undefined) return false;
    const [startA, startB] = [viewA.offset, viewB.offset];
    return startA < startB + elementCount(b.shape) && startB < startA + elementCount(a.shape);
  }

  #allocate(tensor: Tensor, index: number, image?: ImagePlace): void {
    const block: Block = {
      elements: elementCount(tensor.shape),
      half: false,
      image,
      tensors: [],
      current: 0,
      first: index,
      last: index,
      slot: undefined,
      place: undefined,
    };
    this.blocks.push(block);
    this.#join(tensor, block, 0);
  }

  #share(tensor: Tensor, source: Tensor, offset: number): void {
    const view = this.#views.get(source);
    const slot = this.slot(source);
    if (view !== undefined) this.#join(tensor, view.block, view.offset + offset);
    else if (slot !== undefined) {
      const part = { ...slot, shape: tensor.shape, offset: slot.offset + offset };
      this.#store(tensor, part, this.#stored.get(source));
    }
  }

  /** @param index the node that put the value there; undefined for views of what a slot or input holds at any time */
  #store(tensor: Tensor, slot: Slot, index: number | undefined): void {
    this.#slots.set(tensor, slot);
    if (index !== undefined) this.#stored.set(tensor, index);
  }

  /** Puts a result over an input that fills its block. */
  #takeOver(tensor: Tensor, input: Tensor): void {
    const block = this.#views.get(input)?.block;
    if (block !== undefined) block.current = block.tensors.length;
    this.#share(tensor, input, 0);
  }

  #join(tensor: Tensor, block: Block, offset: number): void {
    block.tensors.push(tensor);
    block.last = Math.max(block.last, this.#lastUse.get(tensor) ?? 0);
    this.#views.set(tensor, { block, offset });
  }

  /** An output may take over an input's memory if it fills it, and if this node is the only and last to need it. */
  #overwrite(node: Node, index: number): InPlace | undefined {
    return node.operation.inPlace?.(node).find(({ input, output }) => {
      const block = this.#views.get(node.inputs[input])?.block;
      if (block === undefined || block.slot !== undefined || block.last > index) return false;
      if (block.elements !== elementCount(node.outputs[output].shape)) return false;
      if (this.#isHalf(block)) return false;
      return node.inputs.filter((other) => this.#views.get(other)?.block === block).length === 1;
    });
  }

  /**
   * Moves a stored value's block into its slot, so that it is computed there; or finds it there already. Not where the
   * slot is still in use while the block is: its old value is read, or another value stored. Nor where a node reads
   * overlapping parts of the slot's arena, which it may only while it writes to another buffer.
   */
  #stores(node: Node, index: number): boolean {
    const slot = node.operation.target?.(node);
    if (slot === undefined) return false;
    const current = this.slot(node.inputs[0]);
    if (current !== undefined && current.arena === slot.arena && current.offset === slot.offset) return true;
    const view = this.#views.get(node.inputs[0]);
    if (view === undefined) return false;
    const { block } = view;
    if (view.offset !== 0 || block.slot !== undefined || block.last > index) return false;
    if (block.elements !== elementCount(slot.shape)) return false;
    const uses = this.#uses.get(slot.arena) ?? [];
    for (let at = uses.length - 1; at >= 0 && uses[at].index >= block.first; at--) {
      const { written, read } = uses[at];
      if ([...written, ...read].some((used) => overlaps(used, slot))) return false;
      if (read.some((one, place) => read.slice(0, place).some((other) => overlaps(one, other)))) return false;
    }
    block.slot = slot;
    return true;
  }

  /**
   * Notes which slots a node uses. Blocks that move into a slot later need not be noted: until then none may overlap
   * it.
   */
  #note(node: Node, index: number): void {
    for (const input of node.inputs) {
      const slot = this.slot(input);
      if (slot !== undefined) this.#useOf(slot.arena, index).read.push(slot);
    }
    const target = node.operation.target?.(node);
    for (const slot of [target, ...changedInputs(node).map((input) => this.slot(input))]) {
      if (slot !== undefined) this.#useOf(slot.arena, index).written.push(slot);
    }
  }

  #useOf(arena: Arena, index: number): ArenaUse {
    const uses = this.#uses.get(arena) ?? [];
    this.#uses.set(arena, uses);
    if (uses.at(-1)?.index !== index) uses.push({ index, written: [], read: [] });
    return uses[uses.length - 1];
  }
}
