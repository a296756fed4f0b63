import { KernelError } from '../../errors.ts';
import { requireShape } from '../../trace/checks.ts';
import type { Tensor } from '../../trace/trace.ts';
import { add } from '../binary.ts';
import { concat } from '../concat.ts';
import { dropout } from '../dropout.ts';
import { embedding } from '../embedding.ts';
import { matmul } from '../matmul/matmul.ts';
import { reshape } from '../view.ts';
import { type LstmState, lstm } from './lstm.ts';

/** Weights of one direction of a layer; gates in the order i, j, f, o. */
export interface LstmWeights {
  /** (I, 4H). */
  readonly input: Tensor;
  /** (H, 4H). */
  readonly recurrent: Tensor;
  /** (4H). */
  readonly bias: Tensor;
}

/** A layer runs forward in time and, where it has weights for that, in reverse too. Both directions may differ in H. */
export interface LstmLayer {
  readonly forward: LstmWeights;
  readonly reverse?: LstmWeights;
}

/** Where a stack starts, and what it drops while training. */
export interface LstmStackOptions {
  /** For each layer the state of its forward direction, then of its reverse one if it has that; zero if left out. */
  readonly initial?: readonly LstmState[] | undefined;
  /**
   * Between layers, not behind the last: see `dropout`. Layer n draws from `stream` + n, so that a stack of L layers
   * takes L - 1 streams, from which nothing else may draw.
   */
  readonly dropout?: { readonly rate: number; readonly seed: Tensor; readonly stream: number } | undefined;
}

/**
 * Stacked LSTM layers: each reads the outputs of the one below, those of both directions side by side (Graves and
 * Schmidhuber 2005) where there are two.
 *
 * @param x (T, B, I) f32; or (T, B) u32, which counts as one-hot of width I at no cost of multiplication
 * @param layers from the bottom up, at least one
 * @returns the output of the top layer (T, B, H), or (T, B, H forward + H reverse), and the state of each direction of
 *   each layer after its last step, in the order of `initial`
 * @throws KernelError `shape` where weights, states and input do not fit
 */
export function lstmStack(
  x: Tensor,
  layers: readonly LstmLayer[],
  options: LstmStackOptions = {},
): { output: Tensor; final: readonly LstmState[] } {
  const { initial } = options;
  const directions = layers.map(({ forward, reverse }) => (reverse === undefined ? [forward] : [forward, reverse]));
  const count = directions.flat().length;
  if (count === 0) throw new KernelError('shape', 'lstmStack: needs at least one layer, got none.');
  if (initial !== undefined && initial.length !== count) {
    throw new KernelError('shape', `lstmStack: ${count} states are needed, got ${initial.length}.`);
  }
  const final: LstmState[] = [];
  let output = x;
  for (const [index, weights] of directions.entries()) {
    const below = output;
    const results = weights.map(({ input, recurrent, bias }, direction) => {
      const result = lstm(project(below, input, bias), recurrent, initial?.[final.length], {
        reverse: direction === 1,
      });
      final.push(result.final);
      return result.output;
    });
    output = results.length === 1 ? results[0] : concat(results, 2);
    if (options.dropout !== undefined && index < layers.length - 1) {
      const { rate, seed, stream } = options.dropout;
      output = dropout(output, rate, seed, stream + index);
    }
  }
  return { output, final };
}

/** Inputs of all steps times their weights, plus bias: (T, B, 4H). */
function project(x: Tensor, weights: Tensor, bias: Tensor): Tensor {
  // A one-hot input times a matrix is a row of the matrix.
  if (x.dtype === 'u32') return add(embedding(weights, x), bias);
  requireShape(x.shape.length === 3, 'lstmStack', 'x must be (T, B, I), or u32 (T, B)', x);
  const [steps, batch, inputs] = x.shape;
  const projected = matmul(reshape(x, [steps * batch, inputs]), weights, { bias });
  return reshape(projected, [steps, batch, projected.shape[1]]);
}
