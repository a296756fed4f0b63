import { KernelError } from '../errors.ts';
import { TEXEL_BYTES } from '../kernels/image.ts';
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

/** Whole rows of a buffer, copied to a texture by a command instead of a kernel. */
export interface Transfer {
  readonly label: string;
  readonly from: GPUTexelCopyBufferInfo;
  readonly to: GPUTexelCopyTextureInfo;
  readonly size: readonly [width: number, height: number];
}

/** Encodes launches into one compute pass, which ends and begins anew only where a transfer stands between. */
export function encode(encoder: GPUCommandEncoder, launches: readonly (Launch | Transfer)[]): void {
  let pass: GPUComputePassEncoder | undefined;
  // Not set again where it stays the same: a recurrence launches one kernel many times.
  let current: GPUComputePipeline | undefined;
  for (const launch of launches) {
    if ('from' in launch) {
      pass?.end();
      pass = current = undefined;
      encoder.copyBufferToTexture(launch.from, launch.to, launch.size);
      continue;
    }
    const { pipeline, bindGroup, workgroups } = launch;
    pass ??= encoder.beginComputePass();
    if (pipeline !== current) pass.setPipeline(pipeline);
    current = pipeline;
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
  }
  pass?.end();
}

/** The pipeline of a dispatch. What does not compile is reported with the operation that needs it. */
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
): (Launch | Transfer)[] {
  const uniformData = new Uint32Array((plan.uniforms?.byteLength ?? 0) / BYTES_PER_ELEMENT);
  const launches = plan.dispatches.map((dispatch, index): Launch | Transfer => {
    const transfer = transferOf(dispatch, buffers);
    if (transfer !== undefined) return transfer;
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

/** WebGPU copies rows between buffers and textures whose bytes are a multiple of this. */
const TRANSFER_ALIGNMENT = 256;

/**
 * The command that does what a dispatch does, where that only copies rows: 8 MiB take llvmpipe 0.8 ms, and 2.5 ms by a
 * kernel that copies between buffers, whose loads and stores go lane by lane.
 */
function transferOf({ kernel, copiesRows, locations }: PlannedDispatch, buffers: Buffers): Transfer | undefined {
  if (copiesRows === undefined || locations[0].half) return undefined;
  const { bytes, count } = copiesRows;
  const texture = buffers.get(locations[1].buffer);
  const place = locations[1].image;
  const isPlain = place !== undefined && Math.max(place.layout.lines, place.layout.columns) <= place.support.maxSide;
  if (!(texture instanceof GPUTexture) || !isPlain || bytes % TRANSFER_ALIGNMENT !== 0) return undefined;
  const { buffer, offset } = locations[0];
  const from = { buffer: required(buffers, buffer), offset, bytesPerRow: bytes };
  return { label: kernel.label, from, to: { texture }, size: [bytes / TEXEL_BYTES, count] };
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
