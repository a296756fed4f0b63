import { KernelError } from '../errors.ts';
import { MAX_WORKGROUPS, variantsOf } from '../kernels/kernel.ts';
import { describeNode, describeTensor } from '../trace/describe.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { MemoryLimits } from './packing.ts';
import type { PlannedDispatch } from './plan.ts';

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
  for (const [index, { size }] of locations.entries()) if (size > most) requireValueFits(operands[index], size, limits);
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
