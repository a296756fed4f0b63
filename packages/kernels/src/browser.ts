import { describeAdapter, openOn } from './device/adapter.ts';
import { parseDebug } from './device/debug.ts';
import type { Device } from './device/device.ts';
import type { PreparationOptions } from './device/preparation.ts';
import { type DatabaseFactory, TuningDatabase } from './device/tuning-database.ts';
import { KernelError } from './errors.ts';

export interface BrowserDeviceOptions extends PreparationOptions {
  /**
   * Measure kernel variants on this device and use the fastest, for at most so many seconds (true: 10); default true.
   */
  readonly tune?: boolean | number | undefined;
  /** Words of CHIPSMITH_DEBUG, divided by commas; defaults to the global variable of that name, if there is one. */
  readonly debug?: string | undefined;
  /** Where what these words ask for goes; default the console. */
  readonly print?: ((text: string) => void) | undefined;
}

/**
 * Opens a device in a page or worker: a core adapter, else one in compatibility mode (OpenGL ES class hardware).
 *
 * What tuning measures is remembered in IndexedDB, where the browser grants that; else until the page is left.
 *
 * @throws KernelError `no-adapter` if the browser has no WebGPU or finds no adapter, `option` for an unknown debug word
 * @throws the signal's reason once it is aborted
 */
export async function openDevice(options: BrowserDeviceOptions = {}): Promise<Device> {
  const words = options.debug ?? (globalThis as { CHIPSMITH_DEBUG?: string }).CHIPSMITH_DEBUG ?? '';
  const debug = parseDebug(words, options.print ?? console.log);
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
  const { indexedDB } = globalThis as { indexedDB?: DatabaseFactory };
  const { tune = true, onProgress, signal } = options;
  return openOn(adapter, new Set(gpu.wgslLanguageFeatures), description, {
    tuning: tune === false ? undefined : await TuningDatabase.open(description, indexedDB),
    seconds: tune === true ? undefined : Number(tune),
    debug,
    onProgress,
    signal,
  });
}
