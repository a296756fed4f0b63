import { KernelError } from '../../errors.ts';
import type { Variant } from '../../kernels/kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Dispatch, KernelContext, Operation, Tensor } from '../../trace/trace.ts';
import { sumOverAxis } from '../axis-sums.ts';
import { WORK_FOR_LARGEST } from '../matmul/variants.ts';
import { sumToShape } from '../sum.ts';
import { reshape } from '../view.ts';
import { pixelProblemName, pixelVariant } from './pixels.ts';
import {
  CONVOLUTION_TILES,
  type ConvolutionAttributes,
  type ConvolutionProblem,
  type ConvolutionTile,
  convolutionProblem,
  convolutionWork,
  pair,
  paysImages,
  problemName,
  type Size2d,
} from './problem.ts';
import { weightParts, weightVariant } from './weights.ts';

/** Settings of `conv2d`. */
export interface ConvolutionOptions {
  /** Pixels from one position of the kernel to the next, one number or (vertical, horizontal); default 1. */
  readonly stride?: number | Size2d;
  /** Pixels of zeros around the picture, one number or (vertical, horizontal); default 0. */
  readonly padding?: number | Size2d;
  /** One number for each channel of the result, added to every pixel. */
  readonly bias?: Tensor;
}

/** Settings of `conv2dTranspose`: those of the convolution that it transposes. */
export interface TransposedConvolutionOptions extends ConvolutionOptions {
  /** Rows and columns added at the bottom and the right, below the stride; default 0. */
  readonly outputPadding?: number | Size2d;
}

/**
 * Convolution of pictures, as cross-correlation (the kernel is not flipped), in the layout (batch, height, width,
 * channels):
 *
 *     y[b, v, u, o] = bias[o] + sum over i, j, c of x[b, v stride + i - padding, u stride + j - padding, c] w[i, j, c, o]
 *
 * @param x (B, H, W, C) f32; fastest where C and O are multiples of 4
 * @param w (I, J, C, O) f32
 * @returns (B, V, U, O) with V = floor((H + 2 padding - I) / stride) + 1, and U from W and J in the same way
 * @throws KernelError `shape` if the channels differ, the kernel is larger than the padded picture, or an option is not
 *   a whole number
 */
export function conv2d(x: Tensor, w: Tensor, options: ConvolutionOptions = {}): Tensor {
  const { stride = 1, padding = 0, bias } = options;
  const attributes = { stride: pair(stride), padding: pair(padding) };
  return x.graph.apply(conv2dOperation, bias === undefined ? [x, w] : [x, w, bias], attributes)[0];
}

/**
 * Transposed convolution: the adjoint of `conv2d` with the same weights, stride and padding, so that a picture grows by
 * the stride where a convolution shrinks it (Dumoulin and Visin, arXiv 1603.07285).
 *
 * @param y (B, V, U, O) f32
 * @param w (I, J, C, O) f32: the weights of the convolution that it is the adjoint of, channels of the result first
 * @returns (B, H, W, C) with H = (V - 1) stride - 2 padding + I + outputPadding, and W from U and J in the same way
 * @throws KernelError `shape` as `conv2d`, and if outputPadding is not below the stride
 */
export function conv2dTranspose(y: Tensor, w: Tensor, options: TransposedConvolutionOptions = {}): Tensor {
  const { stride = 1, padding = 0, outputPadding = 0, bias } = options;
  const attributes = { stride: pair(stride), padding: pair(padding) };
  const extra = pair(outputPadding);
  requireRanks('conv2dTranspose', y, w);
  requireWhole('conv2dTranspose', attributes);
  const fits = extra.every((size, axis) => Number.isInteger(size) && size >= 0 && size < attributes.stride[axis]);
  requireShape(fits, 'conv2dTranspose', `0 <= outputPadding ${extra.join(' x ')} < stride must hold`, y, w);
  const grown = ([0, 1] as const).map((axis) => {
    const steps = (y.shape[axis + 1] - 1) * attributes.stride[axis];
    return steps - 2 * attributes.padding[axis] + w.shape[axis] + extra[axis];
  });
  return adjoint(y, w, bias, { ...attributes, sizeX: [grown[0], grown[1]] });
}

function adjoint(
  y: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  attributes: ConvolutionAttributes & { sizeX: Size2d },
) {
  return y.graph.apply(conv2dTransposeOperation, bias === undefined ? [y, w] : [y, w, bias], attributes)[0];
}

/** What pairs up each weight's pixels of x and y: the gradient of the weights, y being the gradient of the result. */
function weightProducts(x: Tensor, y: Tensor, w: Tensor, { stride, padding }: ConvolutionAttributes): Tensor {
  const kernelSize: Size2d = [w.shape[0], w.shape[1]];
  return x.graph.apply(conv2dWeightsOperation, [x, y], { stride, padding, kernelSize })[0];
}

// The three products below are the three partial derivatives of sum over everything of y . conv2d(x, w), which is
// linear in each of x, w and y: the backward of each consists of the other two.

export const conv2dOperation: Operation<ConvolutionAttributes> = {
  name: 'conv2d',
  outputs(inputs, attributes) {
    const [x, w, bias] = inputs;
    requireArguments('conv2d', ['x', 'w', 'bias'], inputs, attributes);
    requireShape(x.shape[3] === w.shape[2], 'conv2d', `channels ${x.shape[3]} and ${w.shape[2]} must be equal`, x, w);
    const { sizeY } = convolutionProblem(x.shape, w.shape, attributes);
    requireShape(Math.min(...sizeY) >= 1, 'conv2d', 'the kernel must fit in the padded picture', x, w);
    requireBias('conv2d', bias, w.shape[3]);
    return [{ shape: [x.shape[0], ...sizeY, w.shape[3]], dtype: 'f32' }];
  },
  kernels(node, context) {
    const [x, w, bias] = node.inputs;
    const problem = convolutionProblem(x.shape, w.shape, node.attributes);
    const inputs = readable(problem, [x, w], context);
    return [pixelDispatch(problem, false, bias, inputs, node.outputs[0])];
  },
  backward(node, [dy], wanted) {
    if (dy === undefined) return [undefined, undefined, undefined];
    const [x, w, bias] = node.inputs;
    return [
      wanted[0] ? adjoint(dy, w, undefined, { ...node.attributes, sizeX: [x.shape[1], x.shape[2]] }) : undefined,
      wanted[1] ? weightProducts(x, dy, w, node.attributes) : undefined,
      bias !== undefined && wanted[2] ? sumOverPixels(dy) : undefined,
    ];
  },
};

/** The adjoint in x: from y and w to x. `sizeX` is needed because several sizes of x have the same size of y. */
export const conv2dTransposeOperation: Operation<ConvolutionAttributes & { sizeX: Size2d }> = {
  name: 'conv2dTranspose',
  outputs(inputs, attributes) {
    const [y, w, bias] = inputs;
    const name = 'conv2dTranspose';
    requireArguments(name, ['y', 'w', 'bias'], inputs, attributes);
    requireShape(y.shape[3] === w.shape[3], name, `channels ${y.shape[3]} and ${w.shape[3]} must be equal`, y, w);
    const shape = [y.shape[0], ...attributes.sizeX, w.shape[2]];
    const { sizeY } = convolutionProblem(shape, w.shape, attributes);
    const fits = sizeY.every((size, axis) => size === y.shape[axis + 1]) && Math.min(...attributes.sizeX) >= 1;
    requireShape(fits, name, 'the padding must leave a picture', y, w);
    requireBias(name, bias, w.shape[2]);
    return [{ shape, dtype: 'f32' }];
  },
  kernels(node, context) {
    const [y, w, bias] = node.inputs;
    const [x] = node.outputs;
    const problem = convolutionProblem(x.shape, w.shape, node.attributes);
    return [pixelDispatch(problem, true, bias, readable(problem, [y, w], context), x)];
  },
  backward(node, [dx], wanted) {
    if (dx === undefined) return [undefined, undefined, undefined];
    const [y, w, bias] = node.inputs;
    const { stride, padding } = node.attributes;
    return [
      wanted[0] ? conv2d(dx, w, { stride, padding }) : undefined,
      wanted[1] ? weightProducts(dx, y, w, { stride, padding }) : undefined,
      bias !== undefined && wanted[2] ? sumOverPixels(dx) : undefined,
    ];
  },
};

/** From x and y to w. */
export const conv2dWeightsOperation: Operation<ConvolutionAttributes & { kernelSize: Size2d }> = {
  name: 'conv2dWeights',
  outputs([x, y], { kernelSize }) {
    return [{ shape: [...kernelSize, x.shape[3], y.shape[3]], dtype: 'f32' }];
  },
  kernels(node, context) {
    const { inputs, outputs } = node;
    const [dw] = outputs;
    const problem = convolutionProblem(inputs[0].shape, dw.shape, node.attributes);
    const parts = weightParts(problem);
    const inner = elementCount(dw.shape);
    const sums = parts === 1 ? dw : context.scratch([parts, inner]);
    // Rows are channels of x here: a tile is no larger than there are channels.
    const tiles = CONVOLUTION_TILES.filter(({ rows }) => rows >= 4).filter(
      ({ rows, columns }) => rows === 4 || (rows <= problem.channelsX && columns <= problem.channelsY),
    );
    const name = problemName(problem, 'weights');
    const variant = (tile: ConvolutionTile) => weightVariant(problem, tile, parts);
    const products: Dispatch = {
      ...likeliest(name, convolutionWork(problem), tiles, () => true, variant),
      operands: [...readable(problem, inputs, context), sums],
      uniforms: [],
    };
    return parts === 1
      ? [products]
      : [products, ...sumOverAxis(sums, { outer: 1, length: parts, inner }, dw, context.scratch)];
  },
  backward(node, [dw], wanted) {
    if (dw === undefined) return [undefined, undefined];
    const [x, y] = node.inputs;
    const { stride, padding } = node.attributes;
    return [
      wanted[0] ? adjoint(y, dw, undefined, { stride, padding, sizeX: [x.shape[1], x.shape[2]] }) : undefined,
      wanted[1] ? conv2d(x, dw, { stride, padding }) : undefined,
    ];
  },
};

/** Fewer threads than this leave even small devices idle: smaller tiles are taken. */
const ENOUGH_THREADS = 512;

function pixelDispatch(
  problem: ConvolutionProblem,
  isAdjoint: boolean,
  bias: Tensor | undefined,
  inputs: readonly Tensor[],
  result: Tensor,
): Dispatch {
  const hasBias = bias !== undefined;
  const elements = elementCount(result.shape);
  const channels = result.shape[3];
  // Columns beyond the channels would be computed in vain, and more than 4 that are loaded one by one take long to
  // compile.
  const tiles = CONVOLUTION_TILES.filter(({ columns }) => columns === 4 || (channels % 4 === 0 && channels >= columns));
  const variants = (tile: ConvolutionTile) => pixelVariant(problem, tile, isAdjoint, hasBias);
  const name = pixelProblemName(problem, isAdjoint, hasBias);
  const operands = [...inputs, ...(hasBias ? [bias] : []), result];
  const enough = ({ rows, columns }: ConvolutionTile) => elements >= ENOUGH_THREADS * rows * columns;
  return { ...likeliest(name, convolutionWork(problem), tiles, enough, variants), operands, uniforms: [] };
}

/**
 * The largest tile up to 8x8 that leaves enough threads; its variants are the next larger and the two next smaller
 * ones.
 */
function likeliest(
  problem: string,
  work: number,
  tiles: readonly ConvolutionTile[],
  enough: (tile: ConvolutionTile) => boolean,
  variant: (tile: ConvolutionTile) => Variant,
): Pick<Dispatch, 'kernel' | 'workgroups' | 'choice'> {
  const likely = tiles.findIndex((tile) => tile.rows <= 8 && enough(tile));
  const place = likely < 0 ? tiles.length - 1 : likely;
  const largest = work < WORK_FOR_LARGEST ? tiles.findIndex(({ rows }) => rows <= 8) : 0;
  const first = Math.max(largest, place - 1);
  const variants = tiles.slice(first, place + 3).map(variant);
  return { ...variants[place - first], choice: { problem, work, variants, likelyOnCpu: variants[0] } };
}

/** Pictures and weights where kernels read them: lines of channels, copied to textures where that pays. */
function readable(problem: ConvolutionProblem, inputs: readonly Tensor[], { image }: KernelContext): readonly Tensor[] {
  if (!paysImages(problem)) return inputs;
  return inputs.map((input) => {
    const channels = input.shape[3];
    return image(input, { lines: elementCount(input.shape) / channels, row: channels }) ?? input;
  });
}

function sumOverPixels(x: Tensor): Tensor {
  const channels = x.shape[3];
  return sumToShape(reshape(x, [elementCount(x.shape) / channels, channels]), [channels]);
}

function requireArguments(
  operation: string,
  names: readonly string[],
  inputs: readonly Tensor[],
  attributes: ConvolutionAttributes,
): void {
  for (const [index, input] of inputs.entries()) requireType(input, 'f32', operation, names[index]);
  requireRanks(operation, inputs[0], inputs[1]);
  requireWhole(operation, attributes);
}

function requireRanks(operation: string, pictures: Tensor, w: Tensor): void {
  const ranks = pictures.shape.length === 4 && w.shape.length === 4;
  requireShape(ranks, operation, 'pictures must be (B, H, W, C) and weights (I, J, C, O)', pictures, w);
}

function requireWhole(operation: string, { stride, padding }: ConvolutionAttributes): void {
  const whole = [...stride, ...padding].every(Number.isInteger);
  if (whole && Math.min(...stride) >= 1 && Math.min(...padding) >= 0) return;
  throw new KernelError(
    'shape',
    `${operation}: stride must be whole from 1 on and padding from 0 on, got ${stride.join(' x ')} and ${padding.join(' x ')}.`,
  );
}

function requireBias(operation: string, bias: Tensor | undefined, channels: number): void {
  if (bias === undefined) return;
  const fits = bias.shape.length === 1 && bias.shape[0] === channels;
  requireShape(fits, operation, `bias must be [${channels}]`, bias);
}
