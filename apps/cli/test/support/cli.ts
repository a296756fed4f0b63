import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Encoding, findEncoding, Random, writeMidi } from '@chipsmith/data';
import { afterAll, expect, vi } from 'vitest';
import { run } from '../../src/cli.ts';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(PACKAGE, 'src/main.ts');

// Kernels are chosen without measuring, so that tests neither need nor change the user's cache.
process.env.CHIPSMITH_TUNE = 'off';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  /** Lines on standard error, without what the WebGPU binding says on its own. */
  readonly lines: readonly string[];
}

export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once standard error holds the text. */
  said(text: string): Promise<void>;
}

/** A folder of its own for a test file, removed at the end. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chipsmith-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the command in a process of its own, as the scripts of package.json do. */
export function start(line: string, env: NodeJS.ProcessEnv = {}, cwd: string = PACKAGE): Started {
  const args = ['--conditions=@chipsmith/source', '--import', import.meta.resolve('tsx'), MAIN, ...line.split(' ')];
  const inherited = { ...process.env, INIT_CWD: undefined, NODE_OPTIONS: undefined };
  const child = spawn(process.execPath, args, { cwd, env: { ...inherited, ...env }, timeout: 55_000 });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Warning: max'));
      resolve({ code, stdout, lines });
    });
  });
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (stderr.includes(text)) resolve();
      };
      listeners.add(look);
      look();
      void ended.then(({ code }) => reject(new Error(`ended with ${code} before it said "${text}": ${stderr}`)));
    });
  return { process: child, ended, said };
}

/**
 * Runs a command line (words between single spaces) within this process, which saves the second that a new one takes to
 * start.
 */
export function chipsmith(line: string): Promise<Ended> {
  return chipsmithWords(line === '' ? [] : line.split(' '));
}

/** As `chipsmith`, with words that may hold spaces. */
export async function chipsmithWords(words: readonly string[]): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += text;
      return true;
    }),
  );
  try {
    const code = await run(words);
    return { code, stdout: printed.stdout, lines: printed.stderr.split('\n').filter((line) => line !== '') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The command must end well; what it printed, read as JSON. */
export async function jsonOf(line: string): Promise<unknown> {
  const { code, stdout, lines } = await chipsmith(`${line} --json`);
  expect({ code, lines: code === 0 ? [] : lines }).toEqual({ code: 0, lines: [] });
  return JSON.parse(stdout);
}

/** The command must fail with this code, print no result, and say why in one last line that matches. */
export async function expectFailure(code: number, message: RegExp, line: string): Promise<void> {
  const ended = await chipsmith(line);
  expect(ended.lines.at(-1)).toMatch(message);
  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe('');
  expect(ended.lines.filter((line) => /^\s+at |report it/.test(line))).toEqual([]);
}

/** Training options for a model that takes a blink. */
export const TINY = '--layers 8 --batch 4 --length 16';

/**
 * Writes a folder of MIDI files, dealt to train, valid and test by their folders: scales up and down, all different.
 */
export async function writeMidiFolder(folder: string, count: number, seed = 1): Promise<void> {
  const encoding = findEncoding('melody');
  for (let index = 0; index < count; index++) {
    const split = ['train', 'train', 'valid', 'test'][index % 4];
    await mkdir(join(folder, split), { recursive: true });
    const melody = encoding.decode(randomMelody(encoding, seed * count + index), { title: `tune ${index}` });
    await writeFile(join(folder, split, `tune-${index}.mid`), writeMidi(melody));
  }
}

/** Writes eight such files, a dataset of their bitmaps, and the run of a small autoencoder that has hardly learnt. */
export async function trainOnBitmaps({ midi, data, run }: Readonly<Record<'midi' | 'data' | 'run', string>>) {
  await writeMidiFolder(midi, 8);
  await jsonOf(`prepare ${midi} --output ${data} --encoding onset-bitmap`);
  const small = '--channels 2 --code 4 --batch 4 --length 1 --adapter gles';
  await jsonOf(`train --model convolutional-autoencoder --data ${data} --run ${run} --steps 3 ${small}`);
}

/** Eight bars of quarter notes that walk up and down. */
function randomMelody(encoding: Encoding, seed: number): number[] {
  const random = new Random(seed);
  const scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76];
  let degree = 4;
  return Array.from({ length: 32 }).flatMap(() => {
    degree = Math.min(scale.length - 1, Math.max(0, degree + Math.floor(random.nextFloat() * 5) - 2));
    return [...encoding.encodePitches([scale[degree]]), 0, 0, 0];
  });
}

/** Everything in a folder, hidden files too, with paths relative to it. */
export async function filesOf(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}
