import { KernelError } from './errors.ts';
import type { Graph, Node } from './graph.ts';
import type { Dispatch } from './kernel.ts';
import {
  Arena,
  alignUp,
  BINDING_ALIGNMENT,
  type BytesByCategory,
  MEMORY_CATEGORIES,
  type MemoryCategory,
  noBytes,
  type Slot,
} from './memory.ts';
import { BYTES_PER_ELEMENT, elementCount, type Tensor } from './tensor.ts';

/** Size of the buffer that all readback goes through. It belongs to the device and is counted once in every plan. */
export const STAGING_BYTES = 4 * 2 ** 20;

/** How many runs a program's history remembers. */
export const HISTORY_LENGTH = 256;

/** What a device allows; the base limits are those that every WebGPU adapter grants. */
export interface MemoryLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}
export const BASE_LIMITS: MemoryLimits = { maxBufferSize: 256 * 2 ** 20, maxStorageBufferBindingSize: 128 * 2 ** 20 };

/** A buffer that the program allocates for itself. */
export interface PlannedBuffer {
  readonly name: string;
  readonly category: MemoryCategory;
  readonly byteLength: number;
}

/** Where a tensor lives. */
export interface Location {
  readonly buffer: Arena | PlannedBuffer;
  /** In bytes from the start of the buffer; a multiple of BINDING_ALIGNMENT. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

export interface PlannedDispatch extends Dispatch {
  readonly locations: readonly Location[];
  /** For each binding, whether another binding of this dispatch writes to the same buffer. */
  readonly shared: readonly boolean[];
}

/** A program on paper: what runs, where everything lives, and how much memory that takes, to the byte. */
export interface Plan {
  readonly graph: Graph;
  readonly dispatches: readonly PlannedDispatch[];
  /** Arenas used, which outlive the program. */
  readonly arenas: readonly Arena[];
  /** Buffers that live and die with the program, `uniforms` and `history` included. */
  readonly buffers: readonly PlannedBuffer[];
  readonly uniforms: PlannedBuffer | undefined;
  readonly history: PlannedBuffer | undefined;
  readonly historyTensors: readonly Tensor[];
  readonly byCategory: BytesByCategory;
  readonly peakBytes: number;
  /** @throws KernelError for a tensor that no longer exists when the program ends */
  location(tensor: Tensor): Location;
}

export interface PlanOptions {
  /** Tensors that can be read after a run. */
  readonly outputs?: readonly Tensor[];
  /** Scalars whose values of the last HISTORY_LENGTH runs are remembered, so that no run has to be read back. */
  readonly history?: readonly Tensor[];
  readonly limits?: MemoryLimits;
}

/**
 * Gives a trace its memory: unused nodes are dropped, views share the memory of what they view, operations that may
 * overwrite an input do so where nothing else needs it, values that end in a slot are computed there, and the rest is
 * packed by lifetime into few buffers. Needs no device.
 *
 * @throws KernelError `limit` if a tensor is larger than a binding may be
 */
export function plan(graph: Graph, options: PlanOptions = {}): Plan {
  const limits = options.limits ?? BASE_LIMITS;
  const historyTensors = options.history ?? [];
  const kept = [...(options.outputs ?? []), ...historyTensors];
  const nodes = usedNodes(graph, kept);
  const sharing = new Sharing(graph, nodes, kept);
  const dispatches = nodes.flatMap((node, index) => sharing.visit(node, index));
  const activations = pack(sharing.blocks, limits);

  const location = (tensor: Tensor): Location => {
    const size = elementCount(tensor.shape) * BYTES_PER_ELEMENT;
    const slot = sharing.slot(tensor);
    if (slot !== undefined) return { buffer: slot.arena, offset: slot.offset * BYTES_PER_ELEMENT, size };
    const view = sharing.view(tensor);
    const place = view?.block.place;
    if (view === undefined || place === undefined) {
      throw new KernelError('closed', 'The tensor is not part of the program: name it among the outputs of the plan.');
    }
    return { buffer: place.buffer, offset: place.offset + view.offset * BYTES_PER_ELEMENT, size };
  };
  const planned = dispatches.map((dispatch) => locate(dispatch, location, limits));

  const arenas = [...new Set(planned.flatMap(({ locations }) => locations.map(({ buffer }) => buffer)))].filter(
    (buffer): buffer is Arena => buffer instanceof Arena && buffer !== sharing.inputs,
  );
  const uniformCount = dispatches.filter(({ kernel }) => kernel.uniforms.length > 0).length;
  const workspace = (name: string, byteLength: number): PlannedBuffer | undefined =>
    byteLength > 0 ? { name, category: 'workspace', byteLength } : undefined;
  const uniforms = workspace('uniforms', uniformCount * BINDING_ALIGNMENT);
  const history = workspace('history', historyTensors.length * HISTORY_LENGTH * BYTES_PER_ELEMENT);
  const inputs = sharing.inputs.byteLength > 0 ? sharing.inputs : undefined;
  const buffers = [...activations, inputs, uniforms, history].filter((buffer) => buffer !== undefined);

  const byCategory = noBytes();
  for (const { category, byteLength } of [...arenas, ...buffers]) byCategory[category] += byteLength;
  byCategory.staging = STAGING_BYTES;
  const peakBytes = MEMORY_CATEGORIES.reduce((total, category) => total + byCategory[category], 0);
  return {
    graph,
    dispatches: planned,
    arenas,
    buffers,
    uniforms,
    history,
    historyTensors,
    byCategory,
    peakBytes,
    location,
  };
}

/** Memory of programs that are on one device at the same time: shared arenas and the staging buffer count once. */
export function totalMemory(plans: readonly Plan[]): BytesByCategory {
  const total = noBytes();
  const shared = new Set(plans.flatMap(({ arenas }) => arenas));
  for (const { category, byteLength } of [...shared, ...plans.flatMap(({ buffers }) => buffers)]) {
    total[category] += byteLength;
  }
  total.staging = STAGING_BYTES;
  return total;
}

/** The nodes that something kept or some effect depends on, in the order of the trace. */
function usedNodes(graph: Graph, kept: readonly Tensor[]): Node[] {
  const used = new Set(kept);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    const { target, changesInputs } = node.operation;
    const needed = target !== undefined || changesInputs === true || node.outputs.some((output) => used.has(output));
    if (!needed) continue;
    for (const input of node.inputs) used.add(input);
    nodes.push(node);
  }
  return nodes.reverse();
}

/** A piece of activation memory: the tensors that share it, and the nodes between which it is in use. */
interface Block {
  readonly elements: number;
  readonly tensors: Tensor[];
  readonly first: number;
  last: number;
  /** Set once the block's value is to be computed in a slot. */
  slot: Slot | undefined;
  /** Set by `pack`. */
  place: { buffer: PlannedBuffer; offset: number } | undefined;
}

/** Decides, node by node, which tensors share memory, and asks each node for its kernels accordingly. */
class Sharing {
  readonly blocks: Block[] = [];
  readonly inputs = new Arena('inputs', 'workspace');
  readonly #graph: Graph;
  readonly #nodes: readonly Node[];
  readonly #lastUse = new Map<Tensor, number>();
  readonly #views = new Map<Tensor, { block: Block; offset: number }>();
  readonly #slots = new Map<Tensor, Slot>();

  constructor(graph: Graph, nodes: readonly Node[], kept: readonly Tensor[]) {
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

  visit(node: Node, index: number): readonly Dispatch[] {
    const { operation, outputs } = node;
    const alias = operation.alias?.(node);
    const inPlace = this.#stores(node, index) || this.#mayOverwrite(node, index);
    for (const [output, tensor] of outputs.entries()) {
      if (operation.target !== undefined) this.#slots.set(tensor, operation.target(node));
      else if (alias !== undefined) this.#share(tensor, node.inputs[alias.input], alias.offset);
      else if (inPlace && output === operation.inPlace?.output)
        this.#share(tensor, node.inputs[operation.inPlace.input], 0);
      else this.#allocate(tensor, index);
    }
    const scratch = (shape: Tensor['shape'], dtype: Tensor['dtype'] = 'f32') => {
      const tensor = this.#graph.tensor(shape, dtype, { kind: 'node', node, output: -1 });
      this.#allocate(tensor, index);
      return tensor;
    };
    return alias === undefined ? operation.kernels(node, { inPlace, scratch }) : [];
  }

  #allocate(tensor: Tensor, index: number): void {
    const block: Block = {
      elements: elementCount(tensor.shape),
      tensors: [],
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
    else if (slot !== undefined) this.#slots.set(tensor, { ...slot, offset: slot.offset + offset });
  }

  #join(tensor: Tensor, block: Block, offset: number): void {
    block.tensors.push(tensor);
    block.last = Math.max(block.last, this.#lastUse.get(tensor) ?? 0);
    this.#views.set(tensor, { block, offset });
  }

  /** An output may take over an input's memory if it fills it, and if this node is the only and last to need it. */
  #mayOverwrite(node: Node, index: number): boolean {
    const rule = node.operation.inPlace;
    if (rule === undefined) return false;
    const block = this.#views.get(node.inputs[rule.input])?.block;
    if (block === undefined || block.slot !== undefined || block.last > index) return false;
    if (block.elements !== elementCount(node.outputs[rule.output].shape)) return false;
    return node.inputs.filter((input) => this.#views.get(input)?.block === block).length === 1;
  }

  /** Moves a stored value's block into its slot, unless the slot's old value is still read while the block is in use. */
  #stores(node: Node, index: number): boolean {
    const slot = node.operation.target?.(node);
    const view = this.#views.get(node.inputs[0]);
    if (slot === undefined || view === undefined) return false;
    const { block } = view;
    if (view.offset !== 0 || block.slot !== undefined || block.last > index) return false;
    if (block.elements !== elementCount(slot.shape)) return false;
    const readers = this.#nodes.slice(block.first, index);
    if (readers.some((reader) => reader.inputs.some((input) => overlaps(this.slot(input), slot)))) return false;
    block.slot = slot;
    return true;
  }
}

function overlaps(a: Slot | undefined, b: Slot): boolean {
  if (a?.arena !== b.arena) return false;
  return a.offset < b.offset + elementCount(b.shape) && b.offset < a.offset + elementCount(a.shape);
}

/**
 * Packs blocks into buffers: the largest first, each at the lowest place that no block alive at the same time holds
 * ("greedy by size", Pisarchyk and Lee, arXiv 2001.03288). A block never crosses the end of a buffer.
 */
function pack(blocks: readonly Block[], limits: MemoryLimits): PlannedBuffer[] {
  const packed: { start: number; end: number; block: Block }[] = [];
  const bySize = blocks.filter(({ slot }) => slot === undefined).sort((a, b) => b.elements - a.elements);
  const bufferSize = limits.maxBufferSize;
  const ends: number[] = [];
  for (const block of bySize) {
    const size = alignUp(block.elements * BYTES_PER_ELEMENT, BINDING_ALIGNMENT);
    const neighbours = packed.filter((other) => other.block.first <= block.last && block.first <= other.block.last);
    let start = 0;
    for (const other of neighbours) {
      if (start + size <= other.start && !crosses(start, size, bufferSize)) break;
      start = Math.max(start, other.end);
      if (crosses(start, size, bufferSize)) start = alignUp(start, bufferSize);
    }
    const index = packed.findIndex((other) => other.start > start);
    packed.splice(index < 0 ? packed.length : index, 0, { start, end: start + size, block });
    const buffer = Math.floor(start / bufferSize);
    ends[buffer] = Math.max(ends[buffer] ?? 0, (start % bufferSize) + size);
  }
  const buffers = Array.from(ends, (byteLength = 0, index): PlannedBuffer => {
    return { name: `activations ${index}`, category: 'activations', byteLength };
  });
  for (const { start, block } of packed) {
    block.place = { buffer: buffers[Math.floor(start / bufferSize)], offset: start % bufferSize };
  }
  return buffers;
}

function crosses(start: number, size: number, bufferSize: number): boolean {
  return Math.floor(start / bufferSize) !== Math.floor((start + size - 1) / bufferSize);
}

function locate(dispatch: Dispatch, location: (tensor: Tensor) => Location, limits: MemoryLimits): PlannedDispatch {
  const locations = dispatch.operands.map(location);
  const { bindings, label } = dispatch.kernel;
  for (const { size } of locations) {
    if (size > limits.maxStorageBufferBindingSize) {
      const most = limits.maxStorageBufferBindingSize;
      throw new KernelError(
        'limit',
        `${label}: a tensor of ${size} bytes exceeds the device's ${most} a binding; use a smaller batch.`,
      );
    }
  }
  const shared = locations.map(({ buffer }, index) =>
    locations.some((other, at) => at !== index && other.buffer === buffer && bindings[at].access !== 'read'),
  );
  return { ...dispatch, locations, shared };
}
