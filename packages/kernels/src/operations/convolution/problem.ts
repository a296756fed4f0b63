import { type Binding, every, read, readMatrix, rowVectors } from '../../kernels/kernel.ts';

/** Height and width. */
export type Size2d = readonly [height: number, width: number];

/** One number for both axes, or one for each. */
export function pair(size: number | Size2d): Size2d {
  return typeof size === 'number' ? [size, size] : size;
}

export interface ConvolutionAttributes {
  readonly stride: Size2d;
  readonly padding: Size2d;
}

/** The geometry of a convolution, whichever of its three products is computed. */
export interface ConvolutionProblem extends ConvolutionAttributes {
  readonly batch: number;
  /** Of the picture x (batch, height, width, channelsX). */
  readonly sizeX: Size2d;
  readonly channelsX: number;
  /** Of the convolved y (batch, height, width, channelsY). */
  readonly sizeY: Size2d;
  readonly channelsY: number;
  /** Of the weights (height, width, channelsX, channelsY). */
  readonly kernelSize: Size2d;
}

/** What one thread computes: `rows` pixels (or channels of x, for the weights) times `columns` channels. */
export interface ConvolutionTile {
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
}

/** From the most work for each byte loaded to the most threads. */
export const CONVOLUTION_TILES: readonly ConvolutionTile[] = [
  { rows: 16, columns: 16 },
  { rows: 8, columns: 8 },
  { rows: 8, columns: 4 },
  { rows: 4, columns: 4 },
  { rows: 2, columns: 4 },
  { rows: 1, columns: 4 },
];

/** The geometry from the shapes of x (batch, height, width, channels) and of the weights. */
export function convolutionProblem(
  [batch, height, width, channelsX]: readonly number[],
  [kernelHeight, kernelWidth, , channelsY]: readonly number[],
  { stride, padding }: ConvolutionAttributes,
): ConvolutionProblem {
  const positions = (size: number, kernel: number, axis: 0 | 1) =>
    Math.floor((size + 2 * padding[axis] - kernel) / stride[axis]) + 1;
  return {
    batch,
    sizeX: [height, width],
    channelsX,
    sizeY: [positions(height, kernelHeight, 0), positions(width, kernelWidth, 1)],
    channelsY,
    kernelSize: [kernelHeight, kernelWidth],
    stride,
    padding,
  };
}

/** Floating-point operations of any of the three products. */
export function convolutionWork({ batch, sizeY, kernelSize, channelsX, channelsY }: ConvolutionProblem): number {
  return 2 * batch * sizeY[0] * sizeY[1] * kernelSize[0] * kernelSize[1] * channelsX * channelsY;
}

/** "conv2d 4x28x28x3 by 5x5x16 stride 2x2 padding 1x1"; the adjoint and the weights say so. */
export function problemName(
  { batch, sizeX, channelsX, kernelSize, channelsY, stride, padding }: ConvolutionProblem,
  product: 'convolved' | 'adjoint' | 'weights',
): string {
  const name = product === 'convolved' ? 'conv2d' : `conv2d ${product}`;
  const picture = [batch, ...sizeX, channelsX].join('x');
  return `${name} ${picture} by ${[...kernelSize, channelsY].join('x')} stride ${stride.join('x')} padding ${padding.join('x')}`;
}

/**
 * Whether copying pictures and weights to textures takes less time than it saves: a pixel is read for every tap and
 * tile of channels, a weight for every tile of pixels. Only where vec4s fill the channels on both sides.
 */
export function paysImages({ batch, sizeY, kernelSize, channelsX, channelsY }: ConvolutionProblem): boolean {
  const pixels = batch * sizeY[0] * sizeY[1];
  const readings = kernelSize[0] * kernelSize[1] * Math.min(channelsX, channelsY);
  return channelsX % 4 === 0 && channelsY % 4 === 0 && pixels >= 32 && readings >= 64;
}

/** A binding of pictures, a line for each pixel, or of weights, a line for each tap and channel of x. */
export const channelBinding = (name: string, channels: number): Binding =>
  channels % 4 === 0 ? readMatrix(name, channels / 4) : read(name);

/** WGSL of an element of such a binding, or where vec4s fill the line, of the vec4 with that element. */
export const loadChannel = (name: string, channels: number, line: string, channel: string): string =>
  channels % 4 === 0
    ? `load_${name}(${line}, (${channel}) / 4u)`
    : `load_${name}((${line}) * ${channels}u + ${channel})`;

/**
 * WGSL that stores vec4s of neighbouring channels, of which `n` is the first, in the row of the result that starts at
 * `at`; channels beyond the last are left out.
 */
export function storeChannels(channels: number, values: readonly string[]): string {
  const { vector } = rowVectors(channels);
  return values
    .map((value, v) => {
      if (vector === 4) {
        return `    if (n + ${4 * v}u < ${channels}u) { store_result((at + n) / 4u + ${v}u, ${value}); }`;
      }
      const part = (i: number) =>
        `    if (n + ${4 * v + i}u < ${channels}u) { store_result(at + n + ${4 * v + i}u, value${v}.${'xyzw'[i]}); }`;
      return `    let value${v} = ${value};\n${every(4, part)}`;
    })
    .join('\n');
}
