import type { Device } from './device.ts';
import type { Launch, Transfer } from './launch.ts';

/** Between two looks at what the caller wants (ms): while a driver compiles, nothing else happens in this thread. */
const LOOK_EVERY = 50;

export interface WarmUpOptions {
  /** Called after each pipeline with the share of them that is done, 0..1. */
  readonly onLaunch?: (share: number, label: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Launches each pipeline once without a workgroup, so that drivers that compile at the first launch (OpenGL ES) do so
 * now: where it can be watched and ended, and not in the first run. The count is read from a buffer, since a launch of
 * none is left out.
 *
 * @throws the signal's reason once it is aborted
 */
export async function warmUp(
  device: Device,
  launches: readonly (Launch | Transfer)[],
  { onLaunch, signal }: WarmUpOptions,
): Promise<void> {
  const first = new Map<GPUComputePipeline, Launch>();
  for (const launch of launches) {
    if ('pipeline' in launch && !first.has(launch.pipeline)) first.set(launch.pipeline, launch);
  }
  const none = device.allocate(
    { name: 'no workgroups', category: 'workspace', byteLength: 12 },
    GPUBufferUsage.INDIRECT,
  );
  try {
    let looked = performance.now();
    let count = 0;
    for (const { pipeline, bindGroup, label } of first.values()) {
      const encoder = device.gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroupsIndirect(none, 0);
      pass.end();
      device.gpu.queue.submit([encoder.finish()]);
      if (performance.now() - looked > LOOK_EVERY) {
        await device.check();
        looked = performance.now();
        signal?.throwIfAborted();
      }
      onLaunch?.(++count / first.size, label);
    }
  } finally {
    device.free([none]);
  }
}
