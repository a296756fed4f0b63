import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Metrics, TrainOptions } from '../../src/index.ts';
import { RunFolder } from '../../src/node.ts';
import { testDevice } from './device.ts';
import { temporaryFolder } from './folder.ts';
import { tinyOptions } from './tiny.ts';

export const device = await testDevice();
export const root = await temporaryFolder();
let runs = 0;
/** Options of a run in a new folder. */
export function newRun({
  folder = join(root, `run-${runs++}`),
  ...changes
}: Partial<TrainOptions> & { folder?: string } = {}) {
  return { ...tinyOptions(device, folder), ...changes };
}

export async function metricsOf(folder: string): Promise<Metrics[]> {
  const text = await readFile(join(folder, 'metrics.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The step of the latest checkpoint, and all that it holds. */
export async function latest(folder: string) {
  const { metadata, state } = await new RunFolder(folder).load('latest');
  return { step: metadata.training.step, state };
}

/** A signal that is aborted from the look after so many steps on: training looks once before each step. */
export function abortedAfter(steps: number): AbortSignal {
  let looks = 0;
  return Object.defineProperty(new AbortController().signal, 'aborted', { get: () => ++looks > steps });
}
