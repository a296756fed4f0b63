import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunFolder } from '@chipsmith/models/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chipsmith,
  chipsmithWords,
  expectFailure,
  filesOf,
  jsonOf,
  scratchFolder,
  start,
  TINY,
  writeMidiFolder,
} from './support/cli.ts';

const folder = scratchFolder();
const data = join(folder, 'data');
const run = join(folder, 'run');
const latestOf = (runFolder: string) => join(runFolder, 'checkpoints/latest.safetensors');

let trained: unknown;

beforeAll(async () => {
  await writeMidiFolder(join(folder, 'midi'), 8);
  await jsonOf(`prepare ${join(folder, 'midi')} --output ${data}`);
  trained = await jsonOf(`train --data ${data} --run ${run} --steps 3 ${TINY}`);
});

/** A copy of the trained run, to spoil. */
async function copyOfRun(name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(run, copy, { recursive: true });
  return copy;
}

describe('train', () => {
  it('keeps control characters in the name of a run from the terminal', async () => {
    const named = join(folder, 'red\u001b[31m');
    const words = ['train', '--data', data, '--run', named, '--steps', '1', ...TINY.split(' ')];
    const { code, stdout, lines } = await chipsmithWords(words);
    expect(code).toBe(0);
    expect(existsSync(named)).toBe(true);
    expect([stdout, ...lines].filter((line) => line.includes('\u001b'))).toEqual([]);
  });

  it('allocates what it predicted, which is what plan tells, and writes a run folder', async () => {
    const { predicted, measured, ...rest } = trained as Record<string, unknown>;
    const plan = (await jsonOf(`plan ${TINY}`)) as Record<string, unknown>;
    expect(measured).toEqual(predicted);
    expect(predicted).toEqual(plan.byCategory);
    expect(rest).toMatchObject({ step: 3, reason: 'finished', folder: run, parameters: plan.parameters });
    expect(await filesOf(run)).toEqual([
      'checkpoints',
      'checkpoints/best.safetensors',
      'checkpoints/latest.safetensors',
      'config.json',
      'device.json',
      'metrics.jsonl',
    ]);
  });

  it('shows predicted and measured memory and how far it is', async () => {
    const { code, stdout, lines } = await chipsmith(
      `train --data ${data} --run ${join(folder, 'shown')} --steps 2 ${TINY}`,
    );
    expect(code).toBe(0);
    expect(stdout).toContain(`Run folder: ${join(folder, 'shown')}`);
    const place = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line));
    const order = [/^memory +predicted$/, /^total +\d\.\d MB$/, /^compiling kernels 0%/, /^\d\.\d MB measured/].map(
      place,
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(lines[order[3]].startsWith(lines[order[1]].replace(/^total +/, ''))).toBe(true);
    expect(lines).toContainEqual(expect.stringMatching(/^training 100% step 2, loss \d\.\d+, valid \d\.\d+, /));
  });

  it('refuses what does not fit, what exists and what cannot be read, before it makes anything', async () => {
    const before = await filesOf(folder);
    const other = join(folder, 'other');
    await expectFailure(
      1,
      /^Training with batch 4 and length 16 needs at least 4\.\d MB .*; 1 MB are allowed: no --batch or --length fits/,
      `train --run ${other} ${TINY} --vram 1MB`,
    );
    await expectFailure(
      1,
      /run: the folder is not empty; go on with --resume/,
      `train --data ${data} --run ${run} ${TINY}`,
    );
    await expectFailure(
      1,
      /midi: is not a dataset .*chipsmith prepare/,
      `train --data ${join(folder, 'midi')} --run ${other}`,
    );
    await expectFailure(1, /computes nothing/, `train --data ${data} --run ${other} ${TINY} --adapter null`);
    await expectFailure(
      1,
      /part of the path is a file/,
      `train --data ${data} --run ${join(run, 'config.json/x')} ${TINY}`,
    );
    await expectFailure(2, /^--patience must be/, `train --run ${run} ${TINY} --patience -1`);
    expect(await filesOf(folder)).toEqual(before);
  });

  it('says in one line that there is no such adapter', async () => {
    const line = `train --data ${data} --run ${join(folder, 'none')} ${TINY}`;
    const { code, stdout, lines } = await start(line, { CHIPSMITH_ADAPTER: 'some-unknown-name' }).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lines).toEqual([expect.stringMatching(/^No WebGPU adapter .*some-unknown-name/)]);
  });
});

describe('what train says at its end', () => {
  it('is what to type next, which works, and that nothing was learnt yet', async () => {
    const short = join(folder, 'a short run');
    const args = ['train', '--data', data, '--run', short, '--minutes', '0.02', ...TINY.split(' ')];
    const { code, stdout, lines } = await chipsmithWords(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stopped by --minutes at step \d+; lowest validation loss /);
    expect(stdout).toContain(`\nGo on training: pnpm chipsmith train --resume --run '${short}' --minutes 0.02\n`);
    expect(stdout).toContain(`\nMake tracks:    pnpm chipsmith generate --run '${short}'\n`);
    expect(lines).toContainEqual(expect.stringMatching(/^training \d+% step 1, loss .* 0:0\d left$/));
    const again = await chipsmithWords(['train', '--resume', '--run', short, '--minutes', '0.02', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      reason: 'time',
      next: { generate: expect.stringContaining(short) },
    });
  });

  it('warns of a model that has learnt nothing, and so does generate', async () => {
    const warning =
      /^The model has learnt nothing: its validation loss is \d\.\d+ nats an event, the baseline reaches \d\.\d+; train it longer/;
    expect(trained).toMatchObject({ warning: expect.stringMatching(warning) });
    const made = await chipsmith(`generate --run ${run} --count 1 --bars 2 --output ${join(folder, 'learnt')} --json`);
    expect(made.lines).toContainEqual(expect.stringMatching(warning));
    expect(JSON.parse(made.stdout)).toMatchObject({ warning: expect.stringMatching(warning) });
  });
});

describe('train --vram', () => {
  const shape = '--layers 32 --batch 16 --length 64';
  const held = join(folder, 'held');
  let asked: number;
  let told: Record<string, unknown>;

  beforeAll(async () => {
    asked = ((await jsonOf(`plan ${shape}`)) as { peakBytes: number }).peakBytes;
    const line = `train --data ${data} ${shape} --steps 2`;
    told = (await jsonOf(`${line} --run ${held} --vram ${(asked - 4e5) / 1000}KB`)) as Record<string, unknown>;
  });

  it('holds to the memory that it was given by the settings that plan tells, and allocates what it predicted', async () => {
    const plan = await jsonOf(`plan ${shape} --vram ${(asked - 4e5) / 1000}KB`);
    const { chosen } = plan as { chosen: Record<string, unknown> };
    expect(plan).toMatchObject({ fits: false, peakBytes: asked, refusal: null });
    expect(told.measured).toEqual(told.predicted);
    expect(told.predicted).toEqual(chosen.byCategory);
    expect(told).toMatchObject({ microBatch: chosen.microBatch, recomputed: chosen.recomputed, unrestricted: asked });
    expect(chosen.peakBytes).toBeLessThanOrEqual(asked - 4e5);
  });

  it('says what it chose and what it saves, and resumes with that only', async () => {
    const vram = `--vram ${(asked - 4e5) / 1000}KB`;
    const { code, lines } = await chipsmith(`train --resume --run ${held} ${shape} ${vram} --steps 3`);
    expect(code).toBe(0);
    expect(lines).toContainEqual(
      expect.stringMatching(/^within \d.* MB: .* computed again; would take \d\.\d MB otherwise$/),
    );
    await expectFailure(2, /^--vram is .*MB in .*held and cannot change/, `train --resume --run ${held} --vram 8GB`);
    await expectFailure(2, /^--micro-batch is \d+ in .*held/, `train --resume --run ${held} --micro-batch 1`);
    await expectFailure(2, /^--vram is not limited in .*run and/, `train --resume --run ${run} --vram 8GB`);
  });

  it('leaves micro-batches to --micro-batch where that is given', async () => {
    const byHand = join(folder, 'by-hand');
    const line = `train --data ${data} --run ${byHand} ${shape} --micro-batch 4 --steps 2`;
    const { code, lines } = await chipsmith(line);
    expect(code).toBe(0);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^micro-batches of 4 of 16 sequences, nothing computed again; would take \d\.\d MB otherwise$/,
      ),
    );
    expect(await jsonOf(`${line} --resume --steps 3`)).toMatchObject({ step: 3, microBatch: 4, recomputed: 0 });
  });
});

describe('train --length of several lengths', () => {
  const SHAPE = '--layers 8 --batch 4 --length';

  it('allocates what it predicted, which is what plan tells: what the longest takes, and little more', async () => {
    const mixed = join(folder, 'mixed');
    const { predicted, measured, padding } = (await jsonOf(
      `train --data ${data} --run ${mixed} --steps 3 ${SHAPE} 64,128,256`,
    )) as { predicted: { activations: number }; measured: unknown; padding: number };
    expect(measured).toEqual(predicted);
    const planned = (length: string) => jsonOf(`plan ${SHAPE} ${length}`) as Promise<{ byCategory: typeof predicted }>;
    expect((await planned('64,128,256')).byCategory).toEqual(predicted);
    expect((await planned('256')).byCategory.activations).toBe(predicted.activations);
    // The songs have 127 events to predict.
    expect(padding).toBeLessThan(0.02);
    const again = await chipsmith(`train --resume --run ${mixed} --steps 4 ${SHAPE} 256,64,128`);
    expect(again.code).toBe(0);
    expect((await new RunFolder(mixed).load('latest')).metadata.training.length).toEqual([64, 128, 256]);
    await expectFailure(
      2,
      /^--length is 64,128,256 in .*mixed and cannot change/,
      `train --resume --run ${mixed} --length 64`,
    );
  });

  it('refuses what is no length, and models that see windows of one length', async () => {
    await expectFailure(2, /^--length: each must be a whole number from 1 to 16384, not "0"/, 'train --length 64,0');
    await expectFailure(2, /^--length takes 1 to 8 values/, 'plan --length 1,2,3,4,5,6,7,8,9');
    for (const command of ['train', 'plan']) {
      const refused = `${command} --model`;
      await expectFailure(
        2,
        /^vgm-lstm sees windows of one length, not of 3 and 4/,
        `${refused} vgm-lstm --length 3,4`,
      );
      await expectFailure(2, /^bitmap-auto\S+ sees whole sequences/, `${refused} bitmap-autoencoder --length 3`);
    }
  });
});

describe('train --from', () => {
  const others = join(folder, 'others');
  const tuned = join(folder, 'tuned');
  const shape = '--batch 4 --length 16';
  let before: unknown;

  beforeAll(async () => {
    await writeMidiFolder(join(folder, 'other midi'), 8, 2);
    const { code } = await chipsmithWords(['prepare', join(folder, 'other midi'), '--output', others]);
    expect(code).toBe(0);
    ({ from: before } = (await jsonOf(
      `train --from ${run} --data ${others} --run ${tuned} --steps 4 ${shape} --learning-rate 0.01`,
    )) as { from: unknown });
  });

  it('goes on with what another run learnt, at another rate, and tells the loss that it came with', async () => {
    expect(before).toMatchObject({ name: 'run', step: 3 });
    const { metadata, settings } = await new RunFolder(tuned).load('latest');
    expect(settings).toMatchObject({ layers: [8], optimiser: { learningRate: 0.01 } });
    expect(metadata.training.from).toEqual(before);
    const line = `train --from ${latestOf(run)} --data ${others} --run ${tuned}-again --steps 2 ${shape} --layers 8`;
    const { code, stdout } = await chipsmith(line);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^finished at step 2; .+; \d\.\d{3} before the first step, as latest\.safetensors had learnt\n/,
      ),
    ]);
    expect(stdout).toContain(`train --resume --run ${tuned}-again`);
  });

  it('resumes without the other run, which may be named again', async () => {
    const moved = `train --resume --from elsewhere/run --run ${tuned} --steps`;
    expect(await jsonOf(`${moved} 6`)).toMatchObject({ step: 6, from: before });
    await expectFailure(2, /^--from is run in .*tuned and cannot change/, `${moved.replace('/run', '/others')} 8`);
    await expectFailure(
      2,
      /^--from is not set in .*run and cannot change/,
      `train --resume --from ${tuned} --run ${run}`,
    );
  });

  it('refuses another model, other settings and what is no checkpoint', async () => {
    const from = `train --from ${run} --run ${join(folder, 'none')}`;
    await expectFailure(2, /^--model is basic-rnn in run and cannot change/, `${from} --model mono-rnn`);
    await expectFailure(2, /^--layers is 8 in run and cannot change/, `${from} --layers 16`);
    await expectFailure(1, /elsewhere: there is no such run or checkpoint/, `train --from ${folder}/elsewhere`);
    await expectFailure(1, /midi: has no checkpoint "best"/, `train --from ${folder}/midi`);
    const mono = join(folder, 'mono');
    await jsonOf(`prepare ${join(folder, 'midi')} --output ${mono} --encoding mono`);
    await expectFailure(1, /^basic-rnn learns melody, not mono/, `${from} --data ${mono}`);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

describe('train --resume', () => {
  it('refuses other settings, other data, and runs that are not there or damaged', async () => {
    await expectFailure(2, /^--layers is 8 in .*run and cannot change/, `train --resume --run ${run} --layers 9`);
    await expectFailure(2, /^--seed is 1 in .*run and cannot change/, `train --resume --run ${run} --seed 2`);
    const augment = `train --resume --run ${run} --augment`;
    await expectFailure(2, /^--augment is not set in .*run and cannot change/, `${augment} lakhnes`);
    await expectFailure(2, /^--augment must be lakhnes or polyphony or /, `${augment} twice`);
    await expectFailure(1, /has 3 steps already; ask for more with --steps/, `train --resume --run ${run} --steps 3`);
    await expectFailure(1, /trained on other data/, `train --resume --run ${run} --data corpus`);
    await expectFailure(1, /has no checkpoint "latest"/, `train --resume --run ${join(folder, 'nowhere')}`);
    await expectFailure(2, /^--run is needed/, 'train --resume');

    const cut = await copyOfRun('cut');
    const bytes = await readFile(latestOf(cut));
    await writeFile(latestOf(cut), bytes.subarray(0, bytes.length / 2));
    await expectFailure(1, /latest\.safetensors: cut short: .* use another one/, `train --resume --run ${cut}`);
    const other = bytes.toString('latin1').replace('basic-rnn', 'other-rnn');
    await writeFile(latestOf(cut), other, 'latin1');
    await expectFailure(1, /latest\.safetensors: There is no model "other-rnn"/, `train --resume --run ${cut}`);
    const wider = bytes.toString('latin1').replace('\\"layers\\":[8]', '\\"layers\\":[9]');
    await writeFile(latestOf(cut), wider, 'latin1');
    await expectFailure(1, /tensor .* has shape \[38, 32\], basic-rnn needs \[38, 36\]/, `train --resume --run ${cut}`);
  });

  it('leaves nothing behind after Ctrl-C while kernels are measured', async () => {
    const interrupted = join(folder, 'unready');
    const settings = `--data ${data} --layers 256,256 --batch 8 --length 32 --adapter gles`;
    const tuned = { CHIPSMITH_TUNE: 'on', XDG_CACHE_HOME: join(folder, 'cache') };
    for (const moment of ['measuring kernels 0% matrices', 'measuring kernels 0% lstm']) {
      const training = start(`train --run ${interrupted} ${settings}`, tuned);
      await training.said(moment);
      training.process.kill('SIGINT');
      const { code, stdout, lines } = await training.ended;
      expect({ code, stdout, last: lines.at(-1) }).toEqual({ code: 130, stdout: '', last: 'Interrupted.' });
      expect(lines.some((line) => /^(compiling|training \d)/.test(line))).toBe(false);
      expect(existsSync(interrupted)).toBe(false);
    }
    expect((await filesOf(join(folder, 'cache'))).filter((path) => /tuning\.json\./.test(path))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')(
    'saves when its terminal is closed, whoever else sends a signal',
    async () => {
      const closed = join(folder, 'closed');
      const training = start(`train --run ${closed} --data ${data} ${TINY} --steps 1000000 --validate-every 100000`);
      await training.said('training 0% step 10,');
      // What is printed from now on goes nowhere, as on a terminal that is gone.
      training.process.stdout?.destroy();
      training.process.stderr?.destroy();
      for (const signal of ['SIGHUP', 'SIGTERM', 'SIGHUP'] as const) training.process.kill(signal);
      expect((await training.ended).code).toBe(130);
      const { step } = (await new RunFolder(closed).load('latest')).metadata.training;
      expect(step).toBeGreaterThanOrEqual(10);
      expect(await filesOf(closed)).not.toContain('lock');
    },
  );

  it('goes on after Ctrl-C as if nothing had happened', async () => {
    const interrupted = join(folder, 'interrupted');
    const settings = `--data ${data} ${TINY} --validate-every 20 --patience 0`;
    const training = start(`train --run ${interrupted} ${settings} --steps 1000000 --json`);
    await training.said('training 0% step 10,');
    training.process.kill('SIGINT');
    const { code, stdout } = await training.ended;
    expect(code).toBe(130);
    const { step, reason } = JSON.parse(stdout) as { step: number; reason: string };
    expect(reason).toBe('interrupted');
    expect(await filesOf(join(interrupted, 'checkpoints'))).toContain('latest.safetensors');

    const steps = step + 15;
    await jsonOf(`train --resume --run ${interrupted} ${settings} --steps ${steps}`);
    const straight = join(folder, 'straight');
    await jsonOf(`train --run ${straight} ${settings} --steps ${steps}`);
    const [a, b] = await Promise.all([interrupted, straight].map((path) => readFile(latestOf(path))));
    expect(a.equals(b)).toBe(true);
  });
});

/** A file system of 192 KiB; only root may make one, and not in every container. */
const small = join(folder, 'small');
mkdirSync(small);
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=192k', 'chipsmith-test', small]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [small]);
});

describe.skipIf(!mounted)('on a full disk (skipped where this process may not mount a tmpfs)', () => {
  it('leaves nothing half-written, and keeps the checkpoint there was', async () => {
    const full = join(small, 'run');
    await cp(run, full, { recursive: true });
    await writeFile(join(small, 'filler'), '');
    await fill(join(small, 'filler'));
    const before = await readFile(latestOf(full));
    const files = await filesOf(small);
    await expectFailure(1, /run\/.*: the disk is full; free some space/, `train --resume --run ${full} --steps 5`);
    expect(await filesOf(small)).toEqual(files);
    expect(before.equals(await readFile(latestOf(full)))).toBe(true);

    const fresh = join(small, 'fresh');
    await expectFailure(
      1,
      /fresh.*: the disk is full; free some space/,
      `train --data ${data} --run ${fresh} ${TINY} --steps 1`,
    );
    expect(await filesOf(small)).toEqual(files);
    await expectFailure(
      1,
      /tracks: the disk is full/,
      `generate --run ${run} --output ${join(small, 'tracks')} --count 1 --bars 2`,
    );
    await expectFailure(1, /data: the disk is full/, `prepare ${join(folder, 'midi')} --output ${join(small, 'data')}`);
    await expectFailure(
      1,
      /tune\.wav: the disk is full/,
      `render ${join(folder, 'midi/test/tune-3.mid')} --output ${join(small, 'tune.wav')}`,
    );
    expect(await filesOf(small)).toEqual(files);
  });
});

/** A file system that nobody can write to, root neither. */
const sealed = join(folder, 'sealed');
mkdirSync(sealed);
const isSealed = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'chipsmith-test', sealed]).status === 0;
afterAll(() => {
  if (isSealed) spawnSync('umount', [sealed]);
});

describe.skipIf(!isSealed)('in a place that is read-only (skipped where this process may not mount a tmpfs)', () => {
  it.each([
    ['train', `--data ${data} ${TINY} --run`],
    ['generate', `--run ${run} --count 1 --bars 2 --output`],
    ['prepare', `${join(folder, 'midi')} --output`],
  ])('%s refuses at once and makes nothing', async (name, options) => {
    for (const place of [join(sealed, 'x'), join(sealed, 'far/away/x')]) {
      const { code, stdout, lines } = await chipsmith(`${name} ${options} ${place}`);
      expect({ code, stdout, lines: lines.filter((line) => !line.startsWith('The model has learnt')) }).toEqual({
        code: 1,
        stdout: '',
        lines: [`${place}: the place is read-only; choose another one`],
      });
    }
    expect(await filesOf(sealed)).toEqual([]);
  });
});

/** Writes until nothing fits any more but a line of metrics. */
async function fill(path: string): Promise<void> {
  for (;;) {
    try {
      await appendFile(path, Buffer.alloc(4096));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}
