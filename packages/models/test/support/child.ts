import { openDevice } from '@chipsmith/kernels/node';
import { train } from '../../src/index.ts';
import { tinyOptions } from './tiny.ts';

/** A training in a process of its own, to be killed: run folder, `fresh` or `resume`, steps. */
const [folder, mode, steps] = process.argv.slice(2);
const device = await openDevice({ adapter: process.env.CHIPSMITH_ADAPTER ?? 'gles', tune: false });
await train({
  ...tinyOptions(device, folder),
  resume: mode === 'resume',
  steps: Number(steps),
  validateEvery: 1,
  onStart: () => process.stdout.write('started\n'),
});
device.destroy();
