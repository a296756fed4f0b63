import { KernelError } from '../errors.ts';
import type { Variant } from '../kernels/kernel.ts';
import type { Location, PlannedDispatch } from '../plan/placement.ts';
import { type Plan, uniformKey } from '../plan/plan.ts';
import { describeNode } from '../trace/describe.ts';
import { Arena } from '../trace/memory.ts';
import { BYTES_PER_ELEMENT } from '../trace/shape.ts';
import type { Device, Pipeline } from './device.ts';

/** One dispatch, ready to be encoded. */
export interface Launch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** Where the buffers of a plan are. */
export type Buffers = ReadonlyMap<Location['buffer'], GPUBuffer | GPUTexture>;

/** @param current the pipeline that the pass has, which is not set again: a recurrence launches one kernel many times */
export function encode(
  pass: GPUComputePassEncoder,
  { pipeline, bindGroup, workgroups }: Launch,
  current?: GPUComputePipeline,
): void {
  if (pipeline !== current) pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
}

/** The pipeline of a dispatch. What does not compile is told with the operation that asked for it. */
export async function compile(device: Device, { node, uses }: PlannedDispatch, { kernel }: Variant): Promise<Pipeline> {
  try {
    return await device.pipeline(kernel, uses);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new KernelError(error.code, `${describeNode(node)}: ${error.summary}`, { at: node.site, cause: error });
  }
}

/** Fills the uniforms and makes the bind groups, one for each dispatch. */
export function prepare(
  { gpu }: Device,
  plan: Plan,
  variants: readonly Variant[],
  pipelines: readonly Pipeline[],
  buffers: Buffers,
): Launch[] {
  const uniformData = new Uint32Array((plan.uniforms?.byteLength ?? 0) / BYTES_PER_ELEMENT);
  const launches = plan.dispatches.map((dispatch, index): Launch => {
    const entries: GPUBindGroupEntry[] = dispatch.locations.map(({ buffer, offset, size }, binding) => {
      const memory = buffers.get(buffer);
      const isTexture = memory instanceof GPUTexture;
      return {
        binding,
        resource: isTexture ? memory.createView() : { buffer: required(buffers, buffer), offset, size },
      };
    });
    const place = plan.uniformPlaces.get(uniformKey(dispatch));
    if (place !== undefined && plan.uniforms !== undefined) {
      uniformData.set(dispatch.uniforms, place / BYTES_PER_ELEMENT);
      const buffer = required(buffers, plan.uniforms);
      const size = alignedUniformSize(dispatch.uniforms.length);
      entries.push({ binding: entries.length, resource: { buffer, offset: place, size } });
    }
    const { pipeline, layout } = pipelines[index];
    const bindGroup = gpu.createBindGroup({ label: dispatch.kernel.label, layout, entries });
    const { kernel, workgroups } = variants[index];
    return { label: kernel.label, pipeline, bindGroup, workgroups };
  });
  if (plan.uniforms !== undefined) gpu.queue.writeBuffer(required(buffers, plan.uniforms), 0, uniformData);
  return launches;
}

/** Uniform structs are bound in whole 16-byte rows. */
function alignedUniformSize(count: number): number {
  return Math.ceil(count / 4) * 16;
}

export function required(buffers: Buffers, key: Location['buffer']): GPUBuffer {
  const buffer = buffers.get(key);
  if (!(buffer instanceof GPUBuffer)) {
    const kind = key instanceof Arena ? 'arena' : 'buffer';
    throw new KernelError('closed', `The program has no ${kind} ${key.name}.`);
  }
  return buffer;
}
