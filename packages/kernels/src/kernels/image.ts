/** Bytes of a texel of `rgba32float`, the one format in which operands lie in textures: a vec4 of 32-bit numbers. */
export const TEXEL_BYTES = 16;

/** A matrix of vec4s: `columns` of them in each of `lines` lines. */
export interface ImageLayout {
  readonly lines: number;
  readonly columns: number;
}

/** How a tensor is seen as matrices, one after another: each of `lines` rows of `row` elements. */
export interface Matrices {
  readonly lines: number;
  readonly row: number;
}

/**
 * Lines of one of the matrices in a texture: whole steps of four, so that kernels that walk along them need no rest.
 */
export function paddedLines({ lines }: Matrices): number {
  return 4 * Math.ceil(lines / 4);
}

/** The image of a tensor of so many matrices: their lines one below the other, zeros beyond the last row and column. */
export function imageLayout(matrices: Matrices, layers = 1): ImageLayout {
  return { lines: layers * paddedLines(matrices), columns: Math.ceil(matrices.row / 4) };
}

/** How a device reads textures, and how long their sides may be. */
export interface TextureSupport {
  /**
   * `storage` textures are read without a sampler's conversions, which llvmpipe does 1.5 times as fast, but only where
   * WGSL has the feature `readonly_and_readwrite_storage_textures`; `sampled` ones are read everywhere.
   */
  readonly reading: 'storage' | 'sampled';
  /** WebGPU's maxTextureDimension2D. */
  readonly maxSide: number;
}

/** Where the vec4s of a matrix lie in a texture. */
export interface ImagePlace {
  readonly layout: ImageLayout;
  readonly support: TextureSupport;
}

/**
 * Texels, 1 KiB, in whole multiples of which lines must not follow each other: the same column of many lines would
 * compete for few places of a cache. With a cache line more, a product NT of 512x256x1024 takes 0.74 of the time on
 * llvmpipe.
 */
const ALIASING = 64;
const CACHE_LINE = 4;

/**
 * The texture that a matrix takes: lines that are longer than a side are cut into bands one below the other, and more
 * lines than a side has go on beside the first ones.
 *
 * @returns its sides in texels; undefined where it does not fit even so
 */
export function imageSize({ layout, support: { maxSide } }: ImagePlace): { width: number; height: number } | undefined {
  const { bands, across, down } = folding(layout, maxSide);
  const width = across * down;
  if (width > maxSide) return undefined;
  const padded = width % ALIASING === 0 ? Math.min(width + CACHE_LINE, maxSide) : width;
  return { width: padded, height: Math.min(layout.lines * bands, maxSide) };
}

/** WGSL of the coordinates of a vec4 in the texture. */
export function texel({ layout, support: { maxSide } }: ImagePlace, line: string, column: string): string {
  const { bands, across, down } = folding(layout, maxSide);
  if (bands > 1) return `vec2u(${column} % ${maxSide}u, ${line} + ${column} / ${maxSide}u * ${layout.lines}u)`;
  if (down > 1) return `vec2u(${column} + ${line} / ${maxSide}u * ${across}u, ${line} % ${maxSide}u)`;
  return `vec2u(${column}, ${line})`;
}

/** Bands of a line, texels of a band, and how many stacks of lines lie side by side. */
function folding({ lines, columns }: ImageLayout, maxSide: number) {
  const bands = Math.ceil(columns / maxSide);
  return { bands, across: Math.min(columns, maxSide), down: Math.ceil((lines * bands) / maxSide) };
}
