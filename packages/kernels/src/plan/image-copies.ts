import type { Matrices } from '../kernels/image.ts';
import { Arena } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import type { Block } from './placement.ts';

/**
 * Where values are, so that views of the same elements are known to be the same: in a block, an arena, or a tensor of
 * neither.
 */
export interface Home {
  readonly of: Block | Arena | Tensor;
  /** In elements. */
  readonly start: number;
  readonly end: number;
}

/** A copy of values in a texture. */
interface ImageCopy {
  readonly home: Home;
  readonly matrices: Matrices;
  readonly image: Tensor;
  /** The node that used it last. */
  used: number;
}

/**
 * For so many nodes a copy of an activation waits for another use: the two products of a backward pass that read the
 * same gradient are neighbours. Copies of weights wait for the backward pass.
 */
const KEPT_FOR = 4;

/** The copies in textures of values that have not changed since they were made. */
export class ImageCopies {
  #copies: ImageCopy[] = [];

  add(home: Home, matrices: Matrices, image: Tensor, index: number): void {
    this.#copies.push({ home, matrices, image, used: index });
  }

  /** The copy of values as matrices, for another use by the node of this index. */
  find(home: Home, { lines, row }: Matrices, index: number): Tensor | undefined {
    const isWeight = home.of instanceof Arena && home.of.category === 'parameters';
    const copy = this.#copies.find(
      ({ home: { of, start, end }, matrices, used }) =>
        of === home.of &&
        start === home.start &&
        end === home.end &&
        matrices.lines === lines &&
        matrices.row === row &&
        (isWeight || index - used <= KEPT_FOR),
    );
    if (copy !== undefined) copy.used = index;
    return copy?.image;
  }

  /** These values are no longer what was copied. */
  forget({ of, start, end }: Home): void {
    this.#copies = this.#copies.filter(({ home }) => home.of !== of || home.end <= start || end <= home.start);
  }
}
