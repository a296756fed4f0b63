/**
 * Lets signals and timers through amid long work in one thread. @throws the signal's reason if it is aborted by then
 */
export async function letThrough(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    // Pages lack it; there a timer takes 4 ms.
    if ('setImmediate' in globalThis) setImmediate(resolve);
    else setTimeout(resolve);
  });
  signal?.throwIfAborted();
}
