import { EXIT } from './errors.ts';

/** Ctrl-C, a request to end, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C may come twice: from the terminal to all, and once more from the npm or pnpm that started us. In
 * milliseconds.
 */
const SAME_KEY = 500;

/**
 * Does long work that a signal may stop: the first one aborts, so that work can be saved. A second Ctrl-C ends the
 * process at once. Other signals do not, since a session that ends sends several of them in the same moment.
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  let since = 0;
  const interrupt = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (signal === 'SIGINT' && performance.now() - since > SAME_KEY) process.exit(EXIT.interrupted);
      return;
    }
    since = performance.now();
    process.stderr.write('\nStopping; press Ctrl-C again to stop at once.\n');
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
