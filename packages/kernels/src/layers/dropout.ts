import type { Tensor } from '../trace/trace.ts';

/** What a layer drops while training: see `dropout`. */
export interface LayerDropout {
  readonly rate: number;
  readonly seed: Tensor;
  /**
   * Of the first dropout; the others draw from the streams that follow. If left out, the number of the layer's first
   * slot in its arena, so that no two layers draw the same masks.
   */
  readonly stream?: number | undefined;
}

/** Draws from the layer's own streams by default. A layer has more slots than dropouts. */
export function ownStreams(dropout: LayerDropout, firstSlot: number): LayerDropout & { readonly stream: number } {
  return { ...dropout, stream: dropout.stream ?? firstSlot };
}
