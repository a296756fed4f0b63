import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { type CheckpointName, train } from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { testDevice } from './support/device.ts';
import { endlessOptions, type Kind } from './support/endless.ts';
import { temporaryFolder } from './support/folder.ts';

const device = await testDevice();
const root = await temporaryFolder();
const child = fileURLToPath(new URL('support/child.ts', import.meta.url));

/** A training in a process of its own. */
function startTraining(folder: string, kind: Kind, mode: 'fresh' | 'resume', steps: number): ChildProcess {
  const node = ['--conditions=@chipsmith/source', '--import', 'tsx', child, folder, kind, mode, String(steps)];
  return spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Waits until a training has validated so many times, or has ended. */
async function validations(training: ChildProcess, times: number): Promise<void> {
  let count = 0;
  await new Promise<void>((resolve) => {
    training.once('exit', () => resolve());
    training.stdout?.on('data', (dots: Buffer) => {
      count += dots.length;
      if (count >= times) resolve();
    });
  });
}

/** Loads what a killed process left. @returns the steps of both checkpoints; undefined where there is none */
async function stepsIn(folder: string): Promise<Record<CheckpointName, number | undefined>> {
  const names = await readdir(join(folder, 'checkpoints'));
  const stepOf = async (name: CheckpointName) =>
    names.includes(`${name}.safetensors`) ? (await new RunFolder(folder).load(name)).metadata.training.step : undefined;
  return { latest: await stepOf('latest'), best: await stepOf('best') };
}

describe('a training that is killed', () => {
  it.each<[Kind, number]>([
    ['from random values', 10],
    ['with mixed lengths', 3],
    ['from another run', 2],
  ])('%s ends with the checkpoints of one that was not, byte for byte', { timeout: 240_000 }, async (kind, kills) => {
    const folder = join(root, kind);
    const random = new Random(kills);
    let before = 0;
    for (let round = 0; round < kills; round++) {
      const training = startTraining(folder, kind, round === 0 ? 'fresh' : 'resume', 1_000_000);
      // Of two validations the first one's checkpoint is on disk, however slow the machine is.
      await validations(training, 2 + random.nextInteger(3));
      await new Promise((resolve) => setTimeout(resolve, random.nextInteger(100)));
      training.kill('SIGKILL');
      const [, signal] = training.signalCode === null ? await once(training, 'exit') : [null, training.signalCode];
      expect(signal).toBe('SIGKILL');
      const { latest = -1, best = latest } = await stepsIn(folder);
      expect(latest).toBeGreaterThan(before);
      // `best` is saved first: it may be one validation ahead.
      expect(best).toBeLessThanOrEqual(latest + 2);
      before = latest;
    }
    const end = before + 5;
    const training = startTraining(folder, kind, 'resume', end);
    if (training.exitCode === null) await once(training, 'exit');
    expect(training.exitCode).toBe(0);
    expect((await stepsIn(folder)).latest).toBe(end);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.includes('partial'))).toEqual([]);

    const whole = join(root, `${kind}, whole`);
    await train({ ...endlessOptions(device, whole, kind), steps: end });
    for (const name of ['latest', 'best']) {
      const [one, other] = [folder, whole].map((run) => join(run, 'checkpoints', `${name}.safetensors`));
      expect((await readFile(one)).equals(await readFile(other))).toBe(true);
    }
  });
});
