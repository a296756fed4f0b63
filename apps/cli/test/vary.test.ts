import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findEncoding, readMidi, writeMidi } from '@chipsmith/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { note, song } from './page-songs.ts';
import { chipsmith, expectFailure, filesOf, jsonOf, scratchFolder, TINY, trainOnBitmaps } from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');
const data = join(folder, 'data');
const run = join(folder, 'run');
const melodies = join(folder, 'melodies');
const SMALL = '--bars 8 --sample-rate 8000 --adapter gles';
const first = join(midi, 'train/tune-0.mid');

beforeAll(async () => {
  await trainOnBitmaps({ midi, data, run });
  await jsonOf(`train --run ${melodies} --steps 1 ${TINY}`);
});

interface Sidecar {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly command: readonly string[];
  readonly options: object;
  readonly further: object;
  readonly events: readonly number[];
}

async function sidecarsOf(output: string): Promise<Sidecar[]> {
  const names = (await filesOf(output)).filter((name) => name.endsWith('.json'));
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(output, name), 'utf8')) as unknown as Sidecar),
  );
}

describe('vary', () => {
  it('makes different variations of a file, with their page, the same ones for the same seed', async () => {
    const output = join(folder, 'variations');
    const line = `vary ${first} --run ${run} --count 3 --distance 2 ${SMALL}`;
    const told = (await jsonOf(`${line} --output ${output}`)) as { settings: object; tracks: object[] };
    expect(told.settings).toMatchObject({ distance: 2, density: 1, piece: 'tune-0.mid, 8 bars, 4/4, 120 bpm' });
    expect(await filesOf(output)).toHaveLength(13);
    const sidecars = await sidecarsOf(output);
    expect(new Set(sidecars.map(({ events }) => events.join())).size).toBe(3);
    const options = { run, count: '3', distance: '2', bars: '8', 'sample-rate': '8000', adapter: 'gles' };
    for (const { command, options: typed, further } of sidecars) {
      expect({ command, typed }).toEqual({ command: ['vary', first], typed: options });
      // It can be varied again, and not gone on from.
      expect(further).toEqual({ vary: options });
    }
    const page = await readFile(join(output, 'index.html'), 'utf8');
    expect(page).toContain('data-kind="vary"');
    expect(page).not.toContain('data-kind="continue"');
    await jsonOf(`${line} --output ${join(folder, 'again')}`);
    expect(await sidecarsOf(join(folder, 'again'))).toEqual(sidecars);
    await jsonOf(`${line} --output ${join(folder, 'again')} --replace --seed 2`);
    expect(await sidecarsOf(join(folder, 'again'))).not.toEqual(sidecars);
  });

  it('takes a song of the data by a part of its name, and a track that was made before', async () => {
    const output = join(folder, 'named');
    const line = `vary --run ${run} --count 1 ${SMALL} --output ${output} --replace`;
    const ofFile = await jsonOf(`${line} ${first}`);
    const fromFile = await sidecarsOf(output);
    const ofSong = await jsonOf(`${line} Tune-0`);
    const fromSong = await sidecarsOf(output);
    expect(ofSong).toMatchObject({ settings: { piece: expect.stringMatching(/^midi\/train\/tune-0\.mid, 8 bars/) } });
    expect(fromSong.map(({ events }) => events)).toEqual(fromFile.map(({ events }) => events));
    expect(ofFile).toMatchObject({ settings: { piece: expect.stringMatching(/^tune-0\.mid, 8 bars/) } });
    const kept = join(folder, 'track.mid');
    await cp(join(output, 'track-01.mid'), kept);
    expect(await jsonOf(`${line} ${kept}`)).toMatchObject({
      settings: { piece: expect.stringMatching(/^track\.mid/) },
    });
  });

  it('makes variations of a sparse piece as sparse as it is', async () => {
    const sparse = join(folder, 'sparse.mid');
    await writeFile(sparse, writeMidi(song({ pulse1: [note(0, 22_050, 60), note(88_200, 110_250, 67)] })));
    const output = join(folder, 'sparse');
    await jsonOf(`vary ${sparse} --run ${run} --count 2 --distance 3 ${SMALL} --output ${output}`);
    const sidecars = await sidecarsOf(output);
    for (const { events } of sidecars) expect(events.filter((event) => event > 0)).toHaveLength(2);
    expect(sidecars[0].events).not.toEqual(sidecars[1].events);
  });

  it('takes a song of the data where a folder has its name', async () => {
    const here = process.cwd();
    await mkdir(join(folder, 'here/tune-3'), { recursive: true });
    process.chdir(join(folder, 'here'));
    try {
      const line = `reconstruct tune-3 --run ${run} --output pieces.html --adapter gles`;
      expect(await jsonOf(line)).toMatchObject({ pieces: [{ piece: 'midi/test/tune-3.mid' }] });
    } finally {
      process.chdir(here);
    }
  });

  it('refuses in one line what cannot be done', async () => {
    const line = `vary --run ${run} --output ${join(folder, 'never')}`;
    await expectFailure(2, /name <piece>/, line);
    await expectFailure(2, /name <piece>/, `${line} a b`);
    await expectFailure(2, /--distance must be a number from 0 to 10, not "11"/, `${line} a --distance 11`);
    await expectFailure(1, /"tune" means 8 songs of the run's data: .* and 3 others; give more/, `${line} tune`);
    await expectFailure(
      1,
      /tunes-3: there is no such file, .*; nearest are "midi\/test\/tune-3\.mid", /,
      `${line} tunes-3`,
    );
    await expectFailure(
      1,
      /Only 1 of 10 sequences were different and came to an end: train longer/,
      `${line} ${first} --count 2 --distance 0 ${SMALL}`,
    );
    await expectFailure(
      1,
      /basic-rnn cannot vary; it can sample, continue\. Models that can vary: bitmap-autoencoder, convolutional-autoencoder/,
      `vary ${first} --run ${melodies} --output ${join(folder, 'never')}`,
    );
    await expectFailure(
      1,
      /convolutional-autoencoder cannot continue; .* Models that can continue: basic-rnn/,
      `generate --primer ${first} --run ${run} --output ${join(folder, 'never')}`,
    );
    await expectFailure(
      2,
      /--temperature is not a setting of convolutional-autoencoder for sample; it has --density/,
      `evaluate --run ${run} --temperatures 1`,
    );
    expect(await filesOf(folder)).not.toContain('never');
  });
});

describe('interpolate', () => {
  it('goes from one piece to the other at even distances', async () => {
    const output = join(folder, 'way');
    const pieces = `${first} tune-1`;
    const line = `interpolate ${pieces} --run ${run} --count 3 ${SMALL} --output ${output}`;
    const told = (await jsonOf(line)) as { tracks: { share: number }[] };
    expect(told.tracks.map(({ share }) => share)).toEqual([0, 0.5, 1]);
    const sidecars = await sidecarsOf(output);
    expect(sidecars.map(({ settings }) => settings.share)).toEqual([0, 0.5, 1]);
    expect(sidecars[1].settings).toMatchObject({ from: expect.stringMatching(/^tune-0\.mid/) });
    expect(sidecars[1].settings).toMatchObject({ to: expect.stringMatching(/^midi\/train\/tune-1\.mid/) });

    // The ends are the pieces as the model gives them back.
    const encoding = findEncoding('onset-bitmap');
    const read = readMidi(await readFile(first), first);
    const notes = encoding.encode(read.song).sequences[0].events.filter((event) => event > 0).length;
    expect(sidecars[0].events.filter((event) => event > 0)).toHaveLength(notes);
    await jsonOf(`interpolate ${pieces} --run ${run} --count 1 ${SMALL} --output ${join(folder, 'half')}`);
    expect((await sidecarsOf(join(folder, 'half')))[0].events).toEqual(sidecars[1].events);
  });

  it('needs two pieces, and a model that can', async () => {
    await expectFailure(2, /name <piece> and <piece>/, `interpolate ${first} --run ${run}`);
    await expectFailure(1, /basic-rnn cannot interpolate; /, `interpolate ${first} ${first} --run ${melodies}`);
  });
});

describe('generate --primer', () => {
  it('goes on from a song of the data by its name', async () => {
    const output = join(folder, 'primed');
    const line = `generate --run ${melodies} --count 1 --sample-rate 8000 --adapter gles --output ${output}`;
    const { code, lines } = await chipsmith(`${line} --primer greensl`);
    expect(code).toBe(0);
    expect(lines).toContainEqual(expect.stringMatching(/^Primer: Greensleeves, the last 8 of 17 bars, 3\/4, 150 bpm$/));
    await expectFailure(
      1,
      /greensleves: there is no such file, .*; nearest are "Greensleeves"/,
      `${line} --primer greensleves`,
    );
  });
});
