import { CallSite } from '../call-site.ts';
import { KernelError, type KernelErrorCode } from '../errors.ts';
import type { TextureSupport } from '../kernels/image.ts';
import { FEATURES, type Feature, type Kernel, type Variant } from '../kernels/kernel.ts';
import { type BindingUse, bindingLayout, kernelSource, requiredFeatures } from '../kernels/shader.ts';
import type { MemoryLimits } from '../plan/limits.ts';
import type { PlannedBuffer, PlannedDispatch } from '../plan/placement.ts';
import { requireData } from '../trace/data.ts';
import {
  type Arena,
  type BytesByCategory,
  type MemoryCategory,
  noBytes,
  type Slot,
  STAGING_BYTES,
  totalBytes,
} from '../trace/memory.ts';
import { BYTES_PER_ELEMENT, type DataType, elementCount, formatShape, type TensorData } from '../trace/shape.ts';
import type { Debug } from './debug.ts';
import type { PreparationOptions } from './preparation.ts';

/**
 * The types of WebGPU and of the web that this package's declarations name. Empty, so that whoever installs the package
 * needs neither lib.dom nor @webgpu/types (which contradict each other); where there is one of them, its types are
 * merged with these. `test/package.test.ts` fails where one is missing.
 */
declare global {
  interface AbortSignal {}
  interface GPUDevice {}
  interface GPUBuffer {}
  interface GPUTexture {}
  interface GPUComputePipeline {}
  interface GPUCommandEncoder {}
  interface GPUComputePassEncoder {}
  interface GPUBindGroup {}
  interface GPUBindGroupLayout {}
  interface GPUBindGroupLayoutEntry {}
  interface GPUTexelCopyBufferInfo {}
  interface GPUTexelCopyTextureInfo {}
}

/** What a device was opened on. */
export interface AdapterDescription {
  /** For people: "llvmpipe (LLVM 15.0.6, 256 bits)". */
  readonly name: string;
  /** What the driver says of itself, often its version; may be empty. */
  readonly driver: string;
  /** The backend by which it was opened: `default`, `gles`, `vulkan`, `metal`, `d3d12`, `null`, `compatibility`. */
  readonly backend: string;
  /** True where the CPU does the work: llvmpipe, SwiftShader, WARP. */
  readonly software: boolean;
}

/** Features that this package asks for where the adapter has them; kernels use all but the clock. */
export const OPTIONAL_FEATURES: readonly DeviceFeature[] = [...(Object.keys(FEATURES) as Feature[]), 'timestamp-query'];

/** What a device may have beyond core WebGPU; see `Device.features`. */
export type DeviceFeature = Feature | 'timestamp-query';

/** Chooses among the variants of kernels; see `Tuner`. */
export interface VariantChooser {
  choose(
    device: Device,
    dispatches: readonly PlannedDispatch[],
    options?: PreparationOptions,
  ): Promise<readonly Variant[]>;
}

/** What is counted of a buffer or texture. */
interface AllocatedMemory {
  readonly category: MemoryCategory;
  readonly byteLength: number;
  /** Programs that have yet to free it: several where it belongs to a pool. */
  users: number;
}

/** On which device the values of an arena are. */
const holders = new WeakMap<Arena, Device>();

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/**
 * A GPUDevice with its memory counted and its errors caught. Programs and arenas live on it; nothing above this package
 * touches the GPUDevice. JavaScript's collector does not see GPU memory, so everything is freed by hand.
 */
export class Device {
  readonly gpu: GPUDevice;
  readonly adapter: AdapterDescription;
  /** Undefined where nothing is measured and the first variant of each kernel runs. */
  readonly tuner: VariantChooser | undefined;
  readonly features: ReadonlySet<DeviceFeature>;
  readonly debug: Debug;
  readonly #allocated = noBytes();
  /** Bytes of all categories that may be allocated. */
  #bound = Number.POSITIVE_INFINITY;
  /** Set once, when the device is opened; see `MemoryLimits`. */
  textures: TextureSupport | undefined;
  readonly #memory = new Map<GPUBuffer | GPUTexture, AllocatedMemory>();
  readonly #arenas = new Map<Arena, GPUBuffer>();
  /** Of pools, also what was freed since: `#memory` says whether it is still there. */
  readonly #pooled = new WeakMap<PlannedBuffer, GPUBuffer | GPUTexture>();
  readonly #pipelines = new Map<string, Promise<Pipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #staging: GPUBuffer;
  #reading: Promise<unknown> = Promise.resolve();
  #failure: { code: KernelErrorCode; message: string } | undefined;
  #closed = false;

  constructor(gpu: GPUDevice, adapter: AdapterDescription, tuner: VariantChooser | undefined, debug: Debug) {
    this.gpu = gpu;
    this.adapter = adapter;
    this.tuner = tuner;
    this.debug = debug;
    this.features = new Set(OPTIONAL_FEATURES.filter((feature) => gpu.features.has(feature)));
    gpu.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      const code = event.error instanceof GPUOutOfMemoryError ? 'out-of-memory' : 'validation';
      this.#failure ??= { code, message: `The device refused a command: ${firstLine(event.error.message)}` };
    });
    void gpu.lost.then(({ reason, message }) => {
      if (reason === 'destroyed') return;
      this.#failure = { code: 'device-lost', message: `The device was lost (${firstLine(message)}); start again.` };
    });
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    this.#staging = this.#create('staging', 'staging', STAGING_BYTES, usage);
  }

  get limits(): MemoryLimits {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    return { maxBufferSize, maxStorageBufferBindingSize, textures: this.textures, device: this.adapter.name };
  }

  /** Bytes allocated now, by category. */
  get allocated(): BytesByCategory {
    return { ...this.#allocated };
  }

  /**
   * Throws the first error that the device reported since the last check, once everything submitted has run.
   *
   * @param at the line that the error is to name
   */
  async check(at = new CallSite()): Promise<void> {
    await this.gpu.queue.onSubmittedWorkDone();
    this.#throwFailure('', at);
  }

  /** For programs. @throws KernelError `closed` if the device was destroyed */
  requireOpen(method: string): void {
    if (this.#closed) throw new KernelError('closed', `${method}: the device was destroyed.`);
  }

  /**
   * The buffer of an arena, made and zeroed when first asked for.
   *
   * @throws KernelError `closed` if slots were added since, `wrong-device` if its values are on another device
   */
  arena(arena: Arena): GPUBuffer {
    this.requireOpen(`arena ${arena.name}`);
    const holder = holders.get(arena) ?? this;
    if (holder !== this) {
      throw new KernelError(
        'wrong-device',
        `Arena ${arena.name} has its values on another device (${holder.adapter.name}); release it there first.`,
      );
    }
    const known = this.#arenas.get(arena);
    if (known !== undefined && known.size !== arena.byteLength) {
      throw new KernelError('closed', `Arena ${arena.name} grew after it was first used: add all slots before that.`);
    }
    if (known !== undefined) return known;
    const buffer = this.allocate(arena, GPUBufferUsage.STORAGE);
    this.#arenas.set(arena, buffer);
    holders.set(arena, this);
    return buffer;
  }

  /** Whether the arena has a buffer here. */
  holds(arena: Arena): boolean {
    return this.#arenas.has(arena);
  }

  /**
   * Sets the values of a slot.
   *
   * @throws KernelError `data-type` for another array, `shape` for another number of values
   */
  write(slot: Slot, data: TensorData): void {
    requireData(data, slot.arena.dtype, slot.shape, `write: slot ${slot.name}`);
    this.gpu.queue.writeBuffer(this.arena(slot.arena), slot.offset * BYTES_PER_ELEMENT, data);
  }

  /** Values of a slot of f32. @throws KernelError `data-type` if it holds u32, see `readIntegers` */
  async read(slot: Slot): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.#readSlot(slot, 'f32'));
  }

  /** Values of a slot of u32. @throws KernelError `data-type` if it holds f32 */
  async readIntegers(slot: Slot): Promise<Uint32Array<ArrayBuffer>> {
    return new Uint32Array(await this.#readSlot(slot, 'u32'));
  }

  async #readSlot(slot: Slot, dtype: DataType): Promise<ArrayBuffer> {
    const at = new CallSite();
    if (slot.arena.dtype !== dtype) {
      const way = dtype === 'f32' ? 'readIntegers' : 'read';
      throw new KernelError('data-type', `Slot ${slot.name} holds ${slot.arena.dtype}: read it by ${way}().`, { at });
    }
    const bytes = elementCount(slot.shape) * BYTES_PER_ELEMENT;
    const purpose = `Reading slot ${slot.name} ${formatShape(slot.shape)}`;
    const buffer = this.arena(slot.arena);
    return this.readBuffer(buffer, slot.offset * BYTES_PER_ELEMENT, bytes, purpose, at);
  }

  /** Frees the buffer of an arena; its values are gone. */
  release(arena: Arena): void {
    const buffer = this.#arenas.get(arena);
    if (buffer === undefined) return;
    this.#arenas.delete(arena);
    holders.delete(arena);
    this.free([buffer]);
  }

  /** For programs: a zeroed buffer that can be copied from and to. */
  allocate(
    { name, category, byteLength }: { name: string; category: MemoryCategory; byteLength: number },
    usage: number,
  ): GPUBuffer {
    return this.#create(name, category, byteLength, usage | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
  }

  /** For programs: a texture that kernels write to and read from. */
  allocateTexture({ name, category, byteLength }: PlannedBuffer, size: { width: number; height: number }): GPUTexture {
    const usage = GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST;
    const { width, height } = size;
    this.#requireRoom(name, byteLength);
    const texture = this.gpu.createTexture({ label: name, size: [width, height], format: 'rgba32float', usage });
    this.#count(texture, { category, byteLength });
    return texture;
  }

  /**
   * For programs: a buffer or texture of a pool, allocated for the first program that asks. Each of them calls `free`;
   * the last call frees it.
   */
  pooled(planned: PlannedBuffer, allocate: () => GPUBuffer | GPUTexture): GPUBuffer | GPUTexture {
    const known = this.#pooled.get(planned);
    const allocated = known && this.#memory.get(known);
    if (known !== undefined && allocated !== undefined) {
      allocated.users++;
      return known;
    }
    const memory = allocate();
    this.#pooled.set(planned, memory);
    return memory;
  }

  /**
   * Does some work with no more allocated at any moment than so many bytes, what was there before included. Of two that
   * run at the same time, the later one's bound holds for both until it ends.
   *
   * @throws KernelError `out-of-memory` where the work asks for more, instead of allocating it; whatever `work` throws
   */
  async within<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    const before = this.#bound;
    this.#bound = bytes;
    try {
      return await work();
    } finally {
      this.#bound = before;
    }
  }

  /** Runs allocations and turns an out-of-memory answer into an error that says for what. */
  async allocating(purpose: string, at: CallSite, allocate: () => void): Promise<void> {
    this.gpu.pushErrorScope('out-of-memory');
    let answer: Promise<GPUError | null>;
    try {
      allocate();
    } finally {
      answer = this.gpu.popErrorScope();
    }
    if ((await answer) !== null) {
      const message = `The device has no room for ${purpose}; use a smaller batch or model.`;
      throw new KernelError('out-of-memory', message, { at });
    }
  }

  free(memory: readonly (GPUBuffer | GPUTexture)[]): void {
    for (const piece of memory) {
      const allocated = this.#memory.get(piece);
      if (allocated === undefined) continue;
      allocated.users--;
      if (allocated.users > 0) continue;
      this.#allocated[allocated.category] -= allocated.byteLength;
      this.#memory.delete(piece);
      piece.destroy();
    }
    // Dawn keeps destroyed buffers until the next submit: 300 rounds of 1 MiB grew the process by 1.9 GB without one.
    this.gpu.queue.submit([]);
  }

  /**
   * Copies bytes to the host through the staging buffer, one reader at a time.
   *
   * @param purpose for errors, such as "Reading exp [3] -> [3]"
   * @param at the line that an error is to name
   */
  async readBuffer(
    source: GPUBuffer,
    offset: number,
    byteLength: number,
    purpose: string,
    at: CallSite,
  ): Promise<ArrayBuffer> {
    const read = async () => {
      this.requireOpen(purpose);
      const result = new Uint8Array(byteLength);
      for (let done = 0; done < byteLength; done += STAGING_BYTES) {
        const size = Math.min(STAGING_BYTES, byteLength - done);
        const encoder = this.gpu.createCommandEncoder();
        encoder.copyBufferToBuffer(source, offset + done, this.#staging, 0, size);
        this.gpu.queue.submit([encoder.finish()]);
        try {
          await this.#staging.mapAsync(GPUMapMode.READ, 0, size);
        } catch (error) {
          this.#throwFailure(`${purpose}: `, at);
          throw new KernelError('device-lost', `${purpose}: the device is gone; start again.`, { cause: error, at });
        }
        result.set(new Uint8Array(this.#staging.getMappedRange(0, size)), done);
        this.#staging.unmap();
      }
      this.#throwFailure(`${purpose}: `, at);
      return result.buffer;
    };
    const turn = this.#reading.then(read, read);
    this.#reading = turn.catch(() => undefined);
    return turn;
  }

  /** Whether the device has the features that a kernel requires, and as many threads in a workgroup. */
  supports({ requires = [], workgroupSize }: Kernel): boolean {
    const threads = workgroupSize.reduce((a, b) => a * b);
    const fits = threads <= this.gpu.limits.maxComputeInvocationsPerWorkgroup;
    return fits && requires.every((feature) => this.features.has(feature));
  }

  /**
   * The pipeline of a kernel; equal text compiles once, also when asked for twice at the same time.
   *
   * @param uses see `kernelSource`
   * @throws KernelError `compile` naming the kernel, the line and the column
   */
  pipeline(kernel: Kernel, uses: readonly BindingUse[]): Promise<Pipeline> {
    const missing = requiredFeatures(kernel, uses).find((feature) => !this.features.has(feature));
    if (missing !== undefined) {
      const why = `${this.adapter.name} lacks the feature ${missing}`;
      return Promise.reject(new KernelError('compile', `Kernel ${kernel.label} does not fit this device: ${why}.`));
    }
    const code = kernelSource(kernel, uses);
    const known = this.#pipelines.get(code);
    if (known !== undefined) return known;
    const compiling = this.#compile(kernel.label, code, this.#layout(kernel, uses));
    this.#pipelines.set(code, compiling);
    return compiling;
  }

  /** Frees everything, after which the device cannot be used. Without a submit: nothing should be under way then. */
  destroy(): void {
    this.#closed = true;
    for (const piece of this.#memory.keys()) piece.destroy();
    this.#memory.clear();
    for (const arena of this.#arenas.keys()) holders.delete(arena);
    this.#arenas.clear();
    Object.assign(this.#allocated, noBytes());
    this.gpu.destroy();
  }

  /** A lost device stays lost; other errors are reported once. */
  #throwFailure(context: string, at: CallSite): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    if (failure.code !== 'device-lost') this.#failure = undefined;
    throw new KernelError(failure.code, `${context}${failure.message}`, { at });
  }

  async #compile(label: string, code: string, layout: GPUBindGroupLayout): Promise<Pipeline> {
    if (this.debug.words.has('wgsl')) this.debug.print(`// Kernel ${label}\n${code}`);
    this.gpu.pushErrorScope('validation');
    const module = this.gpu.createShaderModule({ label, code });
    const validation = this.gpu.popErrorScope();
    const { messages } = await module.getCompilationInfo();
    const error = messages.find(({ type }) => type === 'error');
    if (error !== undefined || (await validation) !== null) {
      const where =
        error === undefined ? '.' : ` at line ${error.lineNum}:${error.linePos}: ${firstLine(error.message)}`;
      const line = error === undefined ? '' : ` in: ${code.split('\n')[error.lineNum - 1]?.trim()}`;
      throw new KernelError('compile', `Kernel ${label} does not compile${where}${line}`);
    }
    const pipelineLayout = this.gpu.createPipelineLayout({ label, bindGroupLayouts: [layout] });
    try {
      const compute = { module, entryPoint: 'main' };
      const pipeline = await this.gpu.createComputePipelineAsync({ label, layout: pipelineLayout, compute });
      return { pipeline, layout };
    } catch (cause) {
      const reason = cause instanceof Error ? firstLine(cause.message) : String(cause);
      throw new KernelError('compile', `Kernel ${label} does not fit this device: ${reason}`, { cause });
    }
  }

  /** Layouts are explicit and shared, because `layout: 'auto'` makes bind groups of equal pipelines incompatible. */
  #layout({ bindings, uniforms }: Kernel, uses: readonly BindingUse[]): GPUBindGroupLayout {
    const types = bindings.map((binding, index) => bindingLayout(binding, uses[index]));
    if (uniforms.length > 0) types.push({ buffer: { type: 'uniform' } });
    const key = JSON.stringify(types);
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const visibility = GPUShaderStage.COMPUTE;
    const entries = types.map((type, binding) => ({ binding, visibility, ...type }));
    const layout = this.gpu.createBindGroupLayout({ label: key, entries });
    this.#layouts.set(key, layout);
    return layout;
  }

  #create(label: string, category: MemoryCategory, size: number, usage: number): GPUBuffer {
    this.#requireRoom(label, size);
    const buffer = this.gpu.createBuffer({ label, size, usage });
    this.#count(buffer, { category, byteLength: size });
    return buffer;
  }

  #requireRoom(label: string, byteLength: number): void {
    const total = totalBytes(this.#allocated) + byteLength;
    if (total <= this.#bound) return;
    const message = `${label}: with its ${byteLength} bytes ${total} would be allocated, ${this.#bound} may be; allow more, or do with less.`;
    throw new KernelError('out-of-memory', message);
  }

  #count(piece: GPUBuffer | GPUTexture, { category, byteLength }: Omit<AllocatedMemory, 'users'>): void {
    this.#memory.set(piece, { category, byteLength, users: 1 });
    this.#allocated[category] += byteLength;
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0];
}
