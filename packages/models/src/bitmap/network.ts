import type { Arena, Tensor } from '@chipsmith/kernels';

/** A network that keeps a piece as a short code, whose numbers have about mean 0 and variance 1. */
export interface BitmapNetwork {
  readonly parameters: Arena;
  readonly statistics: Arena;
  /** Numbers of a code. */
  readonly code: number;
  /** @param bitmap (B, 67584), 0 or 1 @param training whether batch norm counts by the batch @returns (B, code) */
  encode(bitmap: Tensor, training: boolean): Tensor;
  /** @param code (B, code) @returns logits (B, 67584) */
  decode(code: Tensor, training: boolean): Tensor;
}
