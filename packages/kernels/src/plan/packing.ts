import { alignUp, BINDING_ALIGNMENT, type MemoryCategory, type Slot } from '../trace/memory.ts';
import { storedBytes, type Tensor } from '../trace/tensor.ts';
import { requireValueFits } from './limits.ts';

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

/** A piece of activation memory: the tensors that share it, and the nodes between which it is in use. */
export interface Block {
  readonly elements: number;
  /** Whether the elements are stored in 16 bits; decided once all is known that shares the block. */
  half: boolean;
  readonly tensors: Tensor[];
  readonly first: number;
  last: number;
  /** Set once the block's value is to be computed in a slot. */
  slot: Slot | undefined;
  /** Set by `pack`. */
  place: { buffer: PlannedBuffer; offset: number } | undefined;
}

/** A block that has its place, counted in bytes over all buffers one after another. */
interface PackedBlock {
  readonly start: number;
  readonly end: number;
  readonly block: Block;
}

/** Nodes of a stretch: packing looks for neighbours in the stretches of a block's life instead of among all blocks. */
const STRETCH = 64;

/**
 * Packs blocks into buffers: the largest first, each at the lowest place that no block alive at the same time holds
 * ("greedy by size", Pisarchyk and Lee, arXiv 2001.03288). A block never crosses the end of a buffer.
 */
export function pack(blocks: readonly Block[], limits: MemoryLimits): PlannedBuffer[] {
  for (const block of blocks) requireValueFits(block.tensors[0], blockBytes(block), limits);
  const bySize = blocks.filter(({ slot }) => slot === undefined).sort((a, b) => blockBytes(b) - blockBytes(a));
  const packed: PackedBlock[] = [];
  const stretches: PackedBlock[][] = [];
  const bufferSize = limits.maxBufferSize;
  const ends: number[] = [];
  for (const block of bySize) {
    const size = alignUp(blockBytes(block), BINDING_ALIGNMENT);
    const [first, last] = [block.first, block.last].map((node) => Math.floor(node / STRETCH));
    const near = new Set(stretches.slice(first, last + 1).flat());
    const neighbours = [...near].filter((other) => other.block.first <= block.last && block.first <= other.block.last);
    let start = 0;
    for (const other of neighbours.sort((a, b) => a.start - b.start)) {
      if (start + size <= other.start && !crosses(start, size, bufferSize)) break;
      start = Math.max(start, other.end);
      if (crosses(start, size, bufferSize)) start = alignUp(start, bufferSize);
    }
    const placed = { start, end: start + size, block };
    packed.push(placed);
    for (let stretch = first; stretch <= last; stretch++) {
      stretches[stretch] ??= [];
      stretches[stretch].push(placed);
    }
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

function blockBytes({ elements, half }: Block): number {
  return storedBytes(elements, half);
}
