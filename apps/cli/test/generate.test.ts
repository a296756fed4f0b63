import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { playScore, readVgm, renderAudio, writeVgm, writeWav } from '@chipsmith/apu';
import { deriveSeed, findEncoding, readMidi, readSongs, type Song, trackOf } from '@chipsmith/data';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  chipsmith,
  expectFailure,
  filesOf,
  jsonOf,
  scratchFolder,
  start,
  TINY,
  writeMidiFolder,
} from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');
const data = join(folder, 'data');
const run = join(folder, 'run');
const encoding = findEncoding('melody');

const COUNT = 20;
const BARS = 2;
const SAMPLE_RATE = 16_000;
const SMALL = `--run ${run} --count 2 --bars 2 --sample-rate 8000`;

beforeAll(async () => {
  await writeMidiFolder(midi, 8);
  await jsonOf(`prepare ${midi} --output ${data}`);
  await jsonOf(`train --data ${data} --run ${run} --steps 3 ${TINY}`);
});

interface Sidecar {
  readonly name: string;
  readonly title: string;
  readonly seed: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly scores: Readonly<Record<string, number>>;
  readonly options: Readonly<Record<string, string | boolean>>;
  readonly events: readonly number[];
}

async function sidecarOf(output: string, name: string): Promise<Sidecar> {
  return JSON.parse(await readFile(join(output, `${name}.json`), 'utf8')) as Sidecar;
}

async function hashes(output: string): Promise<Record<string, string>> {
  const entries = (await filesOf(output)).map(async (file): Promise<[string, string]> => {
    return [
      file,
      createHash('sha256')
        .update(await readFile(join(output, file)))
        .digest('hex'),
    ];
  });
  return Object.fromEntries(await Promise.all(entries));
}

describe('generate', () => {
  it('makes twenty different tracks that can be read back and heard', async () => {
    const output = join(folder, 'twenty');
    const settings = `--count ${COUNT} --bars ${BARS} --sample-rate ${SAMPLE_RATE} --seed 5`;
    const told = await jsonOf(`generate --run ${run} ${settings} --output ${output}`);
    expect(told).toMatchObject({ output, page: join(output, 'index.html'), settings: { seed: 5, bars: BARS } });
    const names = Array.from({ length: COUNT }, (_, index) => `track-${String(index + 1).padStart(2, '0')}`);
    const endings = ['json', 'mid', 'vgm', 'wav'];
    const files = names.flatMap((name) => endings.map((ending) => `${name}.${ending}`));
    expect(await filesOf(output)).toEqual(['index.html', ...files].sort());

    const page = await readFile(join(output, 'index.html'), 'utf8');
    const different = { events: new Set<string>(), wav: new Set<string>() };
    for (const name of names) {
      const [mid, vgm, wav] = await Promise.all(
        ['mid', 'vgm', 'wav'].map((ending) => readFile(join(output, `${name}.${ending}`))),
      );
      const sidecar = await sidecarOf(output, name);
      expect(sidecar).toMatchObject({
        name,
        seed: 5,
        settings: {
          model: 'basic-rnn',
          step: 3,
          encoding: 'melody',
          bars: BARS,
          temperature: 0.9,
          loops: false,
          arranged: true,
          seed: 5,
        },
      });
      // A bar more than the track has, which is cut to the bars that fit the melody.
      expect(sidecar.events).toHaveLength((BARS + 1) * encoding.stepsPerBar);
      expect(Object.keys(sidecar.scores)).toEqual(expect.arrayContaining(['nllPerEvent', 'notes', 'pitches']));

      // The MIDI file holds the whole song: what it plays is, byte for byte, the other two files.
      const { song } = readMidi(mid, name);
      const log = playScore(song);
      expect(Buffer.from(writeVgm(log, { title: sidecar.title })).equals(vgm)).toBe(true);
      const sound = { sampleRate: SAMPLE_RATE, filter: 'nes' as const };
      expect(Buffer.from(writeWav(renderAudio(log, sound), SAMPLE_RATE)).equals(wav)).toBe(true);
      expect(readVgm(vgm).writes.length).toBeGreaterThan(100);
      expect(loudness(wav)).toBeGreaterThan(0.01);

      const melody = encoding.decode(sidecar.events, { title: '', beatsPerMinute: song.tempo.beatsPerMinute });
      const options = { bars: BARS, seed: deriveSeed(5, names.indexOf(name)), voices: encoding.voices };
      const track = trackOf(melody, { ...options, arranged: true, loops: false, keepsBars: false });
      expect(heard(song.voices.pulse1)).toEqual(heard(track?.voices.pulse1 ?? []));
      expect(song.voices.triangle.length).toBeGreaterThan(0);
      expect(page).toContain(`${name}.wav`);
      different.events.add(sidecar.events.join());
      different.wav.add(createHash('sha256').update(wav).digest('hex'));
    }
    expect(different.events.size).toBe(COUNT);
    expect(different.wav.size).toBe(COUNT);
  });

  it('gives the same files for the same seed, others for another, into <run>/samples by default', async () => {
    await jsonOf(`generate ${SMALL} --seed 3`);
    const samples = await hashes(join(run, 'samples'));
    expect(Object.keys(samples)).toHaveLength(9);
    await jsonOf(`generate ${SMALL} --seed 3 --output ${join(folder, 'again')}`);
    expect(await hashes(join(folder, 'again'))).toEqual(samples);
    await jsonOf(`generate ${SMALL} --seed 4 --output ${join(folder, 'again')} --replace`);
    const others = await hashes(join(folder, 'again'));
    for (const file of Object.keys(samples)) expect(others[file]).not.toBe(samples[file]);
  });

  it('makes a new folder beside one with tracks unless they are to be replaced, and says so', async () => {
    const output = join(folder, 'album');
    await jsonOf(`generate ${SMALL} --output ${output}`);
    const before = await hashes(output);
    const { stdout } = await chipsmith(`generate ${SMALL} --seed 2 --no-arrange --output ${output}`);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      `2 tracks in ${output}-2 (${output} holds tracks already; --replace would replace them)`,
      `Hear and see them: ${output}-2/index.html`,
    ]);
    expect(await hashes(output)).toEqual(before);
    expect(await jsonOf(`generate ${SMALL} --output ${output}`)).toMatchObject({ output: `${output}-3` });
    // What the page offers for more of the kind: all that was typed but seed and output.
    const { options } = await sidecarOf(`${output}-2`, 'track-01');
    expect(options).toEqual({ run, count: '2', bars: '2', 'sample-rate': '8000', arrange: false });
  });

  it('shows where the training songs lie in each figure, and goes without where they are gone', async () => {
    const output = join(folder, 'ranges');
    const told = (await jsonOf(`generate ${SMALL} --output ${output}`)) as { ranges: Record<string, number[]> };
    const { scores, ranges } = (await sidecarOf(output, 'track-01')) as Sidecar & { ranges: object };
    expect(Object.keys(scores)).toEqual(['nllPerEvent', ...Object.keys(ranges)]);
    expect(ranges).toEqual(told.ranges);
    // The tunes walk in steps of a scale.
    expect(told.ranges).toMatchObject({ leaps: [0, 0], grooveConsistency: [1, 1] });
    expect(await readFile(join(output, 'index.html'), 'utf8')).toContain('middle 90 % of the training songs');

    const moved = join(folder, 'moved');
    await cp(run, moved, { recursive: true });
    const config = join(moved, 'config.json');
    await writeFile(config, (await readFile(config, 'utf8')).replace(data, `${data}-gone`));
    const line = `generate ${SMALL.replace(run, moved)} --output ${join(folder, 'without')}`;
    const { code, lines } = await chipsmith(line);
    expect(code).toBe(0);
    expect(lines.filter((said) => said.startsWith('the training songs cannot be read'))).toHaveLength(1);
    expect(await sidecarOf(join(folder, 'without'), 'track-01')).not.toHaveProperty('ranges');
  });

  it('keeps the melody alone with --no-arrange', async () => {
    const output = join(folder, 'alone');
    await jsonOf(`generate ${SMALL} --no-arrange --output ${output}`);
    const { voices } = readMidi(await readFile(join(output, 'track-01.mid')), 'track-01.mid').song;
    expect(voices.pulse1.length).toBeGreaterThan(0);
    expect([voices.pulse2, voices.triangle, voices.noise]).toEqual([[], [], []]);
    expect((await sidecarOf(output, 'track-01')).settings.arranged).toBe(false);
  });

  it('loops with --loop: the .vgm says so, and the .wav goes on from its end at its start', async () => {
    const output = join(folder, 'loops');
    await jsonOf(`generate ${SMALL} --loop --output ${output}`);
    const log = readVgm(await readFile(join(output, 'track-01.vgm')));
    expect(log.loop).toBe(0);
    expect((await sidecarOf(output, 'track-01')).settings.loops).toBe(true);
    // The .mid file holds the whole song, with its title and its loop.
    const again = join(folder, 'again.vgm');
    await jsonOf(`render ${join(output, 'track-01.mid')} --output ${again}`);
    expect((await readFile(again)).equals(await readFile(join(output, 'track-01.vgm')))).toBe(true);
    const wav = await readFile(join(output, 'track-01.wav'));
    const sound = Float32Array.from({ length: (wav.length - 44) / 2 }, (_, index) => wav.readInt16LE(44 + 2 * index));
    const steps = sound.map((sample, index) =>
      Math.abs(sample - (index === 0 ? sound[sound.length - 1] : sound[index - 1])),
    );
    // The step from the last sample to the first is none that is not heard all the time.
    expect(steps[0]).toBeLessThanOrEqual(steps.slice(1).reduce((most, step) => Math.max(most, step)));
    const { loop: _, ...once } = log;
    expect(sound.length).toBe(renderAudio(once, { sampleRate: 8000 }).length);
  });

  it('starts every track with the primer', async () => {
    const pitches = join(folder, 'pitches');
    await jsonOf(`generate ${SMALL} --primer-pitches 60,64,67 --output ${pitches}`);
    const file = join(midi, 'train/tune-0.mid');
    const fromFile = join(folder, 'from-file');
    await jsonOf(`generate ${SMALL} --bars 9 --primer ${file} --output ${fromFile}`);
    const { song } = readMidi(await readFile(file), file);
    const primers: [output: string, primer: number[]][] = [
      [pitches, encoding.encodePitches([60, 64, 67])],
      [fromFile, Array.from(encoding.encode(song).sequences[0].events)],
    ];
    for (const [output, primer] of primers) {
      expect(primer.length).toBeGreaterThan(2);
      for (const name of ['track-01', 'track-02']) {
        const { events, settings } = await sidecarOf(output, name);
        expect(events.slice(0, primer.length)).toEqual(primer);
        expect(settings.primerEvents).toBe(primer.length);
      }
    }
  });

  it('goes on from the end of any song, in its key, tempo and meter, and says what it took', async () => {
    // 40 bars of 3/4 in E flat, no two alike next to each other.
    const scale = ['E', 'F', 'G', 'A', 'B', 'c', 'd', 'e'];
    const bars = Array.from({ length: 40 }, (_, bar) => [0, 2, 4].map((step) => scale[(bar * 3 + step) % 8]).join(''));
    const head = (number: number) => `X:${number}\nT:Song ${number}\nM:3/4\nL:1/4\nQ:1/4=90\nK:Eb\n`;
    const book = join(folder, 'book.abc');
    await writeFile(book, `${head(1)}${bars.join('|')}|\n\n${head(2)}${bars.toReversed().join('|')}|\n`);
    const output = join(folder, 'from-book');
    const line = `generate ${SMALL} --bars 8 --no-arrange --output ${output} --primer ${book}`;
    const { code, lines } = await chipsmith(line);
    const said = 'Primer: book.abc (the first of its 2 songs), the last 4 of 40 bars, 3/4, 90 bpm';
    expect(code).toBe(0);
    expect(lines).toContain(said);

    const [found] = readSongs(await readFile(book), book);
    const own = 'reading' in found ? found.reading.song : undefined;
    const { song } = readMidi(await readFile(join(output, 'track-01.mid')), 'track-01.mid');
    expect(song.tempo.beatsPerMinute).toBe(90);
    expect(song.meter).toMatchObject({ beats: 3, unit: 4 });
    expect(Math.floor(song.duration / (3 * 29_400))).toBe(8);
    const pitches = ({ voices }: Song) => voices.pulse1.map(({ pitch }) => pitch);
    expect(pitches(song).slice(0, 12)).toEqual(own && pitches(own).slice(-12));
    expect((await sidecarOf(output, 'track-01')).settings).toMatchObject({
      primer: said,
      primerEvents: 48,
      beatsPerMinute: 90,
    });

    await jsonOf(`${line} --bpm 150 --replace`);
    const faster = readMidi(await readFile(join(output, 'track-01.mid')), 'track-01.mid').song;
    expect(faster.tempo.beatsPerMinute).toBe(150);

    // The log of a track's chip is a song too.
    const vgm = join(output, 'track-01.vgm');
    expect(
      await jsonOf(`generate ${SMALL} --bars 8 --output ${join(folder, 'from-vgm')} --primer ${vgm}`),
    ).toMatchObject({
      settings: { primer: expect.stringMatching(/^Primer: track-01\.vgm, /) },
    });
    const rests = join(folder, 'rests.abc');
    await writeFile(rests, `${head(1)}z3|\n`);
    await expectFailure(1, /rests\.abc: .*; /, `generate ${SMALL} --primer ${rests}`);
  });

  it('writes .mid files by the convention of NES-MDB where asked', async () => {
    const output = join(folder, 'nesmdb');
    await jsonOf(`generate ${SMALL} --midi nesmdb --output ${output}`);
    const bytes = await readFile(join(output, 'track-01.mid'));
    // Ticks a quarter note, and a track name.
    expect(bytes.readUInt16BE(12)).toBe(22_050);
    expect(bytes.includes('p1')).toBe(true);
    await expectFailure(2, /--midi must be general-midi or nesmdb|general-midi/, `generate ${SMALL} --midi other`);
  });

  it('refuses how music is made as wrong usage: what the model lacks, and values that exclude each other', async () => {
    await expectFailure(
      2,
      /--density is not a setting of basic-rnn for sample; it has --temperature, /,
      `generate ${SMALL} --density 2`,
    );
    const crossed = '--lowest-pitch 80 --highest-pitch 60';
    await expectFailure(2, /lowestPitch: must not be above highestPitch/, `generate ${SMALL} ${crossed}`);
  });

  it('takes the likeliest events only with --top-k 1: the rest after a primer is then always the same', async () => {
    const primer = '--primer-pitches 60,64,67,72,60,64,67,72,60';
    await expectFailure(1, /Only [01] of 10 sequences were different/, `generate ${SMALL} ${primer} --top-k 1`);
    await expectFailure(1, /Only [01] of 10 sequences were different/, `generate ${SMALL} ${primer} --top-p 0.001`);
  });

  it('refuses what it cannot use, before it draws or writes anything', async () => {
    const foreign = join(folder, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'track-01.wav'), 'ours');
    await writeFile(join(foreign, 'thesis.txt'), 'precious');
    const before = await hashes(foreign);
    await expectFailure(1, /foreign: holds thesis\.txt, which is not a track/, `generate ${SMALL} --output ${foreign}`);
    await expectFailure(
      1,
      /thesis\.txt: a part of the path is a file/,
      `generate ${SMALL} --output ${join(foreign, 'thesis.txt')}`,
    );
    expect(await hashes(foreign)).toEqual(before);
    await expectFailure(1, /is the current folder/, `generate ${SMALL} --output ${await emptyWorkingFolder()}`);

    const never = `--output ${join(folder, 'never')}`;
    await expectFailure(
      1,
      /has no checkpoint "best"; train there first/,
      `generate --run ${join(folder, 'nowhere')} ${never}`,
    );
    await expectFailure(2, /pitch 10: .* use 48 to 83/, `generate ${SMALL} ${never} --primer-pitches 10`);
    await expectFailure(
      2,
      /primer has 32 events, .* more bars/,
      `generate ${SMALL} ${never} --primer-pitches ${Array(32).fill(60).join()}`,
    );
    await expectFailure(
      2,
      /--primer or --primer-pitches, not both/,
      `generate ${SMALL} ${never} --primer x --primer-pitches 60`,
    );
    await expectFailure(
      1,
      /gone\.mid: there is no such file/,
      `generate ${SMALL} ${never} --primer ${join(folder, 'gone.mid')}`,
    );
    await expectFailure(
      1,
      /config\.json.*: is not a list/,
      `generate ${SMALL} ${never} --primer ${join(run, 'config.json')}`,
    );

    const damaged = join(folder, 'damaged');
    await cp(run, damaged, { recursive: true });
    const best = join(damaged, 'checkpoints/best.safetensors');
    await writeFile(best, (await readFile(best)).subarray(0, 1000));
    await expectFailure(1, /best\.safetensors: .*use another one/, `generate --run ${damaged} ${never}`);
    await expectFailure(1, /best\.safetensors: .*use another one/, `evaluate --run ${damaged}`);
    expect(await filesOf(folder)).not.toContain('never');
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    const parent = join(folder, 'interrupted');
    await mkdir(parent);
    const generating = start(`generate --run ${run} --count 60 --output ${join(parent, 'tracks')}`);
    await generating.said('rendering 0%');
    generating.process.kill('SIGINT');
    const { code, stdout, lines } = await generating.ended;
    expect({ code, stdout, last: lines.at(-1) }).toEqual({ code: 130, stdout: '', last: 'Interrupted.' });
    expect(await filesOf(parent)).toEqual([]);
  });
});

/** An empty folder that this process then stands in until the test file ends. */
async function emptyWorkingFolder(): Promise<string> {
  const place = join(folder, 'here');
  await mkdir(place);
  process.chdir(place);
  return '.';
}

const heard = (notes: readonly { start: number; end: number; pitch: number }[]) =>
  notes.map(({ start, end, pitch }) => ({ start, end, pitch }));

/** Root mean square of a 16-bit WAV file, 0..1. */
function loudness(wav: Buffer): number {
  let sum = 0;
  for (let place = 44; place + 1 < wav.length; place += 2) sum += (wav.readInt16LE(place) / 32_768) ** 2;
  return Math.sqrt(sum / ((wav.length - 44) / 2));
}
