import { type ImagePlace, texel } from './image.ts';
import { type Binding, FEATURES, type Feature, type Kernel } from './kernel.ts';

/** Where the operand of a binding lies, which decides how it is declared, loaded and stored. */
export interface BindingUse {
  /**
   * Whether another binding of the dispatch writes to the same buffer: WebGPU checks usage by whole buffer, where
   * `read` beside `read_write` is an error and `read_write` on both is none.
   */
  readonly shared: boolean;
  /** Whether the elements are stored in 16 bits; needs the feature `shader-f16`. */
  readonly half: boolean;
  /** Set where it lies in a texture. */
  readonly image?: ImagePlace | undefined;
}

/**
 * Complete WGSL of a kernel: declarations, the accessors by which its code loads and stores, and the code. Kernels call
 * `load_x(at)` and `store_x(at, value)` for a binding x, or `load_x(line, column)` where it is a matrix, and compute in
 * 32 bits wherever the operand lies: in a buffer, in one of 16-bit numbers (a store is rounded; beyond 65504 it becomes
 * an infinity), or in a texture.
 *
 * @param uses for each binding; those left out lie in plain buffers of their own
 */
export function kernelSource(kernel: Kernel, uses: readonly BindingUse[]): string {
  const parts = kernel.bindings.map((binding, index) => {
    const use = uses[index] ?? PLAIN;
    return use.image === undefined ? bufferBinding(binding, index, use) : imageBinding(binding, index, use.image);
  });
  if (kernel.uniforms.length > 0) {
    const fields = kernel.uniforms.map((name) => `${name}: u32`).join(', ');
    parts.push(
      `struct Uniforms { ${fields} }`,
      `@group(0) @binding(${kernel.bindings.length}) var<uniform> uniforms: Uniforms;`,
    );
  }
  const enabled = requiredFeatures(kernel, uses)
    .map((feature) => `enable ${FEATURES[feature]};\n`)
    .join('');
  const entry = `@compute @workgroup_size(${kernel.workgroupSize.join(', ')})\nfn main(`;
  return `${enabled}${parts.join('\n')}\n${kernel.code.replace(/fn main\(/, entry)}`;
}

/** The features without which a dispatch does not compile. */
export function requiredFeatures({ requires = [] }: Kernel, uses: readonly BindingUse[]): readonly Feature[] {
  return uses.some(({ half }) => half) ? [...new Set([...requires, 'shader-f16' as const])] : requires;
}

/** How a bind group declares a binding; see `GPUBindGroupLayoutEntry`. */
export function bindingLayout(
  { access }: Pick<Binding, 'access'>,
  { shared, image }: BindingUse = PLAIN,
): Partial<GPUBindGroupLayoutEntry> {
  if (image === undefined) return { buffer: { type: access === 'read' && !shared ? 'read-only-storage' : 'storage' } };
  if (access !== 'read') return { storageTexture: { access: 'write-only', format: 'rgba32float' } };
  return image.support.reading === 'storage'
    ? { storageTexture: { access: 'read-only', format: 'rgba32float' } }
    : { texture: { sampleType: 'unfilterable-float' } };
}

const PLAIN: BindingUse = { shared: false, half: false };

function bufferBinding({ name, type, vector, access, columns }: Binding, index: number, { shared, half }: BindingUse) {
  const mode = access === 'read' && !shared ? 'read' : 'read_write';
  const of = (scalar: string) => (vector === 4 ? `vec4<${scalar}>` : scalar);
  const [stored, value] = [of(half ? 'f16' : type), of(type)];
  const declaration = `@group(0) @binding(${index}) var<storage, ${mode}> buffer_${name}: array<${stored}>;`;
  if (type === 'atomic<u32>') return declaration;
  const place = columns === undefined ? 'at: u32' : 'line: u32, column: u32';
  const element = `buffer_${name}[${columns === undefined ? 'at' : `line * ${columns}u + column`}]`;
  return [
    declaration,
    `fn load_${name}(${place}) -> ${value} { return ${half ? `${value}(${element})` : element}; }`,
    ...(mode === 'read'
      ? []
      : [`fn store_${name}(${place}, value: ${value}) { ${element} = ${half ? `${stored}(value)` : 'value'}; }`]),
  ].join('\n');
}

function imageBinding({ name, access }: Binding, index: number, image: ImagePlace): string {
  const place = texel(image, 'line', 'column');
  const isSampled = access === 'read' && image.support.reading === 'sampled';
  const type = isSampled ? 'texture_2d<f32>' : `texture_storage_2d<rgba32float, ${access}>`;
  const declaration = `@group(0) @binding(${index}) var image_${name}: ${type};`;
  const accessor =
    access === 'read'
      ? `fn load_${name}(line: u32, column: u32) -> vec4f { return textureLoad(image_${name}, ${place}${isSampled ? ', 0' : ''}); }`
      : `fn store_${name}(line: u32, column: u32, value: vec4f) { textureStore(image_${name}, ${place}, value); }`;
  return `${declaration}\n${accessor}`;
}
