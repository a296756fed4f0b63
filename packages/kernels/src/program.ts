import { CallSite } from './call-site.ts';
import { describeNode, describeTensor } from './describe.ts';
import type { Device, Pipeline } from './device.ts';
import { KernelError } from './errors.ts';
import type { Variant } from './kernel.ts';
import { requireBufferFits, requireDispatchFits } from './limits.ts';
import { Arena, BINDING_ALIGNMENT, MEMORY_CATEGORIES } from './memory.ts';
import type { Block } from './packing.ts';
import { HISTORY_LENGTH, type Location, type Plan, type PlannedDispatch } from './plan.ts';
import { BYTES_PER_ELEMENT, elementCount, formatShape, type Tensor, type TensorData } from './tensor.ts';

interface Launch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/**
 * A plan on a device. Pipelines, buffers and bind groups are made once; a run is one encoder, one compute pass and one
 * submit, and reads nothing back.
 */
export class Program {
  readonly plan: Plan;
  readonly #device: Device;
  readonly #buffers: Map<Location['buffer'], GPUBuffer>;
  readonly #launches: readonly Launch[];
  #runs = 0;
  #historyRead = 0;
  #closed = false;

  private constructor(
    plan: Plan,
    device: Device,
    buffers: Map<Location['buffer'], GPUBuffer>,
    launches: readonly Launch[],
  ) {
    this.plan = plan;
    this.#device = device;
    this.#buffers = buffers;
    this.#launches = launches;
  }

  /**
   * Allocates and compiles a plan.
   *
   * @throws KernelError `compile` naming the kernel and the line, `out-of-memory` with the plan's bytes, `limit` if the
   *   plan was made for a device of larger limits, `wrong-device` if an arena has its values on another device
   */
  static async create(device: Device, plan: Plan): Promise<Program> {
    const at = new CallSite();
    device.requireOpen('Program.create');
    for (const dispatch of plan.dispatches) requireDispatchFits(dispatch, device.limits);
    for (const buffer of [...plan.arenas, ...plan.buffers]) requireBufferFits(buffer, device.limits);
    // Compile first: a kernel that does not compile must not leave buffers behind.
    const variants = (await device.tuner?.choose(device, plan.dispatches)) ?? plan.dispatches;
    const pipelines = await Promise.all(
      plan.dispatches.map((dispatch, index) => compile(device, dispatch, variants[index])),
    );
    const buffers = new Map<Location['buffer'], GPUBuffer>();
    const newArenas = plan.arenas.filter((arena) => !device.holds(arena));
    try {
      await device.allocating(describeMemory(plan), at, () => {
        for (const arena of plan.arenas) buffers.set(arena, device.arena(arena));
        for (const planned of plan.buffers) {
          const usage = planned === plan.uniforms ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
          buffers.set(planned, device.allocate(planned, usage));
        }
      });
      const launches = prepare(device, plan, variants, pipelines, buffers);
      const program = new Program(plan, device, buffers, launches);
      for (const tensor of plan.graph.inputs) {
        if (tensor.source.kind === 'input' && tensor.source.initial !== undefined) {
          program.write(tensor, tensor.source.initial);
        }
      }
      await device.check(at);
      return program;
    } catch (error) {
      for (const arena of newArenas) device.release(arena);
      device.free(plan.buffers.flatMap((planned) => buffers.get(planned) ?? []));
      throw error;
    }
  }

  /** Sets an input for the runs to come. @throws KernelError if data and tensor differ in type or length */
  write(input: Tensor, data: TensorData): void {
    this.#requireOpen('write');
    if (input.source.kind !== 'input')
      throw new KernelError('shape', 'write: the tensor is not an input of the graph.');
    const fits = data.length === elementCount(input.shape) && data instanceof Uint32Array === (input.dtype === 'u32');
    if (!fits) {
      const got = `${data.length} values of ${data.constructor.name}`;
      throw new KernelError('shape', `write: an input of ${input.dtype} ${formatShape(input.shape)} got ${got}.`);
    }
    const { buffer, offset } = this.plan.location(input);
    this.#device.gpu.queue.writeBuffer(required(this.#buffers, buffer), offset, data);
  }

  /** Submits one run. Returns at once; what went wrong on the device is thrown by the next read or history. */
  run(): void {
    this.#requireOpen('run');
    const encoder = this.#device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, workgroups } of this.#launches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    }
    pass.end();
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
    const purpose = `Reading the history of ${historyTensors.map(describeTensor).join(' and ')}`;
    const bytes = await this.#device.readBuffer(required(this.#buffers, history), 0, history.byteLength, purpose, at);
    const values = new Float32Array(bytes);
    return Array.from({ length: count }, (_, index) => {
      const start = ((first + index) % HISTORY_LENGTH) * width;
      return Array.from(values.subarray(start, start + width));
    });
  }

  /** Frees the program's own buffers; arenas stay with the device. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#device.free(this.plan.buffers.map((planned) => required(this.#buffers, planned)));
  }

  #requireOpen(method: string): void {
    if (this.#closed) throw new KernelError('closed', `${method}: the program was destroyed.`);
    this.#device.requireOpen(method);
  }
}

/** The pipeline of a dispatch. What does not compile is told with the operation that asked for it. */
async function compile(device: Device, { node, shared }: PlannedDispatch, { kernel }: Variant): Promise<Pipeline> {
  try {
    return await device.pipeline(kernel, shared);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new KernelError(error.code, `${describeNode(node)}: ${error.summary}`, { at: node.site, cause: error });
  }
}

/** What an allocation is for: "a program of 12 bytes (4 parameters, 8 activations; largest value matmul ...)". */
function describeMemory({ byCategory, peakBytes, blocks }: Plan): string {
  const parts = MEMORY_CATEGORIES.filter((category) => byCategory[category] > 0);
  const sizes = parts.map((category) => `${byCategory[category]} ${category}`).join(', ');
  const largest = blocks.reduce<Block | undefined>((a, b) => (b.elements > (a?.elements ?? 0) ? b : a), undefined);
  const value = largest === undefined ? '' : `; largest value ${describeTensor(largest.tensors[0])}`;
  return `a program of ${peakBytes} bytes (${sizes}${value})`;
}

/** Fills the uniforms and makes the bind groups, one for each dispatch. */
function prepare(
  { gpu }: Device,
  plan: Plan,
  variants: readonly Variant[],
  pipelines: readonly Pipeline[],
  buffers: ReadonlyMap<Location['buffer'], GPUBuffer>,
): Launch[] {
  const uniformData = new Uint32Array((plan.uniforms?.byteLength ?? 0) / BYTES_PER_ELEMENT);
  let uniformOffset = 0;
  const launches = plan.dispatches.map((dispatch, index): Launch => {
    const entries: GPUBindGroupEntry[] = dispatch.locations.map(({ buffer, offset, size }, binding) => ({
      binding,
      resource: { buffer: required(buffers, buffer), offset, size },
    }));
    if (dispatch.uniforms.length > 0 && plan.uniforms !== undefined) {
      uniformData.set(dispatch.uniforms, uniformOffset / BYTES_PER_ELEMENT);
      const buffer = required(buffers, plan.uniforms);
      const size = alignedUniformSize(dispatch.uniforms.length);
      entries.push({ binding: entries.length, resource: { buffer, offset: uniformOffset, size } });
      uniformOffset += BINDING_ALIGNMENT;
    }
    const { pipeline, layout } = pipelines[index];
    const bindGroup = gpu.createBindGroup({ label: dispatch.kernel.label, layout, entries });
    return { pipeline, bindGroup, workgroups: variants[index].workgroups };
  });
  if (plan.uniforms !== undefined) gpu.queue.writeBuffer(required(buffers, plan.uniforms), 0, uniformData);
  return launches;
}

/** Uniform structs are bound in whole 16-byte rows. */
function alignedUniformSize(count: number): number {
  return Math.ceil(count / 4) * 16;
}

function required(buffers: ReadonlyMap<Location['buffer'], GPUBuffer>, key: Location['buffer']): GPUBuffer {
  const buffer = buffers.get(key);
  if (buffer === undefined) {
    const kind = key instanceof Arena ? 'arena' : 'buffer';
    throw new KernelError('closed', `The program has no ${kind} ${key.name}.`);
  }
  return buffer;
}
