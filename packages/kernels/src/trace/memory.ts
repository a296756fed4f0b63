import { KernelError } from '../errors.ts';
import { BYTES_PER_ELEMENT, type DataType, elementCount, requireSizes, type Shape } from './shape.ts';

/** What memory is for. Every byte on the device is counted in exactly one category. */
export const MEMORY_CATEGORIES = [
  'parameters',
  'gradients',
  'optimiser',
  'activations',
  'workspace',
  'staging',
] as const;

/** One of `MEMORY_CATEGORIES`. */
export type MemoryCategory = (typeof MEMORY_CATEGORIES)[number];

/** Bytes of each category. */
export type BytesByCategory = Record<MemoryCategory, number>;

/**
 * Slots of arenas begin at multiples of this many elements: binding boundaries, also where they are stored in 16 bits.
 */
export const SLOT_ALIGNMENT = 128;

/** WebGPU's minStorageBufferOffsetAlignment and minUniformBufferOffsetAlignment, both 256 by default. */
export const BINDING_ALIGNMENT = 256;

/** Size of the buffer that all readback goes through. It belongs to the device and is counted once in every plan. */
export const STAGING_BYTES = 4 * 2 ** 20;

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** Bytes of all categories together. */
export function totalBytes(bytes: BytesByCategory): number {
  return MEMORY_CATEGORIES.reduce((total, category) => total + bytes[category], 0);
}

export function noBytes(): BytesByCategory {
  return { parameters: 0, gradients: 0, optimiser: 0, activations: 0, workspace: 0, staging: 0 };
}

/**
 * Gives the values from which the training of a slot starts: the same for the same shape, stream and seed.
 *
 * @param stream keeps slots apart: the slot's number in its arena
 */
export type Initialiser = (shape: Shape, stream: number, seed: number) => Float32Array<ArrayBuffer>;

/** A named place of fixed shape in an arena. */
export interface Slot {
  readonly arena: Arena;
  readonly name: string;
  readonly shape: Shape;
  /** In elements from the start of the arena; a multiple of 128, so that a slot can be bound by itself. */
  readonly offset: number;
  /** What it starts from; zeros if left out. See `startingValues`. */
  readonly initialiser?: Initialiser | undefined;
}

/** Whether two slots have elements in common: the same slot, a part of it, or the whole arena. */
export function overlaps(a: Slot, b: Slot): boolean {
  if (a.arena !== b.arena) return false;
  return a.offset < b.offset + elementCount(b.shape) && b.offset < a.offset + elementCount(a.shape);
}

/**
 * One flat buffer that outlives programs: all parameters, or all gradients, or one optimiser moment. Being flat, an
 * optimiser step is one dispatch and a checkpoint one read (llm.c's layout). Gaps between slots stay zero. All slots
 * hold one data type: what an optimiser or a checkpoint takes for floats are floats.
 */
export class Arena {
  readonly name: string;
  readonly category: MemoryCategory;
  readonly dtype: DataType;
  readonly slots: Slot[] = [];
  #elements = 0;

  constructor(name: string, category: MemoryCategory, dtype: DataType = 'f32') {
    this.name = name;
    this.category = category;
    this.dtype = dtype;
  }

  /**
   * @param initialiser what the slot starts from; zeros if left out
   * @throws KernelError `shape` if a size is not a whole number of at least 1
   */
  add(name: string, shape: Shape, initialiser?: Initialiser): Slot {
    requireSizes(shape, `Arena ${this.name}, slot ${name}`);
    if (this.slots.some((slot) => slot.name === name)) {
      throw new KernelError(
        'option',
        `Arena ${this.name}: there is a slot ${name} already; give each a name of its own.`,
      );
    }
    const slot: Slot = { arena: this, name, shape, offset: this.#elements, initialiser };
    this.#elements = alignUp(this.#elements + elementCount(shape), SLOT_ALIGNMENT);
    this.slots.push(slot);
    return slot;
  }

  /** An arena of the same layout for another purpose: the gradients or moments of parameters. */
  mirror(name: string, category: MemoryCategory): Arena {
    const mirror = new Arena(name, category, this.dtype);
    for (const slot of this.slots) mirror.add(slot.name, slot.shape);
    return mirror;
  }

  /** How many values the slots hold, gaps between them left out: the number of parameters. */
  get valueCount(): number {
    return this.slots.reduce((total, { shape }) => total + elementCount(shape), 0);
  }

  /** Length of the flat buffer in elements, gaps included. */
  get elements(): number {
    return this.#elements;
  }

  get byteLength(): number {
    return this.#elements * BYTES_PER_ELEMENT;
  }
}
