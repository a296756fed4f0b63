import type { ImagePlace } from '../kernels/image.ts';
import type { BindingUse } from '../kernels/shader.ts';
import type { Arena, MemoryCategory, Slot } from '../trace/memory.ts';
import type { Dispatch, Node, Tensor } from '../trace/trace.ts';

/** A buffer, or a texture, that the program allocates for itself, or with others of a pool. */
export interface PlannedBuffer {
  readonly name: string;
  readonly category: MemoryCategory;
  readonly byteLength: number;
  /** Sides in texels, where it is a texture. */
  readonly texture?: { readonly width: number; readonly height: number } | undefined;
  /** Whether it is of a `MemoryPool`: programs whose plans have it use it in turn. */
  readonly isPooled?: boolean | undefined;
}

/** A piece of activation memory: the tensors that share it, and the nodes between which it is in use. */
export interface Block {
  readonly elements: number;
  /** Whether the elements are stored in 16 bits; decided once all is known that shares the block. */
  half: boolean;
  /** Set where it lies in a texture, by itself. */
  readonly image: ImagePlace | undefined;
  readonly tensors: Tensor[];
  /** The first of the tensors that have its value now: those before were overwritten in place. */
  current: number;
  readonly first: number;
  last: number;
  /** Set once the block's value is to be computed in a slot. */
  slot: Slot | undefined;
  /** Set by `pack`. */
  place: { buffer: PlannedBuffer; offset: number } | undefined;
}

/** Where a tensor lives. */
export interface Location {
  readonly buffer: Arena | PlannedBuffer;
  /** In bytes from the start of the buffer; a multiple of BINDING_ALIGNMENT. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  /** Whether the elements are stored in 16 bits. */
  readonly half: boolean;
  /** Set where it is a texture. */
  readonly image?: ImagePlace | undefined;
}

export interface PlannedDispatch extends Dispatch {
  /** The application of an operation of which this is a part. */
  readonly node: Node;
  readonly locations: readonly Location[];
  /** For each binding. */
  readonly uses: readonly BindingUse[];
}
