import { CallSite } from '../call-site.ts';
import { KernelError } from '../errors.ts';
import type { Variant } from '../kernels/kernel.ts';
import { describePlan } from '../plan/describe-plan.ts';
import { requireBufferFits, requireDispatchFits } from '../plan/limits.ts';
import type { Block, Location } from '../plan/placement.ts';
import { HISTORY_LENGTH, type Plan } from '../plan/plan.ts';
import { requireData } from '../trace/data.ts';
import { describeTensor } from '../trace/describe.ts';
import { Arena, MEMORY_CATEGORIES } from '../trace/memory.ts';
import { type NumberBound, numberBounds, requireBelow } from '../trace/numbers.ts';
import { BYTES_PER_ELEMENT, type TensorData } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { Compiling } from './compiling.ts';
import type { Device, Pipeline } from './device.ts';
import { type Buffers, encode, type Launch, prepare, required, type Transfer } from './launch.ts';
import { NonFiniteDetector } from './non-finite.ts';
import type { PreparationOptions } from './preparation.ts';
import { formatProfile, type Profile, timeLaunches } from './profile.ts';

/** Settings of `Program.create`. */
export interface ProgramOptions extends PreparationOptions {
  /**
   * Checks every f32 value for NaN and infinity after the operation that wrote it; the next read or history throws a
   * `non-finite` error that names the first. Takes time and 256 bytes a value. Default true where CHIPSMITH_DEBUG says
   * nan.
   */
  readonly detectNonFinite?: boolean | undefined;
}

/** What `Program.create` puts together. */
interface Parts {
  readonly plan: Plan;
  readonly device: Device;
  readonly pipelines: readonly Pipeline[];
  readonly variants: readonly Variant[];
  readonly buffers: Buffers;
  readonly launches: readonly (Launch | Transfer)[];
  readonly detector: NonFiniteDetector | undefined;
}

/**
 * A plan on a device. Pipelines, buffers and bind groups are made once; a run is one encoder, one compute pass and one
 * submit, and reads nothing back.
 */
export class Program {
  readonly plan: Plan;
  readonly #device: Device;
  readonly #pipelines: readonly Pipeline[];
  readonly #variants: readonly Variant[];
  readonly #buffers: Buffers;
  readonly #launches: readonly (Launch | Transfer)[];
  readonly #detector: NonFiniteDetector | undefined;
  readonly #bounds: ReadonlyMap<Tensor, NumberBound>;
  #hasToldTimes = false;
  #runs = 0;
  #historyRead = 0;
  #closed = false;

  private constructor(parts: Parts) {
    this.plan = parts.plan;
    this.#device = parts.device;
    this.#pipelines = parts.pipelines;
    this.#variants = parts.variants;
    this.#buffers = parts.buffers;
    this.#launches = parts.launches;
    this.#detector = parts.detector;
    this.#bounds = numberBounds(parts.plan.nodes);
  }

  /**
   * Chooses and compiles the kernels of a plan, and allocates its memory. The first time on a machine this takes
   * seconds: see `PreparationOptions` for how to watch and end it.
   *
   * @throws KernelError `compile` naming the kernel and the line, `out-of-memory` with the plan's bytes, `limit` if the
   *   plan was made for a device of larger limits, `wrong-device` if an arena has its values on another device
   * @throws the signal's reason once it is aborted
   */
  static async create(device: Device, plan: Plan, options: ProgramOptions = {}): Promise<Program> {
    const at = new CallSite();
    const { debug } = device;
    if (debug.words.has('plan')) debug.print(describePlan(plan));
    device.requireOpen('Program.create');
    for (const dispatch of plan.dispatches) requireDispatchFits(dispatch, device.limits);
    for (const buffer of [...plan.arenas, ...plan.buffers]) requireBufferFits(buffer, device.limits);
    // Compile first: a kernel that does not compile must not leave buffers behind.
    const variants = (await device.tuner?.choose(device, plan.dispatches, options)) ?? plan.dispatches;
    const compiling = new Compiling(device, variants, options);
    const pipelines = await compiling.pipelines(plan.dispatches, variants);
    const buffers = new Map<Location['buffer'], GPUBuffer | GPUTexture>();
    let detector: NonFiniteDetector | undefined;
    const newArenas = plan.arenas.filter((arena) => !device.holds(arena));
    try {
      await device.allocating(describeMemory(plan), at, () => {
        for (const arena of plan.arenas) buffers.set(arena, device.arena(arena));
        for (const planned of plan.buffers) {
          const allocate = () => allocatePlanned(device, plan, planned);
          buffers.set(planned, planned.isPooled ? device.pooled(planned, allocate) : allocate());
        }
        if (options.detectNonFinite ?? debug.words.has('nan')) detector = new NonFiniteDetector(device, plan);
      });
      const own = prepare(device, plan, variants, pipelines, buffers);
      const launches = (await detector?.interleave(own, plan, buffers)) ?? own;
      const program = new Program({ plan, device, pipelines, variants, buffers, launches, detector });
      for (const tensor of plan.graph.inputs) {
        if (tensor.source.kind === 'input' && tensor.source.initial !== undefined) {
          program.write(tensor, tensor.source.initial);
        }
      }
      await compiling.launchOnce(launches);
      await device.check(at);
      options.signal?.throwIfAborted();
      return program;
    } catch (error) {
      for (const arena of newArenas) device.release(arena);
      device.free(plan.buffers.flatMap((planned) => buffers.get(planned) ?? []));
      detector?.destroy();
      throw error;
    }
  }

  /**
   * Sets an input for the runs to come.
   *
   * @throws KernelError `data-type` or `shape` if data and tensor differ in those; `range` for the number of a row or
   *   class that does not exist where an operation takes numbers from the input itself, as `embedding` does
   */
  write(input: Tensor, data: TensorData): void {
    this.#requireOpen('write');
    if (input.source.kind !== 'input')
      throw new KernelError('shape', `write: ${describeTensor(input)}: the tensor is not an input of the graph.`);
    requireData(data, input.dtype, input.shape, `write: ${describeTensor(input)}`);
    const bound = this.#bounds.get(input);
    if (bound !== undefined) requireBelow(bound, input, data);
    const { buffer, offset } = this.plan.location(input);
    this.#device.gpu.queue.writeBuffer(required(this.#buffers, buffer), offset, data);
  }

  /** Submits one run. Returns at once; what went wrong on the device is thrown by the next read or history. */
  run(): void {
    this.#requireOpen('run');
    const encoder = this.#device.gpu.createCommandEncoder();
    encode(encoder, this.#launches);
    const { history, historyTensors } = this.plan;
    if (history !== undefined) {
      const target = required(this.#buffers, history);
      for (const [column, tensor] of historyTensors.entries()) {
        const { buffer, offset } = this.plan.location(tensor);
        const cell = (this.#runs % HISTORY_LENGTH) * historyTensors.length + column;
        const source = required(this.#buffers, buffer);
        encoder.copyBufferToBuffer(source, offset, target, cell * BYTES_PER_ELEMENT, BYTES_PER_ELEMENT);
      }
    }
    this.#device.gpu.queue.submit([encoder.finish()]);
    this.#runs++;
  }

  /** Values of an output, a slot's variable or an input after the last run. */
  async read(tensor: Tensor): Promise<TensorData> {
    const at = new CallSite();
    this.#requireOpen('read');
    await this.#inspect(at);
    const { buffer, offset, size } = this.plan.location(tensor);
    const purpose = `Reading ${describeTensor(tensor)}`;
    const bytes = await this.#device.readBuffer(required(this.#buffers, buffer), offset, size, purpose, at);
    return tensor.dtype === 'u32' ? new Uint32Array(bytes) : new Float32Array(bytes);
  }

  /**
   * The remembered scalars of the runs since the last call, oldest first: one row a run, one number for each tensor
   * named in the plan. Runs more than HISTORY_LENGTH back are gone.
   */
  async history(): Promise<number[][]> {
    const at = new CallSite();
    this.#requireOpen('history');
    const { history, historyTensors } = this.plan;
    if (history === undefined) return [];
    const width = historyTensors.length;
    // Runs that start while this one is read back belong to the next call.
    const first = Math.max(this.#historyRead, this.#runs - HISTORY_LENGTH);
    const count = this.#runs - first;
    this.#historyRead = this.#runs;
    await this.#inspect(at);
    const purpose = `Reading the history of ${historyTensors.map(describeTensor).join(' and ')}`;
    const bytes = await this.#device.readBuffer(required(this.#buffers, history), 0, history.byteLength, purpose, at);
    const values = new Float32Array(bytes);
    return Array.from({ length: count }, (_, index) => {
      const start = ((first + index) % HISTORY_LENGTH) * width;
      return Array.from(values.subarray(start, start + width));
    });
  }

  /**
   * Times each kernel over some runs on copies of everything the program uses, so that its values stay as they are.
   *
   * @param runs from 1 on, of which each dispatch counts with its fastest
   * @throws KernelError `out-of-memory` if there is no room for the copies
   */
  async profile(runs = 3): Promise<Profile> {
    const at = new CallSite();
    this.#requireOpen('profile');
    const device = this.#device;
    const copies = new Map<Location['buffer'], GPUBuffer | GPUTexture>();
    try {
      await device.allocating(`a copy of ${describeMemory(this.plan)}`, at, () => {
        for (const planned of this.#buffers.keys()) {
          copies.set(planned, allocatePlanned(device, this.plan, planned));
        }
      });
      const encoder = device.gpu.createCommandEncoder();
      // Textures need no copies: each is filled by kernels before others read it.
      for (const [planned, copy] of copies) {
        if (copy instanceof GPUTexture) continue;
        encoder.copyBufferToBuffer(required(this.#buffers, planned), 0, copy, 0, copy.size);
      }
      device.gpu.queue.submit([encoder.finish()]);
      const launches = prepare(device, this.plan, this.#variants, this.#pipelines, copies);
      return await timeLaunches(device, launches, runs, at);
    } finally {
      device.free([...copies.values()]);
    }
  }

  /** Frees the program's own buffers, and those of its pool with the last program; arenas stay with the device. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#device.free(this.plan.buffers.flatMap((planned) => this.#buffers.get(planned) ?? []));
    this.#detector?.destroy();
  }

  /** What CHIPSMITH_DEBUG asks for before results are read. */
  async #inspect(at: CallSite): Promise<void> {
    const { debug } = this.#device;
    if (debug.words.has('times') && this.#runs > 0 && !this.#hasToldTimes) {
      this.#hasToldTimes = true;
      debug.print(formatProfile(await this.profile()));
    }
    await this.#detector?.requireFinite(this.#runs, at);
  }

  #requireOpen(method: string): void {
    if (this.#closed) throw new KernelError('closed', `${method}: the program was destroyed.`);
    this.#device.requireOpen(method);
  }
}

/** The memory of a buffer or texture of a plan, or of a copy of an arena. */
function allocatePlanned(device: Device, plan: Plan, planned: Location['buffer']): GPUBuffer | GPUTexture {
  const { name, byteLength } = planned;
  if (planned instanceof Arena)
    return device.allocate({ name, category: 'workspace', byteLength }, GPUBufferUsage.STORAGE);
  if (planned.texture !== undefined) return device.allocateTexture(planned, planned.texture);
  return device.allocate(planned, planned === plan.uniforms ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE);
}

/** What an allocation is for: "a program of 12 bytes (4 parameters, 8 activations; largest value matmul ...)". */
function describeMemory({ byCategory, peakBytes, blocks }: Plan): string {
  const parts = MEMORY_CATEGORIES.filter((category) => byCategory[category] > 0);
  const sizes = parts.map((category) => `${byCategory[category]} ${category}`).join(', ');
  const largest = blocks.reduce<Block | undefined>((a, b) => (b.elements > (a?.elements ?? 0) ? b : a), undefined);
  const value = largest === undefined ? '' : `; largest value ${describeTensor(largest.tensors[0])}`;
  return `a program of ${peakBytes} bytes (${sizes}${value})`;
}
