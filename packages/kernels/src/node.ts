import { create, globals } from 'webgpu';
import { Device } from './device.ts';
import { KernelError } from './errors.ts';

/** The binding crashes when the object from `create` is collected while a device lives, so it is kept for good. */
const instances: GPU[] = [];
Object.assign(globalThis, globals, { chipsmithGpuInstances: instances });

const INSTALL_HINT =
  'install a Vulkan driver for your GPU, or without one: apt-get install libegl1 libgles2 libgl1-mesa-dri';

/**
 * Opens a device in Node.
 *
 * - `auto` (default): the platform's default adapter; without one, OpenGL ES on Mesa's llvmpipe, which computes on the
 *   CPU and needs only libegl1, libgles2 and libgl1-mesa-dri.
 * - `gles`: the second of these at once.
 * - `null`: compiles and validates everything, computes nothing.
 * - `vulkan`, `metal`, `d3d12`: that backend.
 * - anything else: the first adapter whose name contains the text.
 *
 * @param options.adapter defaults to the environment variable CHIPSMITH_ADAPTER, then to `auto`
 * @throws KernelError `no-adapter` with what to install
 */
export async function openDevice(options: { adapter?: string | undefined } = {}): Promise<Device> {
  const wanted = options.adapter ?? process.env.CHIPSMITH_ADAPTER ?? 'auto';
  const adapter = await requestAdapter(wanted);
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const gpu = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  const { description, device, vendor, isFallbackAdapter } = adapter.info;
  const name = description || device || vendor || wanted;
  const software = isFallbackAdapter || /llvmpipe|swiftshader|software|basic render/i.test(name);
  return new Device(gpu, { name, backend: wanted, software });
}

async function requestAdapter(wanted: string): Promise<GPUAdapter> {
  const attempts = wanted === 'auto' ? ['default', 'gles'] : [wanted];
  const reasons: string[] = [];
  for (const attempt of attempts) {
    try {
      const adapter = await ask(attempt);
      if (adapter !== null) return adapter;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message.split('\n', 1)[0] : String(error));
    }
  }
  const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  throw new KernelError('no-adapter', `No WebGPU adapter for "${wanted}"${why}: ${INSTALL_HINT}`);
}

async function ask(attempt: string): Promise<GPUAdapter | null> {
  // Without a display EGL must be told so before the library is loaded.
  if (attempt === 'gles' && process.platform === 'linux') process.env.EGL_PLATFORM ??= 'surfaceless';
  const gpu = create(flags(attempt));
  instances.push(gpu);
  return gpu.requestAdapter(
    attempt === 'gles' ? { featureLevel: 'compatibility' } : { powerPreference: 'high-performance' },
  );
}

function flags(attempt: string): string[] {
  if (attempt === 'default') return [];
  if (attempt === 'gles') return ['backend=opengles'];
  if (['null', 'vulkan', 'metal', 'd3d12'].includes(attempt)) return [`backend=${attempt}`];
  return [`adapter=${attempt}`];
}
