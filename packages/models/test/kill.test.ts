import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import type { CheckpointName } from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { temporaryFolder } from './support/folder.ts';

const root = await temporaryFolder();
const child = fileURLToPath(new URL('support/child.ts', import.meta.url));

/** A training that validates and saves after every step, in a process of its own, once its run folder is there. */
async function startTraining(folder: string, mode: 'fresh' | 'resume', steps: number): Promise<ChildProcess> {
  const node = ['--conditions=@chipsmith/source', '--import', 'tsx', child, folder, mode, String(steps)];
  const training = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (training.stdout !== null) await Promise.race([once(training.stdout, 'data'), once(training, 'exit')]);
  return training;
}

/** Loads what a killed process left. @returns the steps of both checkpoints; undefined where there is none */
async function stepsIn(folder: string): Promise<Record<CheckpointName, number | undefined>> {
  const names = await readdir(join(folder, 'checkpoints'));
  const stepOf = async (name: CheckpointName) =>
    names.includes(`${name}.safetensors`) ? (await new RunFolder(folder).load(name)).metadata.training.step : undefined;
  return { latest: await stepOf('latest'), best: await stepOf('best') };
}

describe('a training that is killed', () => {
  it('leaves checkpoints that load, at whatever moment, and can go on', { timeout: 120_000 }, async () => {
    const folder = join(root, 'run');
    const random = new Random(1);
    let before = 0;
    for (let round = 0; round < 4; round++) {
      const training = await startTraining(folder, round === 0 ? 'fresh' : 'resume', 1_000_000);
      await new Promise((resolve) => setTimeout(resolve, random.nextInteger(300)));
      training.kill('SIGKILL');
      const [, signal] = training.signalCode === null ? await once(training, 'exit') : [null, training.signalCode];
      expect(signal).toBe('SIGKILL');
      const { latest = -1, best = latest } = await stepsIn(folder);
      expect(latest).toBeGreaterThanOrEqual(before);
      // `best` is saved first: it may be one step ahead.
      expect(best).toBeLessThanOrEqual(latest + 1);
      before = latest;
    }
    const end = before + 2;
    const training = await startTraining(folder, 'resume', end);
    if (training.exitCode === null) await once(training, 'exit');
    expect(training.exitCode).toBe(0);
    expect((await stepsIn(folder)).latest).toBe(end);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.includes('partial'))).toEqual([]);
  });
});
