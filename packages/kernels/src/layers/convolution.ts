import { KernelError } from '../errors.ts';
import {
  type ConvolutionOptions,
  conv2d,
  conv2dTranspose,
  type TransposedConvolutionOptions,
} from '../operations/convolution/convolution.ts';
import { pair, type Size2d } from '../operations/convolution/problem.ts';
import { type Activation, unary } from '../operations/unary.ts';
import { requireShape } from '../trace/checks.ts';
import type { Arena, Initialiser, Slot } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import { glorotUniform } from './initialisers.ts';

/** Settings that both kinds of layer share. */
interface SharedOptions {
  /** Height and width of the kernel, one number or (vertical, horizontal). */
  readonly size: number | Size2d;
  /** Whether a number is added to each channel of the result; default true. */
  readonly bias?: boolean | undefined;
  /** Applied to each number of the result; none by default. */
  readonly activation?: Activation | undefined;
  /** What the kernel starts from; Glorot's uniform distribution by default. `heUniform` suits ReLU. */
  readonly initialiser?: Initialiser | undefined;
}

/** Settings of `convolutionLayer`. */
export type ConvolutionLayerOptions = SharedOptions & Omit<ConvolutionOptions, 'bias'>;

/** Settings of `transposedConvolutionLayer`. */
export type TransposedConvolutionLayerOptions = SharedOptions & Omit<TransposedConvolutionOptions, 'bias'>;

/** A convolution, or a transposed one, with its weights. */
export interface ConvolutionLayer {
  /** (I, J, C, O); of a transposed one, (I, J, O, C): channels of the result before those of the input. */
  readonly kernel: Slot;
  /** (O); starts at zero. */
  readonly bias: Slot | undefined;
  /** @param x (B, H, W, C) @returns (B, V, U, O), see `conv2d` and `conv2dTranspose` */
  apply(x: Tensor): Tensor;
}

/**
 * A convolution of pictures: see `conv2d`.
 *
 * @param name the slots are `name/kernel` and `name/bias`
 * @param inputs C
 * @param outputs O
 * @throws KernelError `option` if the size is not made of whole numbers of at least 1
 */
export function convolutionLayer(
  arena: Arena,
  name: string,
  inputs: number,
  outputs: number,
  { size, bias, activation, initialiser, ...options }: ConvolutionLayerOptions,
): ConvolutionLayer {
  const shared = { size, bias, activation, initialiser };
  return layer(arena, name, { inputs, outputs, channels: [inputs, outputs] }, shared, (x, weights, added) =>
    conv2d(x, weights, { ...options, ...added }),
  );
}

/**
 * A transposed convolution, which makes pictures larger by its stride: see `conv2dTranspose`. Arguments as
 * `convolutionLayer`.
 *
 * @throws KernelError `option` if the size is not made of whole numbers of at least 1
 */
export function transposedConvolutionLayer(
  arena: Arena,
  name: string,
  inputs: number,
  outputs: number,
  { size, bias, activation, initialiser, ...options }: TransposedConvolutionLayerOptions,
): ConvolutionLayer {
  const shared = { size, bias, activation, initialiser };
  return layer(arena, name, { inputs, outputs, channels: [outputs, inputs] }, shared, (x, weights, added) =>
    conv2dTranspose(x, weights, { ...options, ...added }),
  );
}

/** @param channels the last two axes of the kernel */
function layer(
  arena: Arena,
  name: string,
  { inputs, outputs, channels }: { inputs: number; outputs: number; channels: readonly [number, number] },
  { size, bias: hasBias = true, activation, initialiser }: SharedOptions,
  convolve: (x: Tensor, weights: Tensor, added: { readonly bias?: Tensor }) => Tensor,
): ConvolutionLayer {
  const area = pair(size);
  if (!area.every((side) => Number.isInteger(side) && side >= 1)) {
    const rule = "the kernel's size must be of whole numbers from 1 on";
    throw new KernelError('option', `${name}: ${rule}, got ${area.join(' x ')}.`);
  }
  const pixels = area[0] * area[1];
  const start = initialiser ?? glorotUniform(pixels * inputs, pixels * outputs);
  const kernel = arena.add(`${name}/kernel`, [...area, ...channels], start);
  const bias = hasBias ? arena.add(`${name}/bias`, [outputs]) : undefined;
  return {
    kernel,
    bias,
    apply(x) {
      const fits = x.shape.length === 4 && x.shape[3] === inputs;
      requireShape(fits, name, `x must be (B, H, W, ${inputs})`, x);
      const y = convolve(x, x.graph.variable(kernel), bias === undefined ? {} : { bias: x.graph.variable(bias) });
      return activation === undefined ? y : unary(activation, y);
    },
  };
}
