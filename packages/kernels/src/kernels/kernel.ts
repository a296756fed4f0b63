import { KernelError } from '../errors.ts';
import type { DataType } from '../trace/shape.ts';

/** How a kernel sees one buffer. `vec4` bindings hold groups of four neighbouring elements. */
export interface Binding {
  readonly name: string;
  readonly type: DataType | 'atomic<u32>';
  readonly vector: 1 | 4;
  readonly access: 'read' | 'write' | 'read_write';
  /** Set for a matrix of vec4s, which may lie in a texture: how many a line has. Its accessors take line and column. */
  readonly columns?: number | undefined;
}

/** What a device may have beyond core WebGPU and a kernel may use: WebGPU's name of the feature and WGSL's. */
export const FEATURES = { subgroups: 'subgroups', 'shader-f16': 'f16' } as const;

/** A feature that a kernel may require. */
export type Feature = keyof typeof FEATURES;

/**
 * A compute shader as a value. Only the device turns it into a pipeline; equal text compiles once. Shapes are baked
 * into `code` as constants; what changes between dispatches of one kernel stands in `uniforms` (u32 each).
 */
export interface Kernel {
  readonly label: string;
  readonly bindings: readonly Binding[];
  readonly uniforms: readonly string[];
  readonly workgroupSize: readonly [number, number, number];
  /** Features without which it does not compile; devices that lack one leave such a variant out. */
  readonly requires?: readonly Feature[];
  /**
   * WGSL without declarations of bindings, which are loaded by `load_x(at)` and stored by `store_x(at, value)` (see
   * `kernelSource`); ends in `fn main(...)`, for which the entry attributes are added.
   */
  readonly code: string;
}

/** A kernel and how many workgroups of it run. */
export interface Variant {
  readonly kernel: Kernel;
  readonly workgroups: readonly [number, number, number];
}

/**
 * The variants of a dispatch, among which the tuner chooses by measuring. They take the same operands with the same
 * access and must give bit-identical results: every element is computed by the same operations in the same order, only
 * the distribution over threads differs.
 */
export interface Choice {
  /**
   * Names the problem with its sizes. Problems whose names differ only in similar sizes share a winner where their
   * variants are called alike: labels of variants are this text and what the variant is called ("matmul NN 64x64x64"
   * and "tile 8x8").
   */
  readonly problem: string;
  /** Floating-point operations of all launches of the operation, to which the winner applies. */
  readonly work: number;
  /** Uniforms of the launch that is measured, where the kernels have any. */
  readonly uniforms?: readonly number[];
  /**
   * Ordered so that neighbours are alike; the dispatch's own kernel, which is used unmeasured and hence requires no
   * feature, is one of them.
   */
  readonly variants: readonly Variant[];
  /** The likeliest of them on a CPU, which few threads keep busy: where measuring starts there. */
  readonly likelyOnCpu?: Variant;
  /** Variants that work in other ways, alike ones in a line, the likeliest first. */
  readonly otherKinds?: readonly (readonly Variant[])[];
}

/** A binding of a tensor that the kernel reads: `read('x')`, or `read('x', 4)` for vec4s. */
export const read = (name: string, vector: 1 | 4 = 1, type: DataType = 'f32'): Binding => ({
  name,
  type,
  vector,
  access: 'read',
});

/** A binding of a tensor that the kernel fills. */
export const write = (name: string, vector: 1 | 4 = 1, type: DataType = 'f32'): Binding => ({
  name,
  type,
  vector,
  access: 'write',
});

/** A binding of a tensor that the kernel changes in place. */
export const readWrite = (name: string, vector: 1 | 4 = 1, type: DataType = 'f32'): Binding => ({
  name,
  type,
  vector,
  access: 'read_write',
});

/** A binding of a matrix with so many columns; one of vec4s may lie in a texture. */
export const readMatrix = (name: string, columns: number, vector: 1 | 4 = 4): Binding => ({
  ...read(name, vector),
  columns,
});

/** A binding of a matrix that the kernel fills; see `readMatrix`. */
export const writeMatrix = (name: string, columns: number): Binding => ({ ...write(name, 4), columns });

/** WebGPU's maxComputeWorkgroupsPerDimension. */
export const MAX_WORKGROUPS = 65_535;

/** Grid for one thread an element; long grids, of more than `most` workgroups, fold into y. */
export function linearGrid(threads: number, workgroupSize: number, most = MAX_WORKGROUPS): [number, number, number] {
  const groups = Math.ceil(threads / workgroupSize);
  if (groups <= most) return [groups, 1, 1];
  const rows = Math.ceil(groups / most);
  return [Math.ceil(groups / rows), rows, 1];
}

/** Threads in a workgroup of one-dimensional kernels: two warps, one wavefront; within every adapter's limits. */
export const LINEAR_WORKGROUP = 64;

/** WGSL for the index of the thread in a `linearGrid`; `fn main` must take `id` and `groups`. */
export const LINEAR_INDEX = `let index = id.y * groups.x * ${LINEAR_WORKGROUP}u + id.x;`;

/** The arguments of `fn main` from which `LINEAR_INDEX` computes. */
export const LINEAR_ARGUMENTS = '@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u';

/** A kernel with one thread for each index, as most are. */
export interface LinearKernel extends Pick<Kernel, 'label' | 'bindings'> {
  readonly uniforms?: readonly string[];
  readonly threads: number;
  /** WGSL outside of `main`. */
  readonly functions?: string;
  /** WGSL of what a thread does; `index` is its number, below `threads`. */
  readonly body: string;
}

/** The complete kernel and its grid. */
export function linearVariant({ label, bindings, uniforms = [], threads, functions, body }: LinearKernel): Variant {
  const code = `${functions === undefined ? '' : `${functions}\n`}fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
${body}
}`;
  return {
    kernel: { label, bindings, uniforms, workgroupSize: [LINEAR_WORKGROUP, 1, 1], code },
    workgroups: linearGrid(threads, LINEAR_WORKGROUP),
  };
}

/**
 * A number as WGSL text that is an f32 constant. With an exponent always: WGSL reads 1e20 written in digits as an
 * integer that does not fit.
 *
 * @throws KernelError `data-type` if the number is not finite as f32: WGSL has no such constants
 */
export function wgslFloat(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded))
    throw new KernelError('data-type', `A constant must be finite in 32 bits, got ${value}.`);
  return `f32(${rounded.toExponential()})`;
}

/** How kernels see rows of some elements: `width` values of a type, vec4s where they fill the rows. */
export function rowVectors(elements: number): { vector: 1 | 4; type: 'f32' | 'vec4f'; width: number } {
  return elements % 4 === 0
    ? { vector: 4, type: 'vec4f', width: elements / 4 }
    : { vector: 1, type: 'f32', width: elements };
}

/** 0, 1, ... below the count. */
export const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Unrolls a line of WGSL. */
export const every = (count: number, line: (index: number) => string) => range(count).map(line).join('\n');
