import { describeAdapter, openOn } from './adapter.ts';
import type { Device } from './device.ts';
import { KernelError } from './errors.ts';

/**
 * Opens a device in a page or worker: a core adapter, else one in compatibility mode (OpenGL ES class hardware).
 *
 * @param options.tune measure kernel variants on this device and use the fastest, remembered until the page is left
 *   (default true)
 * @throws KernelError `no-adapter` if the browser has no WebGPU or finds no adapter
 */
export async function openDevice(options: { tune?: boolean } = {}): Promise<Device> {
  // WebGPU exists in secure contexts only; types promise it everywhere.
  const gpu: GPU | undefined = (globalThis as { navigator?: Navigator }).navigator?.gpu;
  if (gpu === undefined) {
    throw new KernelError(
      'no-adapter',
      'No WebGPU here: use a current browser and open the page by https or localhost.',
    );
  }
  const core = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  const adapter = core ?? (await gpu.requestAdapter({ featureLevel: 'compatibility' }));
  if (adapter === null) {
    throw new KernelError('no-adapter', 'The browser finds no WebGPU adapter: update it and the graphics driver.');
  }
  const description = describeAdapter(adapter.info, core === null ? 'compatibility' : 'default');
  return openOn(adapter, description, options.tune === false ? undefined : new Map());
}
