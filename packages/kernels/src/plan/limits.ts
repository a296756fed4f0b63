import { KernelError } from '../errors.ts';
import { variantsOf } from '../kernels/dispatch.ts';
import type { TextureSupport } from '../kernels/image.ts';
import { MAX_WORKGROUPS } from '../kernels/kernel.ts';
import { describeNode, describeTensor } from '../trace/describe.ts';
import { Arena, type MemoryCategory } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import { changeableMemory, wholeOf } from '../trace/views.ts';
import type { PlannedBuffer, PlannedDispatch } from './placement.ts';

/** What a device allows; the base limits are those that every WebGPU adapter grants. */
export interface MemoryLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  /** Set where kernels read matrices from textures: on devices where that was measured to be faster. */
  readonly textures?: TextureSupport | undefined;
  /** The device whose limits these are, for messages. */
  readonly device?: string | undefined;
}
/** What every WebGPU device grants. */
export const BASE_LIMITS: MemoryLimits = { maxBufferSize: 256 * 2 ** 20, maxStorageBufferBindingSize: 128 * 2 ** 20 };

/** Whose limit a number of bytes is: "the 1024 a binding of llvmpipe". */
function describeLimit(bytes: number, of: 'a binding' | 'a buffer', limits: MemoryLimits): string {
  if (limits.device !== undefined) return `the ${bytes} ${of} of ${limits.device}`;
  if (limits !== BASE_LIMITS) return `the ${bytes} ${of} of the limits given to plan`;
  return `the ${bytes} ${of} that every WebGPU adapter grants; plan with the limits of the device (device.limits), which may be higher`;
}

/** What can be done about memory that is too large: that of parameters does not depend on the batch. */
function remedyFor(category: MemoryCategory | undefined): string {
  const isModel = category === 'parameters' || category === 'gradients' || category === 'optimiser';
  return isModel ? 'use a smaller model' : 'use a smaller batch or model';
}

function refusal(tensor: Tensor, byteLength: number, limit: string): KernelError {
  // What is too large is a value, and not the view by which it is read.
  const value = wholeOf(tensor);
  const at = value.source.kind === 'node' ? value.source.node.site : undefined;
  const memory = changeableMemory(value);
  const remedy = remedyFor(memory !== undefined && 'arena' in memory ? memory.arena.category : undefined);
  return new KernelError('limit', `${describeTensor(value)}: ${byteLength} bytes exceed ${limit}; ${remedy}.`, { at });
}

/** A value lies in one buffer. @throws KernelError `limit` */
export function requireBlockFits(tensor: Tensor, byteLength: number, limits: MemoryLimits): void {
  const { maxBufferSize } = limits;
  if (byteLength > maxBufferSize) throw refusal(tensor, byteLength, describeLimit(maxBufferSize, 'a buffer', limits));
}

/** Operands are bound whole, and a grid has at most MAX_WORKGROUPS an axis. @throws KernelError `limit` */
export function requireDispatchFits(dispatch: PlannedDispatch, limits: MemoryLimits): void {
  const { node, locations, operands } = dispatch;
  const most = limits.maxStorageBufferBindingSize;
  for (const [index, { size, image }] of locations.entries()) {
    if (image === undefined && size > most)
      throw refusal(operands[index], size, describeLimit(most, 'a binding', limits));
  }
  for (const { workgroups } of variantsOf(dispatch)) {
    if (Math.max(...workgroups) <= MAX_WORKGROUPS) continue;
    const why = `${workgroups.join(' x ')} workgroups exceed ${MAX_WORKGROUPS} an axis`;
    const at = node.site;
    throw new KernelError('limit', `${describeNode(node)}: ${why}; use a smaller batch or model.`, { at });
  }
}

/** Buffers are as large as an adapter allows, or the plan is refused before anything is allocated. */
export function requireBufferFits(buffer: Arena | PlannedBuffer, limits: MemoryLimits): void {
  const { name, byteLength } = buffer;
  if (byteLength <= limits.maxBufferSize) return;
  const what = buffer instanceof Arena ? `arena ${name} of ${buffer.slots.length} slots` : name;
  const limit = describeLimit(limits.maxBufferSize, 'a buffer', limits);
  throw new KernelError('limit', `${what}: ${byteLength} bytes exceed ${limit}; ${remedyFor(buffer.category)}.`);
}
