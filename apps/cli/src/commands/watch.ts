import { once } from 'node:events';
import { type Command, flag } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print } from '../terminal/output.ts';
import { integer } from '../terminal/values.ts';
import { runsIn, snapshotOf } from '../watch/runs.ts';
import { startWatchServer } from '../watch/server.ts';

export const watch: Command = {
  name: 'watch',
  description:
    'Follow a training run, or all runs in a folder, on a page for this machine only: curves, rate, memory, and previews to hear. With --json, print once how far they are and end.',
  positionals: '<run folder>',
  options: {
    port: { type: 'string', valueHint: 'n', description: 'port of the page on 127.0.0.1 (default any that is free)' },
  },
  examples: [
    ['watch runs/nes', 'One run, while it is trained or later'],
    ['watch runs --port 8080', 'All runs in the folder runs, always under the same address'],
    ['watch runs/nes --json', 'How far it is, for a script'],
  ],
  async run(args) {
    const [folder, ...others] = args._;
    if (folder === undefined || others.length > 0) {
      throw new UsageError('chipsmith watch: name one folder (--help shows how)');
    }
    const port = integer(args, 'port', { least: 0, most: 65_535 }) ?? 0;
    const runs = await runsIn(folder);
    if (flag(args, 'json')) {
      const snapshots = await Promise.all([...runs].map(([name, record]) => snapshotOf(name, record)));
      print(args, { runs: snapshots }, '');
      return 0;
    }
    await interruptible(async (signal) => {
      const server = await startWatchServer(folder, port);
      try {
        print(args, {}, `Open ${server.url} in a browser of this machine; Ctrl-C ends it.`);
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        await server.close();
      }
    });
    return 0;
  },
};
