import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readVgm, renderAudio, writeWav } from '@chipsmith/apu';
import { beforeAll, describe, expect, it } from 'vitest';
import { chipsmith, expectFailure, filesOf, jsonOf, scratchFolder, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');

beforeAll(() => writeMidiFolder(midi, 4));

describe('models, plan, doctor and render', () => {
  it('lists models with the parameters of the published one', async () => {
    expect(await jsonOf('models')).toEqual([
      { name: 'basic-rnn', parameters: 221_990, encoding: 'melody' },
      { name: 'mono-rnn', parameters: 280_962, encoding: 'mono' },
    ]);
    expect((await chipsmith('models')).stdout).toMatch(/^basic-rnn +221990 +melody/m);
  });

  it('plans what no adapter here could hold', async () => {
    const plan = await jsonOf('plan --layers 1024,1024 --batch 256 --length 512 --vram 6GB');
    expect(plan).toMatchObject({ fits: false, refusal: null });
    expect((plan as { peakBytes: number }).peakBytes).toBeGreaterThan(6e9);
  });

  it('plans memory whose categories add up, and tells whether it fits', async () => {
    const large = '--batch 64 --length 128 --layers 256,256';
    const plan = (await jsonOf(`plan ${large}`)) as Record<string, unknown>;
    const keys = ['model', 'parameters', 'peakBytes', 'byCategory', 'fits', 'chosen', 'refusal'];
    expect(Object.keys(plan)).toEqual(keys);
    const byCategory = plan.byCategory as Record<string, number>;
    expect(Object.values(byCategory).reduce((sum, bytes) => sum + bytes, 0)).toBe(plan.peakBytes);
    const { peakBytes } = plan;
    const unchanged = { microBatch: 64, recompute: [], recomputed: 0, peakBytes, byCategory };
    expect(plan).toMatchObject({ model: 'basic-rnn', fits: true, chosen: unchanged, refusal: null });
    expect(await jsonOf(`plan ${large} --vram ${Number(peakBytes) / 1000}KB`)).toEqual(plan);
    expect(await jsonOf(`plan ${large} --vram 10MB`)).toEqual({
      ...plan,
      fits: false,
      chosen: null,
      refusal: expect.stringMatching(/^Training with batch 64 and length 128 needs at least \d+\.?\d* MB \(/),
    });
  });

  it('shows what would be chosen beside what was asked', async () => {
    const small = '--batch 16 --length 64 --layers 32';
    const { peakBytes } = (await jsonOf(`plan ${small}`)) as { peakBytes: number };
    const { stdout } = await chipsmith(`plan ${small} --vram ${peakBytes / 1000 - 400}KB`);
    expect(stdout).toMatch(/^memory +bytes +size +bytes as chosen +size as chosen$/m);
    expect(stdout).toMatch(/^Does not fit into \d\.\d MB as asked\. With --vram, train chooses .+ computed again\.$/m);
    expect((await chipsmith(`plan ${small} --vram 1MB`)).stdout).toMatch(
      /^Does not fit into 1\.0 MB\. Training with batch 16 .*choose a smaller model\.$/m,
    );
    const stored = (await jsonOf(`plan ${small} --half activations`)) as Record<string, number>;
    expect(stored.peakBytesIn32Bits).toBe(peakBytes);
    expect(stored.peakBytes).toBeLessThan(peakBytes);
    const halves = (await jsonOf(`plan ${small} --micro-batch 4`)) as { peakBytes: number };
    expect(halves.peakBytes).toBeLessThan(peakBytes);
  });

  it('tells with --measure how long training takes with the settings that fit', async () => {
    const small = '--layers 8 --batch 8 --length 16';
    const plan = (await jsonOf(`plan ${small} --measure`)) as { speed: Record<string, number> };
    const { eventsPerSecond, secondsPerStep, usualSeconds, usualSteps, steps } = plan.speed;
    expect(eventsPerSecond * secondsPerStep).toBeCloseTo(8 * 16, 6);
    expect(usualSeconds).toBeCloseTo(1000 * secondsPerStep, 6);
    expect(usualSteps).toBe(1000);
    expect(steps).toBeGreaterThan(0);
    expect((await chipsmith(`plan ${small} --measure`)).stdout).toMatch(
      /\nOn .+: \d+ events\/s, so 1000 steps take about \d+:\d\d\.\n$/,
    );
    expect(await jsonOf(`plan ${small} --vram 1KB --measure`)).not.toHaveProperty('speed');
  });

  it('finds out that this machine can train, and how fast', async () => {
    expect(await jsonOf('doctor')).toMatchObject({
      node: process.version,
      adapter: { name: expect.any(String) },
      matrices: expect.stringMatching(/^(buffers|storage|sampled)$/),
      training: { model: 'basic-rnn', eventsPerSecond: expect.any(Number), usualSeconds: expect.any(Number) },
    });
    expect((await chipsmith('doctor')).stdout).toMatch(
      /\nSpeed +basic-rnn: \d+ events\/s, so 1000 steps take about [\d:]+\nThis machine can train\.\n$/,
    );
    await expectFailure(1, /computes nothing/, 'doctor --adapter null');
  });

  it('renders MIDI and register logs to the same sound', async () => {
    const source = join(midi, 'test/tune-3.mid');
    const place = (name: string) => join(folder, name);
    const told = await jsonOf(`render ${source} --output ${place('tune.vgm')}`);
    expect(told).toMatchObject({ input: source, output: place('tune.vgm'), seconds: expect.any(Number) });
    const log = readVgm(await readFile(place('tune.vgm')));
    await jsonOf(`render ${place('tune.vgm')} --output ${place('tune.wav')} --sample-rate 8000 --filter famicom`);
    const expected = writeWav(renderAudio(log, { sampleRate: 8000, filter: 'famicom' }), 8000);
    expect(Buffer.from(expected).equals(await readFile(place('tune.wav')))).toBe(true);
  });

  it('says what cannot be rendered', async () => {
    const output = join(folder, 'x.wav');
    await writeFile(join(folder, 'noise.mid'), 'no music');
    await expectFailure(1, /gone\.mid: there is no such file/, `render ${join(folder, 'gone.mid')} --output ${output}`);
    await expectFailure(1, /midi: is a folder; name a file/, `render ${midi} --output ${output}`);
    await expectFailure(1, /not a MIDI file/, `render ${join(folder, 'noise.mid')} --output ${output}`);
    await expectFailure(
      1,
      /there is no such file or folder/,
      `render ${join(midi, 'test/tune-3.mid')} --output ${join(folder, 'no/x.wav')}`,
    );
    expect(await filesOf(folder)).not.toContain('x.wav');
  });
});
