import { create, globals } from 'webgpu';

/** Both libraries' WebGPU backends look for `navigator.gpu`, which Node lacks. */
interface Navigator {
  readonly gpu: Pick<GPU, 'requestAdapter'>;
  readonly userAgent: string;
  readonly hardwareConcurrency: number;
}

/** What the flags of Dawn call the backends that differ from it in name. */
const DAWN_NAMES: Readonly<Record<string, string>> = { gles: 'opengles' };

/**
 * Gives this process a `navigator.gpu` on the backend that our own device was opened by, so that both use one adapter.
 *
 * @param backend as in `AdapterDescription`
 */
export function provideNavigator(backend: string, hardwareConcurrency: number): void {
  const compatibility = backend === 'gles';
  // Without a display EGL needs to know it before the library is loaded.
  if (compatibility && process.platform === 'linux') process.env.EGL_PLATFORM ??= 'surfaceless';
  const gpu = create(backend === 'default' ? [] : [`backend=${DAWN_NAMES[backend] ?? backend}`]);
  const navigator: Navigator = {
    gpu: {
      requestAdapter: async (options) => {
        const adapter = await gpu.requestAdapter({
          ...options,
          ...(compatibility ? { featureLevel: 'compatibility' } : {}),
        });
        // tfjs 4.22 asks for this one as a list in a list, which is refused; a browser's canvas needs it, kernels
        // don't.
        const features = new Set(adapter?.features);
        features.delete('bgra8unorm-storage');
        return adapter === null ? null : Object.defineProperty(adapter, 'features', { value: features });
      },
    },
    userAgent: 'Node',
    hardwareConcurrency,
  };
  // The reference keeps the binding's object alive; when it is collected before its devices, the process crashes.
  Object.assign(globalThis, globals, { peersGpu: gpu });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
}
