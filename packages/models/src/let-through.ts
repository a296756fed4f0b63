/**
 * Lets signals and timers through amid long work in one thread. A message to oneself is answered within microseconds in
 * Node and in pages, where a timer would wait for 4 ms.
 *
 * @throws the signal's reason if it is aborted by then
 */
export async function letThrough(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
  signal?.throwIfAborted();
}
