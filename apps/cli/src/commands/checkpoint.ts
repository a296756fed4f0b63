import { type Checkpoint, RunFolder } from '@chipsmith/models';
import type { ArgsDef } from 'citty';
import { type Arguments, required, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';

export const checkpointOptions = {
  run: { type: 'string', valueHint: 'folder', description: 'run folder of a trained model' },
  checkpoint: {
    type: 'string',
    valueHint: 'best|latest',
    default: 'best',
    description: 'best on validation, or the latest',
  },
} satisfies ArgsDef;

/** @throws UsageError without --run, ModelError if the checkpoint is missing or damaged */
export async function checkpointOf(args: Arguments): Promise<{ run: RunFolder; checkpoint: Checkpoint }> {
  const name = text(args, 'checkpoint') ?? 'best';
  if (name !== 'best' && name !== 'latest') throw new UsageError(`--checkpoint must be best or latest, not "${name}"`);
  const run = new RunFolder(required(args, 'run', 'the folder of a trained model'));
  return { run, checkpoint: await run.load(name) };
}
