import { KernelError } from '../errors.ts';
import { variantsOf } from '../kernels/dispatch.ts';
import type { TextureSupport } from '../kernels/image.ts';
import { MAX_WORKGROUPS } from '../kernels/kernel.ts';
import { describeNode, describeTensor } from '../trace/describe.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { PlannedDispatch } from './placement.ts';

/** What a device allows; the base limits are those that every WebGPU adapter grants. */
export interface MemoryLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  /** Set where kernels read matrices from textures: on devices where that was measured to be faster. */
  readonly textures?: TextureSupport | undefined;
}
/** What every WebGPU device grants. */
export const BASE_LIMITS: MemoryLimits = { maxBufferSize: 256 * 2 ** 20, maxStorageBufferBindingSize: 128 * 2 ** 20 };

/** A value is bound whole, and lies in one buffer. @throws KernelError `limit` */
export function requireValueFits(tensor: Tensor, byteLength: number, limits: MemoryLimits): void {
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  if (byteLength <= most) return;
  const at = tensor.source.kind === 'node' ? tensor.source.node.site : undefined;
  const what = `a value of ${byteLength} bytes exceeds the device's ${most} a binding`;
  throw new KernelError('limit', `${describeTensor(tensor)}: ${what}; use a smaller batch or model.`, { at });
}

/** Operands are bound whole, and a grid has at most MAX_WORKGROUPS an axis. @throws KernelError `limit` */
export function requireDispatchFits(dispatch: PlannedDispatch, limits: MemoryLimits): void {
  const { node, locations, operands } = dispatch;
  const most = limits.maxStorageBufferBindingSize;
  for (const [index, { size, image }] of locations.entries()) {
    if (image === undefined && size > most) requireValueFits(operands[index], size, limits);
  }
  for (const { workgroups } of variantsOf(dispatch)) {
    if (Math.max(...workgroups) <= MAX_WORKGROUPS) continue;
    const why = `${workgroups.join(' x ')} workgroups exceed ${MAX_WORKGROUPS} an axis`;
    const at = node.site;
    throw new KernelError('limit', `${describeNode(node)}: ${why}; use a smaller batch or model.`, { at });
  }
}

/** Buffers are as large as an adapter allows, or the plan is refused before anything is allocated. */
export function requireBufferFits(
  { name, byteLength }: { name: string; byteLength: number },
  limits: MemoryLimits,
): void {
  if (byteLength <= limits.maxBufferSize) return;
  const why = `${byteLength} bytes exceed the device's ${limits.maxBufferSize} a buffer`;
  throw new KernelError('limit', `${name}: ${why}; use a smaller model.`);
}
