import { KernelError } from '../errors.ts';
import type { DataType, Tensor } from '../trace/tensor.ts';
import { withHalfBindings } from './half-bindings.ts';

/** How a kernel sees one buffer. `vec4` bindings hold groups of four neighbouring elements. */
export interface Binding {
  readonly name: string;
  readonly type: DataType | 'atomic<u32>';
  readonly vector: 1 | 4;
  readonly access: 'read' | 'write' | 'read_write';
}

/** What a device may have beyond core WebGPU and a kernel may use: WebGPU's name of the feature and WGSL's. */
export const FEATURES = { subgroups: 'subgroups', 'shader-f16': 'f16' } as const;
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
  /** WGSL without declarations of bindings; ends in `fn main(...)`, for which the entry attributes are added. */
  readonly code: string;
}

/** A kernel and how many workgroups of it run. */
export interface Variant {
  readonly kernel: Kernel;
  readonly workgroups: readonly [number, number, number];
}

/** One launch of a kernel on tensors, in the order of its bindings. */
export interface Dispatch extends Variant {
  readonly operands: readonly Tensor[];
  readonly uniforms: readonly number[];
  /** Set where other kernels could do the same. */
  readonly choice?: Choice;
}

/**
 * The variants of a dispatch, among which the tuner chooses by measuring. They take the same operands with the same
 * access and must give bit-identical results: every element is computed by the same operations in the same order, only
 * the distribution over threads differs.
 */
export interface Choice {
  /** Names the problem with its sizes: equal text, equal winner on one device. */
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

/** Every variant of a dispatch, its own included. */
export function variantsOf(dispatch: Dispatch): readonly Variant[] {
  const { choice } = dispatch;
  return choice === undefined ? [dispatch] : [...choice.variants, ...(choice.otherKinds ?? []).flat()];
}

/** Binding shorthands: `read('x')`, `write('y', 4)`. */
export const read = (name: string, vector: 1 | 4 = 1, type: DataType = 'f32'): Binding => ({
  name,
  type,
  vector,
  access: 'read',
});
export const write = (name: string, vector: 1 | 4 = 1, type: DataType = 'f32'): Binding => ({
  name,
  type,
  vector,
  access: 'write',
});
export const readWrite = (name: string, vector: 1 | 4 = 1, type: DataType = 'f32'): Binding => ({
  name,
  type,
  vector,
  access: 'read_write',
});

/** WebGPU's maxComputeWorkgroupsPerDimension. */
export const MAX_WORKGROUPS = 65_535;

/** Grid for one thread an element; long grids fold into y. */
export function linearGrid(threads: number, workgroupSize: number): [number, number, number] {
  const groups = Math.ceil(threads / workgroupSize);
  if (groups <= MAX_WORKGROUPS) return [groups, 1, 1];
  const rows = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}

/** Threads in a workgroup of one-dimensional kernels: two warps, one wavefront; within every adapter's limits. */
export const LINEAR_WORKGROUP = 64;

/** WGSL for the index of the thread in a `linearGrid`; `fn main` must take `id` and `groups`. */
export const LINEAR_INDEX = `let index = id.y * groups.x * ${LINEAR_WORKGROUP}u + id.x;`;
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

/** One launch of a linear kernel without uniforms. */
export function linearDispatch({
  operands,
  ...kernel
}: Omit<LinearKernel, 'uniforms'> & Pick<Dispatch, 'operands'>): Dispatch {
  return { ...linearVariant(kernel), operands, uniforms: [] };
}

/**
 * A number as WGSL text that is an f32 constant. With an exponent always: WGSL reads 1e20 written in digits as an integer
 * that does not fit.
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

/** How the buffers of a dispatch ask for other declarations than its kernel's own. */
export interface BindingUse {
  /**
   * Whether another binding of the dispatch writes to the same buffer: WebGPU checks usage by whole buffer, where `read`
   * beside `read_write` is an error and `read_write` on both is none.
   */
  readonly shared: boolean;
  /** Whether the elements are stored in 16 bits; needs the feature `shader-f16`. */
  readonly half: boolean;
}

/**
 * Complete WGSL of a kernel.
 *
 * @param kernel the kernel
 * @param uses for each binding; those left out are neither shared nor in 16 bits
 */
export function kernelSource(kernel: Kernel, uses: readonly BindingUse[]): string {
  const declarations = kernel.bindings.map((binding, index) => {
    const access = binding.access === 'read' && !uses[index]?.shared ? 'read' : 'read_write';
    const type = uses[index]?.half ? 'f16' : binding.type;
    const element = binding.vector === 4 ? `vec4<${type}>` : type;
    return `@group(0) @binding(${index}) var<storage, ${access}> ${binding.name}: array<${element}>;`;
  });
  if (kernel.uniforms.length > 0) {
    const fields = kernel.uniforms.map((name) => `${name}: u32`).join(', ');
    declarations.push(
      `struct Uniforms { ${fields} }`,
      `@group(0) @binding(${kernel.bindings.length}) var<uniform> uniforms: Uniforms;`,
    );
  }
  const enabled = requiredFeatures(kernel, uses)
    .map((feature) => `enable ${FEATURES[feature]};\n`)
    .join('');
  const code = withHalfBindings(
    kernel,
    uses.map(({ half }) => half),
  );
  const entry = `@compute @workgroup_size(${kernel.workgroupSize.join(', ')})\nfn main(`;
  return `${enabled}${declarations.join('\n')}\n${code.replace(/fn main\(/, entry)}`;
}

/** The features without which a dispatch does not compile. */
export function requiredFeatures({ requires = [] }: Kernel, uses: readonly BindingUse[]): readonly Feature[] {
  return uses.some(({ half }) => half) ? [...new Set([...requires, 'shader-f16' as const])] : requires;
}
