/**
 * Lets signals and timers through amid long work in one thread. @throws the signal's reason if it is aborted by then
 */
export async function letThrough(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}
