import { imageSize, TEXEL_BYTES } from '../kernels/image.ts';
import { alignUp, BINDING_ALIGNMENT } from '../trace/memory.ts';
import { storedBytes } from '../trace/shape.ts';
import { type MemoryLimits, requireBlockFits } from './limits.ts';
import type { MemoryPool } from './memory-pool.ts';
import type { Block, PlannedBuffer } from './placement.ts';

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
 *
 * @param pool whose buffers are to be used
 */
export function pack(blocks: readonly Block[], limits: MemoryLimits, pool?: MemoryPool): PlannedBuffer[] {
  const inBuffers = blocks.filter(({ slot, image }) => slot === undefined && image === undefined);
  for (const block of inBuffers) requireBlockFits(block.tensors[0], blockBytes(block), limits);
  const bySize = inBuffers.sort((a, b) => blockBytes(b) - blockBytes(a));
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
  const own = Array.from(ends, (byteLength = 0, index): PlannedBuffer => {
    return { name: `activations ${index}`, category: 'activations', byteLength };
  });
  const buffers = pool?.homes(own) ?? own;
  for (const { start, block } of packed) {
    block.place = { buffer: buffers[Math.floor(start / bufferSize)], offset: start % bufferSize };
  }
  return buffers;
}

/**
 * Gives each block that is an image a texture, the largest first: the first one that is as large in both directions and
 * in use by none at the same time, or else a texture of its own.
 *
 * @param pool whose textures are to be used
 */
export function packImages(blocks: readonly Block[], pool?: MemoryPool): PlannedBuffer[] {
  const textures: { buffer: PlannedBuffer & { texture: { width: number; height: number } }; blocks: Block[] }[] = [];
  const images = blocks.flatMap((block) => {
    const size = block.image && imageSize(block.image);
    return size === undefined ? [] : [{ block, ...size }];
  });
  for (const { block, width, height } of images.sort((a, b) => b.width * b.height - a.width * a.height)) {
    let home = textures.find(
      ({ buffer: { texture }, blocks: others }) =>
        texture.width >= width &&
        texture.height >= height &&
        others.every(({ first, last }) => last < block.first || block.last < first),
    );
    if (home === undefined) {
      const byteLength = width * height * TEXEL_BYTES;
      const name = `texture ${textures.length}`;
      home = { buffer: { name, category: 'workspace', byteLength, texture: { width, height } }, blocks: [] };
      textures.push(home);
    }
    home.blocks.push(block);
  }
  const own = textures.map(({ buffer }) => buffer);
  const buffers = pool?.homes(own) ?? own;
  for (const [index, { blocks: homed }] of textures.entries()) {
    for (const block of homed) block.place = { buffer: buffers[index], offset: 0 };
  }
  return buffers;
}

function crosses(start: number, size: number, bufferSize: number): boolean {
  return Math.floor(start / bufferSize) !== Math.floor((start + size - 1) / bufferSize);
}

function blockBytes({ elements, half }: Block): number {
  return storedBytes(elements, half);
}
