import type { Kernel, Variant } from '../kernels/kernel.ts';
import type { PlannedDispatch } from '../plan/placement.ts';
import type { Device, Pipeline } from './device.ts';
import { compile, type Launch, type Transfer } from './launch.ts';
import type { PreparationOptions } from './preparation.ts';
import { warmUp } from './warm-up.ts';

/**
 * Compiles the kernels of one program in two steps, which count alike: making the pipelines, and launching each once.
 */
export class Compiling {
  readonly #device: Device;
  readonly #options: PreparationOptions;
  readonly #kernels: ReadonlySet<Kernel>;
  readonly #start = performance.now();

  constructor(device: Device, variants: readonly Variant[], options: PreparationOptions) {
    this.#device = device;
    this.#kernels = new Set(variants.map(({ kernel }) => kernel));
    this.#options = options;
  }

  /**
   * The pipelines of dispatches, made side by side: drivers may have threads for that.
   *
   * @throws KernelError `compile`, or the signal's reason once it is aborted
   */
  async pipelines(dispatches: readonly PlannedDispatch[], variants: readonly Variant[]): Promise<Pipeline[]> {
    const made = new Set<Kernel>();
    this.#tell(0, '');
    return Promise.all(
      dispatches.map(async (dispatch, index) => {
        const { kernel } = variants[index];
        const pipeline = await compile(this.#device, dispatch, variants[index]);
        this.#options.signal?.throwIfAborted();
        if (!made.has(kernel)) this.#tell(made.add(kernel).size, kernel.label);
        return pipeline;
      }),
    );
  }

  /** @throws KernelError from the device, or the signal's reason once it is aborted */
  async launchOnce(launches: readonly (Launch | Transfer)[]): Promise<void> {
    const { size } = this.#kernels;
    await warmUp(this.#device, launches, {
      signal: this.#options.signal,
      onLaunch: (share, label) => this.#tell(Math.min(2 * size - 1, size + Math.floor(size * share)), label),
    });
    this.#tell(2 * size, '');
  }

  #tell(done: number, label: string): void {
    const total = 2 * this.#kernels.size;
    if (total === 0) return;
    const seconds = (performance.now() - this.#start) / 1000;
    const secondsLeft = done === 0 ? undefined : (seconds * (total - done)) / done;
    this.#options.onProgress?.({ stage: 'compiling', done, total, label, secondsLeft });
  }
}
