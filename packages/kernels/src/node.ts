import { create, globals } from 'webgpu';
import { describeAdapter, openOn } from './device/adapter.ts';
import { parseDebug } from './device/debug.ts';
import type { Device } from './device/device.ts';
import type { PreparationOptions } from './device/preparation.ts';
import type { MatrixReading } from './device/texture-probe.ts';
import { TuningCache } from './device/tuning-cache.ts';
import { KernelError } from './errors.ts';

/**
 * One binding object for each set of flags, kept for good: the process crashes when such an object is collected while a
 * device of it lives.
 */
const instances = new Map<string, GPU>();
Object.assign(globalThis, globals, { chipsmithGpuInstances: instances });

const INSTALL_HINT =
  'install a Vulkan driver for your GPU, or without one: apt-get install libegl-dev libgles2 libgl1-mesa-dri';

/** Backends by the names of this package; GLES needs compatibility mode, the others give core WebGPU. */
const BACKENDS: Readonly<Record<string, Attempt>> = {
  default: { backend: 'default', flags: [], compatibility: false },
  gles: { backend: 'gles', flags: ['backend=opengles'], compatibility: true },
  vulkan: { backend: 'vulkan', flags: ['backend=vulkan'], compatibility: false },
  metal: { backend: 'metal', flags: ['backend=metal'], compatibility: false },
  d3d12: { backend: 'd3d12', flags: ['backend=d3d12'], compatibility: false },
  null: { backend: 'null', flags: ['backend=null'], compatibility: false },
};

interface Attempt {
  readonly backend: string;
  readonly flags: readonly string[];
  readonly compatibility: boolean;
}

export interface NodeDeviceOptions extends PreparationOptions {
  /** Defaults to the environment variable CHIPSMITH_ADAPTER, then to `auto`. */
  readonly adapter?: string | undefined;
  /**
   * Measure kernel variants on this device and use the fastest, for at most so many seconds (true: 10). Defaults to the
   * variable CHIPSMITH_TUNE, `off` or seconds, then to true.
   */
  readonly tune?: boolean | number | undefined;
  /**
   * From where kernels read matrices: `buffers`, or copies in `storage` or `sampled` textures. Defaults to the variable
   * CHIPSMITH_MATRICES, then to what is measured to be fastest (see `tune`).
   */
  readonly matrices?: MatrixReading | undefined;
  /** Words divided by commas: plan, wgsl, times, nan (see the README); defaults to the variable CHIPSMITH_DEBUG. */
  readonly debug?: string | undefined;
  /** Where what these words ask for goes; default stderr. */
  readonly print?: ((text: string) => void) | undefined;
}

/**
 * Opens a device in Node. The adapter is one of
 *
 * - `auto` (default): the platform's default adapter; without one, `gles`.
 * - `gles`: OpenGL ES, which on Linux runs without a GPU on Mesa's llvmpipe (libegl-dev, libgles2, libgl1-mesa-dri).
 * - `null`: compiles and validates everything, computes nothing.
 * - `default`, `vulkan`, `metal`, `d3d12`: that backend alone.
 * - anything else: the first adapter whose name contains the text.
 *
 * What tuning measures is remembered in `$XDG_CACHE_HOME/chipsmith/tuning.json` (or `~/.cache/...`).
 *
 * @throws KernelError `no-adapter` with the adapters there are, or with what to install; `option` for an unknown word
 * @throws the signal's reason once it is aborted
 */
export async function openDevice(options: NodeDeviceOptions = {}): Promise<Device> {
  const debug = parseDebug(options.debug ?? process.env.CHIPSMITH_DEBUG ?? '', options.print ?? console.error);
  const matrices =
    parseReading('matrices', options.matrices) ?? parseReading('CHIPSMITH_MATRICES', process.env.CHIPSMITH_MATRICES);
  const tune = options.tune ?? parseTune(process.env.CHIPSMITH_TUNE);
  const adapterName = options.adapter ?? (process.env.CHIPSMITH_ADAPTER || 'auto');
  const { adapter, backend, wgslFeatures } = await requestAdapter(adapterName);
  const description = describeAdapter(adapter.info, backend);
  const isTuned = tune !== false && backend !== 'null';
  return openOn(adapter, wgslFeatures, description, {
    tuning: isTuned ? TuningCache.open(description) : undefined,
    seconds: tune === true ? undefined : Number(tune),
    matrices,
    debug,
    onProgress: options.onProgress,
    signal: options.signal,
  });
}

/** @throws KernelError `option` for another word */
function parseTune(text: string | undefined): boolean | number {
  if (text === undefined || text === '' || text === 'on') return true;
  if (text === 'off') return false;
  const seconds = Number(text);
  if (seconds >= 0 && Number.isFinite(seconds)) return seconds;
  throw new KernelError('option', `CHIPSMITH_TUNE: "${text}" is unknown; choose on, off, or a number of seconds.`);
}

/** @throws KernelError `option` for another word */
function parseReading(name: string, text: string | undefined): MatrixReading | undefined {
  if (text === undefined || text === '') return undefined;
  const reading = (['buffers', 'storage', 'sampled'] as const).find((word) => word === text);
  if (reading !== undefined) return reading;
  throw new KernelError('option', `${name}: "${text}" is unknown; choose buffers, storage or sampled.`);
}

interface Answer {
  readonly adapter: GPUAdapter;
  readonly backend: string;
  readonly wgslFeatures: ReadonlySet<string>;
}

async function requestAdapter(adapterName: string): Promise<Answer> {
  const ladder = [BACKENDS.default, BACKENDS.gles].filter(({ backend }) => backend === 'gles' || mayHaveDefault());
  const known =
    adapterName === 'auto' ? ladder : Object.hasOwn(BACKENDS, adapterName) ? [BACKENDS[adapterName]] : undefined;
  const attempts =
    known ?? ladder.map((attempt) => ({ ...attempt, flags: [...attempt.flags, `adapter=${adapterName}`] }));
  const reasons: string[] = [];
  for (const attempt of attempts) {
    try {
      const answer = await ask(attempt);
      if (answer !== null) return answer;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  // Dawn answers an unknown name with lines of the form
  // * backend: 'opengles', name: 'llvmpipe (LLVM 15.0.6, 256 bits)'
  const present = [...reasons.join('\n').matchAll(/name: '(.+)'/g)].map(([, name]) => `"${name}"`);
  if (known === undefined && present.length > 0) {
    const backends = ['auto', ...Object.keys(BACKENDS)].join(', ');
    const there = `there is ${present.join(', ')}; name part of one, or a backend (${backends})`;
    throw new KernelError('no-adapter', `No WebGPU adapter is called "${adapterName}": ${there}.`);
  }
  const why = reasons.map((reason) => ` (${reason.split('\n', 1)[0]})`).join('');
  throw new KernelError('no-adapter', `No WebGPU adapter for "${adapterName}"${why}: ${INSTALL_HINT}`);
}

async function ask({ backend, flags, compatibility }: Attempt): Promise<Answer | null> {
  // Without a display EGL needs to know it before the library is loaded.
  if (compatibility && process.platform === 'linux') process.env.EGL_PLATFORM ??= 'surfaceless';
  const key = flags.join(' ');
  const gpu = instances.get(key) ?? create([...flags]);
  instances.set(key, gpu);
  const adapter = await gpu.requestAdapter(
    compatibility ? { featureLevel: 'compatibility' } : { powerPreference: 'high-performance' },
  );
  return adapter && { adapter, backend, wgslFeatures: gpu.wgslLanguageFeatures };
}

/**
 * On Linux the default adapter needs the Vulkan loader. Dawn says on stderr that it is missing, which is not news to
 * someone without a GPU, so it is looked for first, by the same search that Dawn makes. A library that is there loads,
 * and Node then only complains that it is not an addon.
 */
function mayHaveDefault(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
    return true;
  } catch (error) {
    return !(error instanceof Error && error.message.includes('cannot open shared object file'));
  }
}
