import { KernelError } from '../errors.ts';
import { foldGrids } from '../kernels/fold.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { describeNode, describeTensor } from '../trace/describe.ts';
import { Arena, BINDING_ALIGNMENT, type BytesByCategory, noBytes, STAGING_BYTES, totalBytes } from '../trace/memory.ts';
import { BYTES_PER_ELEMENT, elementCount, storedBytes } from '../trace/shape.ts';
import type { Dispatch, Graph, Node, Tensor } from '../trace/trace.ts';
import { fuse } from './fusion.ts';
import { type HalfPrecision, withHalfWeights } from './half.ts';
import { BASE_LIMITS, type MemoryLimits, requireBufferFits, requireDispatchFits } from './limits.ts';
import type { MemoryPool } from './memory-pool.ts';
import { pack, packImages } from './packing.ts';
import type { Block, Location, PlannedBuffer, PlannedDispatch } from './placement.ts';
import { Sharing } from './sharing.ts';

/** How many runs a program's history remembers. */
export const HISTORY_LENGTH = 256;

/** A program on paper: what runs, where everything lives, and how much memory that takes, to the byte. */
export interface Plan {
  readonly graph: Graph;
  /** Those it was made for. */
  readonly limits: MemoryLimits;
  /** What runs: the nodes of the graph that something kept or some effect depends on. */
  readonly nodes: readonly Node[];
  /** The pieces of activation memory; lifetimes count in `nodes`. */
  readonly blocks: readonly Block[];
  readonly dispatches: readonly PlannedDispatch[];
  /** Arenas used, which outlive the program. */
  readonly arenas: readonly Arena[];
  /** Buffers that live and die with the program, or the last one of its pool; `uniforms` and `history` included. */
  readonly buffers: readonly PlannedBuffer[];
  readonly uniforms: PlannedBuffer | undefined;
  /** Byte offset in `uniforms` of each content, by `uniformKey`: dispatches with equal numbers share a place. */
  readonly uniformPlaces: ReadonlyMap<string, number>;
  readonly history: PlannedBuffer | undefined;
  readonly historyTensors: readonly Tensor[];
  readonly byCategory: BytesByCategory;
  readonly peakBytes: number;
  /**
   * Where a tensor is when the program ends.
   *
   * @throws KernelError `closed` for a tensor that no longer exists then
   */
  location(tensor: Tensor): Location;
  /**
   * Where a tensor is while nodes need it; afterwards others may be there.
   *
   * @throws KernelError `closed` for a tensor that the program does without
   */
  locationInRun(tensor: Tensor): Location;
}

/** What a plan is to keep, and within which limits. */
export interface PlanOptions {
  /** Tensors that can be read after a run. */
  readonly outputs?: readonly Tensor[];
  /** Scalars whose values of the last HISTORY_LENGTH runs are remembered, so that no run has to be read back. */
  readonly history?: readonly Tensor[];
  readonly limits?: MemoryLimits;
  /** Memory that other programs use in turn with this one's; its own if left out. */
  readonly pool?: MemoryPool | undefined;
  /** What is stored in 16 bits; nothing if left out. The device must have the feature `shader-f16`. */
  readonly half?: HalfPrecision | undefined;
}

/**
 * Gives a trace its memory: unused nodes are dropped, neighbouring elementwise nodes become one, views share the memory
 * of what they view, operations that may overwrite an input do so where nothing else needs it, values that end in a
 * slot are computed there, and the rest is packed by lifetime into few buffers. Needs no device.
 *
 * @throws KernelError `limit` if a tensor is larger than a binding, or an arena than a buffer may be
 */
export function plan(graph: Graph, options: PlanOptions = {}): Plan {
  const limits = options.limits ?? BASE_LIMITS;
  const historyTensors = options.history ?? [];
  const kept = [...(options.outputs ?? []), ...historyTensors];
  requireShape(
    kept.every((tensor) => tensor.graph === graph),
    'plan',
    'outputs and history must belong to the graph',
    ...kept,
  );
  for (const tensor of historyTensors) {
    requireType(tensor, 'f32', 'plan', 'history');
    requireShape(elementCount(tensor.shape) === 1, 'plan', 'history takes scalars', tensor);
  }
  const { activations = false, weights = false } = options.half ?? {};
  const fused = fuse(usedNodes(graph, kept), kept);
  const { nodes, copies } = weights ? withHalfWeights(graph, fused, limits) : { nodes: fused, copies: [] };
  const sharing = new Sharing(graph, nodes, kept, { activations, tensors: copies }, limits);
  const dispatches = nodes.flatMap((node, index) =>
    sharing.visit(node, index).map((dispatch) => ({ ...foldGrids(dispatch), node })),
  );
  sharing.decideStorage();
  const { pool } = options;
  const activationBuffers = [...pack(sharing.blocks, limits, pool), ...packImages(sharing.blocks, pool)];

  const locationInRun = (tensor: Tensor): Location => {
    const elements = elementCount(tensor.shape);
    const slot = sharing.slot(tensor);
    if (slot !== undefined) {
      const size = elements * BYTES_PER_ELEMENT;
      return { buffer: slot.arena, offset: slot.offset * BYTES_PER_ELEMENT, size, half: false };
    }
    const view = sharing.view(tensor);
    const place = view?.block.place;
    if (view === undefined || place === undefined) {
      const why = tensor.graph === graph ? 'name it among the outputs of the plan' : 'it belongs to another graph';
      throw new KernelError('closed', `${describeTensor(tensor)}: the tensor is not part of the program: ${why}.`);
    }
    const { half, image } = view.block;
    if (image !== undefined) return { ...place, size: place.buffer.byteLength, half, image };
    const offset = place.offset + storedBytes(view.offset, half);
    return { buffer: place.buffer, offset, size: storedBytes(elements, half), half };
  };
  const location = (tensor: Tensor): Location => {
    const place = locationInRun(tensor);
    const loss = sharing.loss(tensor);
    if (loss === undefined) return place;
    throw new KernelError('closed', `${describeTensor(tensor)}: ${loss}.`);
  };
  const planned = dispatches.map((dispatch) => locate(dispatch, locationInRun));
  for (const tensor of historyTensors) location(tensor);

  const arenas = [...new Set(planned.flatMap(({ locations }) => locations.map(({ buffer }) => buffer)))].filter(
    (buffer): buffer is Arena => buffer instanceof Arena && buffer !== sharing.inputs,
  );
  const uniformPlaces = placesOfUniforms(dispatches);
  const workspace = (name: string, byteLength: number): PlannedBuffer | undefined =>
    byteLength > 0 ? { name, category: 'workspace', byteLength } : undefined;
  const uniforms = workspace('uniforms', uniformPlaces.size * BINDING_ALIGNMENT);
  const history = workspace('history', historyTensors.length * HISTORY_LENGTH * BYTES_PER_ELEMENT);
  const inputs = sharing.inputs.byteLength > 0 ? sharing.inputs : undefined;
  const buffers = [...activationBuffers, inputs, uniforms, history].filter((buffer) => buffer !== undefined);

  for (const dispatch of planned) requireDispatchFits(dispatch, limits);
  for (const buffer of [...arenas, ...buffers]) requireBufferFits(buffer, limits);

  const byCategory = noBytes();
  for (const { category, byteLength } of [...arenas, ...buffers]) byCategory[category] += byteLength;
  byCategory.staging = STAGING_BYTES;
  const peakBytes = totalBytes(byCategory);
  return {
    graph,
    limits,
    nodes,
    blocks: sharing.blocks,
    dispatches: planned,
    arenas,
    buffers,
    uniforms,
    uniformPlaces,
    history,
    historyTensors,
    byCategory,
    peakBytes,
    location,
    locationInRun,
  };
}

/** What distinguishes one dispatch's uniforms from another's. */
export const uniformKey = ({ uniforms }: Pick<Dispatch, 'uniforms'>): string => uniforms.join();

function placesOfUniforms(dispatches: readonly Dispatch[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const dispatch of dispatches) {
    const key = uniformKey(dispatch);
    if (dispatch.uniforms.length > 0 && !places.has(key)) places.set(key, places.size * BINDING_ALIGNMENT);
  }
  return places;
}

/**
 * Memory of programs that are on one device at the same time: shared arenas, what they have of a pool, and the staging
 * buffer count once.
 */
export function totalMemory(plans: readonly Plan[]): BytesByCategory {
  const total = noBytes();
  const buffers = plans.flatMap((each) => each.buffers);
  const shared = new Set([...plans.flatMap(({ arenas }) => arenas), ...buffers.filter(({ isPooled }) => isPooled)]);
  for (const { category, byteLength } of [...shared, ...buffers.filter(({ isPooled }) => !isPooled)]) {
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
    const needed =
      target !== undefined || changesInputs !== undefined || node.outputs.some((output) => used.has(output));
    if (!needed) continue;
    for (const input of node.inputs) used.add(input);
    nodes.push(node);
  }
  return nodes.reverse();
}

function locate(dispatch: Dispatch & { node: Node }, location: (tensor: Tensor) => Location): PlannedDispatch {
  const { node, operands, kernel } = dispatch;
  const locations = operands.map(location);
  const shared = locations.map(({ buffer }, index) =>
    locations.some((other, at) => at !== index && other.buffer === buffer && kernel.bindings[at].access !== 'read'),
  );
  for (const [index, one] of locations.entries()) {
    const clash = locations.slice(0, index).find((other) => shared[index] && overlap(one, other));
    if (clash === undefined) continue;
    const why = `two operands overlap in ${one.buffer.name}, to which kernel ${kernel.label} writes`;
    throw new KernelError('validation', `${describeNode(node)}: ${why}; pass a copy of one, such as scale(x, 1).`, {
      at: node.site,
    });
  }
  const uses = locations.map(({ half, image }, index) => ({ shared: shared[index], half, image }));
  return { ...dispatch, locations, uses };
}

function overlap(a: Location, b: Location): boolean {
  return a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}
