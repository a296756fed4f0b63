import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { scoresOf } from '../src/scores.ts';
import { writeTracks } from '../src/tracks.ts';
import { note, song } from './page-songs.ts';
import { chipsmith, expectFailure, filesOf, jsonOf, scratchFolder } from './support/cli.ts';

const folder = scratchFolder();
const [first, second] = ['first', 'second'].map((name) => join(folder, name));
const ENDINGS = ['json', 'mid', 'vgm', 'wav'];

/** Three tracks, all different from those of another pitch. */
async function writeThree(output: string, pitch: number, temperature: number): Promise<void> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const tracks = [1, 2, 3].map((number) => {
    const melody = song({ pulse1: [note(0, 22_050, pitch + number)] }, { title: `tune ${number}`, duration: 44_100 });
    return {
      name: `track-0${number}`,
      song: melody,
      events: [pitch, number],
      seed: 7,
      scores: scoresOf(melody, ['pulse1']),
    };
  });
  const settings = { model: 'basic-rnn', temperature };
  const sound = { sampleRate: 8000, filter: 'nes' as const };
  const made = {
    settings,
    command: ['generate'],
    options: { run: 'r' },
    further: {},
    sound,
    midi: 'general-midi' as const,
  };
  await writeTracks(tracks, { output, replace: true, title: 't', ...made, signal: new AbortController().signal });
  write.mockRestore();
}

beforeAll(async () => {
  await writeThree(first, 60, 1);
  await writeThree(second, 70, 0.9);
});

async function sameFiles(left: string, right: string): Promise<void> {
  for (const ending of ENDINGS) {
    expect((await readFile(`${left}.${ending}`)).equals(await readFile(`${right}.${ending}`))).toBe(true);
  }
}

describe('keep', () => {
  it('copies tracks with all their files and makes their page, and adds others to them later', async () => {
    const output = join(folder, 'kept');
    expect(await jsonOf(`keep --from ${first} --output ${output} track-03 track-01 track-03`)).toEqual({
      output,
      page: join(output, 'index.html'),
      kept: ['track-03', 'track-01'].map((track) => ({ track, as: track })),
      present: 0,
    });
    const files = (names: string[]) => names.flatMap((name) => ENDINGS.map((ending) => `${name}.${ending}`));
    expect(await filesOf(output)).toEqual(['index.html', ...files(['track-01', 'track-03'])]);
    for (const name of ['track-01', 'track-03']) await sameFiles(join(output, name), join(first, name));

    // The name is taken by another track, and the track of the first folder is there already.
    expect(await jsonOf(`keep --from ${second} --output ${output} track-02 track-03`)).toMatchObject({
      kept: [
        { track: 'track-02', as: 'track-02' },
        { track: 'track-03', as: 'track-03-2' },
      ],
    });
    expect(await jsonOf(`keep --from ${first} --output ${output} track-03`)).toMatchObject({ kept: [], present: 1 });
    expect(await jsonOf(`keep --from ${second} --output ${output} track-03`)).toMatchObject({ kept: [], present: 1 });
    const all = ['track-01', 'track-02', 'track-03', 'track-03-2'];
    expect(await filesOf(output)).toEqual(['index.html', ...files(all)].sort());
    await sameFiles(join(output, 'track-03-2'), join(second, 'track-03'));
    await sameFiles(join(output, 'track-03'), join(first, 'track-03'));

    const page = await readFile(join(output, 'index.html'), 'utf8');
    expect(page.match(/<article .*?data-name="[^"]*"/g)?.map((card) => /track[^"]*/.exec(card)?.[0])).toEqual(all);
    expect(page).toContain('<h2>tune 3</h2>');
    // What all have alike stands once, what they have not with each.
    const [header, ...cards] = page.split('<article');
    expect([header, ...cards].map((part) => /model<\/dfn>/.test(part))).toEqual([true, false, false, false, false]);
    expect(cards.map((card) => /temperature<\/dfn><\/dt><dd>([\d.]+)/.exec(card)?.[1])).toEqual([
      '1',
      '0.9',
      '1',
      '0.9',
    ]);
  });

  it('takes tracks of earlier versions, which do not say what else can be done with them', async () => {
    const [old, output] = ['old', 'kept-old'].map((name) => join(folder, name));
    await writeThree(old, 40, 1);
    const file = join(old, 'track-01.json');
    const { command: _, further: __, ...sidecar } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify(sidecar));
    expect(await jsonOf(`keep --from ${old} --output ${output} track-01`)).toMatchObject({ present: 0 });
    const page = await readFile(join(output, 'index.html'), 'utf8');
    expect(page).toContain('data-kind="reseed"');
    expect(page).not.toContain('data-kind="continue"');
  });

  it('says what it did', async () => {
    const output = join(folder, 'said');
    await chipsmith(`keep --from ${first} --output ${output} track-01`);
    const { stdout } = await chipsmith(`keep --from ${second} --output ${output} track-01 track-02`);
    expect(stdout.split('\n')).toEqual([
      `2 tracks copied to ${output}, which holds 3`,
      'track-01 is track-01-2 there: the name was taken',
      `Hear and see them: ${join(output, 'index.html')}`,
      '',
    ]);
    const again = await chipsmith(`keep --from ${second} --output ${output} track-02`);
    expect(again.stdout).toContain(`no track copied to ${output}, which holds 3\none track there already\n`);
  });

  it('refuses in one line what cannot be done, and leaves the folder as it is', async () => {
    const output = join(folder, 'strange');
    await mkdir(output);
    await writeFile(join(output, 'letter.txt'), '');
    const line = `keep --from ${first} --output ${output}`;
    await expectFailure(2, /name the tracks to keep, such as track-03/, line);
    await expectFailure(2, /--from is needed: the folder of the tracks/, 'keep track-01');
    await expectFailure(1, /strange: holds letter\.txt, which is not a track/, `${line} track-01`);
    await rm(join(output, 'letter.txt'));
    await writeFile(join(output, 'track-01.wav'), '');
    await expectFailure(1, /strange: holds track-01\.wav without the \.json file of its track/, `${line} track-01`);
    await rm(join(output, 'track-01.wav'));
    await expectFailure(1, /first: has no track track-09 \(it has track-01 to track-03\)/, `${line} track-09`);
    await expectFailure(1, /has no track \.\.\/second\/track-01/, `${line} ../second/track-01`);
    await expectFailure(1, /nowhere: there is no such file or folder/, `keep --from ${folder}/nowhere track-01`);
    await expectFailure(1, /strange: has no track track-01 \(it has none\)/, `keep --from ${output} track-01`);
    const damaged = join(folder, 'damaged');
    await writeThree(damaged, 50, 1);
    await rm(join(damaged, 'track-02.wav'));
    await writeFile(join(damaged, 'track-03.json'), '{"name": "track-03"}');
    await expectFailure(
      1,
      /track-02\.wav: there is no such file/,
      `keep --from ${damaged} --output ${output} track-02`,
    );
    await expectFailure(
      1,
      /track-03\.json: is not the description of a track of this version; generate the track again/,
      `keep --from ${damaged} --output ${output} track-03`,
    );
    expect(await filesOf(output)).toEqual([]);
  });
});
