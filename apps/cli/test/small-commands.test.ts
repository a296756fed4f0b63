import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readVgm, renderAudio, writeVgm, writeWav } from '@chipsmith/apu';
import { readMidi } from '@chipsmith/data';
import { models } from '@chipsmith/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { chipsmith, expectFailure, filesOf, jsonOf, scratchFolder, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');

beforeAll(() => writeMidiFolder(midi, 4));

describe('models, plan, doctor and render', () => {
  it('lists models with the parameters of the published one', async () => {
    const list = (await jsonOf('models')) as { name: string }[];
    expect(list.map(({ name }) => name)).toEqual(models.map(({ name }) => name));
    const can = ['sample', 'continue'];
    expect(list[0]).toEqual({ name: 'basic-rnn', parameters: 221_990, encoding: 'melody', can });
    expect(list.find(({ name }) => name === 'bitmap-autoencoder')).toMatchObject({
      can: ['sample', 'reconstruct', 'vary', 'interpolate'],
    });
    expect((await chipsmith('models')).stdout).toMatch(/^basic-rnn +221990 +melody +sample, continue /m);
  });

  it('lists the settings of one model', async () => {
    const settings = ['--layers', '--dropout', '--algorithm', '--learning-rate', '--clip-norm'];
    const described = (await jsonOf('models basic-rnn')) as { settings: { option: string; description: string }[] };
    expect(described).toMatchObject({ name: 'basic-rnn', parameters: 221_990, encoding: 'melody' });
    expect(described.settings.map(({ option }) => option).slice(0, 5)).toEqual(settings);
    const { stdout } = await chipsmith('models basic-rnn');
    expect(stdout).toContain('\ncan sample, continue\n');
    expect(stdout).toMatch(/^ {2}--layers <n,n,\.\.> +units of each LSTM layer \(default 128,128\)$/m);
    for (const option of settings) expect(stdout).toContain(`  ${option} `);
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

  it('writes any song as MIDI, by either convention', async () => {
    const source = join(midi, 'test/tune-3.mid');
    const place = (name: string) => join(folder, name);
    const { song } = readMidi(await readFile(source), source);
    await jsonOf(`render ${source} --output ${place('log.vgm')}`);
    const notes = song.voices.pulse1.length;
    expect(await jsonOf(`render ${place('log.vgm')} --output ${place('log.mid')}`)).toMatchObject({ notes });
    const read = async (name: string) => readMidi(await readFile(place(name)), name).song;
    expect((await read('log.mid')).voices.pulse1.map(({ pitch }) => pitch)).toEqual(
      song.voices.pulse1.map(({ pitch }) => pitch),
    );
    await jsonOf(`render ${source} --output ${place('nes.mid')} --midi nesmdb`);
    expect(await read('nes.mid')).toEqual(song);
    await writeFile(place('tune.abc'), 'X:1\nK:C\nCDEF|\n');
    expect(await jsonOf(`render ${place('tune.abc')} --output ${place('tune.mid')}`)).toMatchObject({ notes: 4 });
  });

  it('renders what is packed, wrapped or damaged, says what it mended, and keeps tag and loop of a log', async () => {
    const place = (name: string) => join(folder, name);
    await jsonOf(`render ${join(midi, 'test/tune-3.mid')} --output ${place('plain.vgm')}`);
    const log = readVgm(await readFile(place('plain.vgm')));
    const tags = { title: 'Title', game: 'Game', author: 'Someone', system: 'A system' };
    const file = writeVgm({ ...log, loop: Math.floor(log.duration / 2) }, tags);
    await writeFile(place('log.vgz'), Buffer.concat([gzipSync(file), Buffer.alloc(9)]));
    const { code, lines } = await chipsmith(`render ${place('log.vgz')} --output ${place('again.vgm')}`);
    expect({ code, lines }).toEqual({
      code: 0,
      lines: [`${place('log.vgz')}: left out 9 bytes after the end of the gzip file`],
    });
    expect(Buffer.from(file).equals(await readFile(place('again.vgm')))).toBe(true);
    await writeFile(place('cut.vgm'), file.subarray(0, 0x400));
    expect(await jsonOf(`render ${place('again.vgm')} --output ${place('again.wav')}`)).toMatchObject({ repairs: [] });
    const cut = await chipsmith(`render ${place('cut.vgm')} --output ${place('cut.wav')}`);
    expect(
      cut.lines.filter((line) => /cut\.vgm: .*byte 1024.*: the music up to there was kept$/.test(line)),
    ).toHaveLength(1);
    await writeFile(place('tune.mid.gz'), gzipSync(await readFile(join(midi, 'test/tune-3.mid'))));
    await writeFile(place('tune.abc'), 'X:1\nT:Tune\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n');
    for (const name of ['tune.mid.gz', 'tune.abc']) {
      expect((await chipsmith(`render ${place(name)} --output ${place('x.vgm')}`)).code).toBe(0);
    }
    await rm(place('x.vgm'));
  });

  it('renders to a name as long as names can be', async () => {
    const name = `${'n'.repeat(251)}.vgm`;
    expect((await chipsmith(`render ${join(midi, 'test/tune-3.mid')} --output ${join(folder, name)}`)).code).toBe(0);
    expect((await filesOf(folder)).filter((file) => file.includes('partial'))).toEqual([]);
    await rm(join(folder, name));
  });

  it('says what cannot be rendered', async () => {
    const output = join(folder, 'x.wav');
    await writeFile(join(folder, 'noise.mid'), 'no music');
    await expectFailure(1, /gone\.mid: there is no such file/, `render ${join(folder, 'gone.mid')} --output ${output}`);
    await expectFailure(1, /midi: is a folder; name a file/, `render ${midi} --output ${output}`);
    await expectFailure(1, /zero: is not a plain file/, `render /dev/zero --output ${output}`);
    await writeFile(join(folder, 'empty.vgm'), '');
    await expectFailure(1, /empty\.vgm.*: the file is empty/, `render ${join(folder, 'empty.vgm')} --output ${output}`);
    await writeFile(join(folder, 'pack.rar'), 'Rar!\x1a\x07');
    const archive = /pack\.rar.*: unsupported file type \(RAR archive: unpack it/;
    await expectFailure(1, archive, `render ${join(folder, 'pack.rar')} --output ${output}`);
    await expectFailure(1, /not a MIDI file/, `render ${join(folder, 'noise.mid')} --output ${output}`);
    await expectFailure(
      1,
      /there is no such file or folder/,
      `render ${join(midi, 'test/tune-3.mid')} --output ${join(folder, 'no/x.wav')}`,
    );
    expect(await filesOf(folder)).not.toContain('x.wav');
  });
});
