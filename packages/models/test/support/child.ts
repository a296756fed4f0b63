import { openDevice } from '@chipsmith/kernels/node';
import { train } from '../../src/index.ts';
import { endlessOptions, type Kind } from './endless.ts';

/** A training in a process of its own, to be killed: run folder, kind, `fresh` or `resume`, steps. */
const [folder, kind, mode, steps] = process.argv.slice(2);
const device = await openDevice({ adapter: process.env.CHIPSMITH_ADAPTER ?? 'gles', tune: false });
await train({
  ...endlessOptions(device, folder, kind as Kind),
  resume: mode === 'resume',
  steps: Number(steps),
  // A dot for each validation, written before its checkpoint is saved.
  onProgress: () => process.stdout.write('.'),
});
device.destroy();
