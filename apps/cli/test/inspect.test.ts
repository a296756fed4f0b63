import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chipsmith, expectFailure, jsonOf, scratchFolder, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');
const data = join(folder, '<data>');

beforeAll(async () => {
  await writeMidiFolder(midi, 12);
  // The same notes with another title in the last event: other bytes.
  const text = (await readFile(join(midi, 'valid/tune-2.mid'), 'latin1')).replaceAll('tune 2', 'copy 2');
  await writeFile(join(midi, 'train/copy.mid'), text, 'latin1');
  await chipsmith(`prepare ${midi} --output ${data}`);
});

describe('inspect', () => {
  it('tells as JSON what each voice of each split plays, and which songs are copies', async () => {
    const voice = { voice: 'pulse1', songs: 3, notes: 3 * 32, otherVoices: 0 };
    const polyphony = [expect.closeTo(0, 1), expect.closeTo(1, 1), 0, 0, 0];
    expect(await jsonOf(`inspect ${data}`)).toMatchObject({
      name: '<data>',
      encoding: { name: 'melody' },
      splits: [
        { split: 'train', songs: 7 },
        { split: 'valid', songs: 3, voices: [voice, { songs: 0, notes: 0 }, {}, {}], polyphony },
        { split: 'test', songs: 3, sequences: [{ 'sequences of': 'pulse1', count: 3, events: 3 * 128 }] },
      ],
      copies: [
        { notes: 'the same', splits: ['train', 'valid'], songs: ['midi/train/copy.mid', 'midi/valid/tune-2.mid'] },
      ],
    });
  });

  it('prints tables', async () => {
    const { code, stdout } = await chipsmith(`inspect ${data}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^train: 7 songs, [\d.]+ minutes\nvoice +songs +notes +pitches/);
    expect(stdout).toMatch(/^pulse1 +3 +96 +62-76/m);
    expect(stdout).toMatch(/^groups of songs with the same notes, across train and valid: 1$/m);
  });

  it('writes a page with charts and songs that loads nothing, twice the same', async () => {
    const pages: string[] = [];
    for (const name of ['one.html', 'two.html']) {
      expect((await chipsmith(`inspect ${data} --html ${join(folder, name)}`)).stdout).toContain(`${name}.`);
      pages.push(await readFile(join(folder, name), 'utf8'));
    }
    const [page, again] = pages;
    expect(again).toBe(page);
    expect(page.match(/<figure>/g)).toHaveLength(3 * 5);
    expect(page).toContain('Dataset &lt;data&gt;');
    const [body, script] = page.split('<script>');
    expect(body).not.toMatch(/<img|<link|(src|href)=|NaN|undefined/);
    expect(script.match(/<script/)).toBeNull();
    expect(body).toContain(`script-src 'sha256-`);
    // Four of the seven songs of the first split, one of each other; all are what their events say.
    const songs = [...body.matchAll(/<article .*?<h2>(.*?)<\/h2>.*?Piano roll: (\d+) notes.*?source">(\w+):/gs)];
    expect(songs.map(([, , notes, split]) => [notes, split])).toEqual(
      ['train', 'train', 'train', 'train', 'valid', 'test'].map((split) => ['32', split]),
    );
    expect(new Set(songs.map(([, title]) => title)).size).toBe(6);
    expect(body).toMatch(/<dfn tabindex="0" title="Entropy in bits[^"]*">variety of pitch<\/dfn>/);
  });

  it('says in one line what is wrong', async () => {
    await expectFailure(2, /name one dataset folder/, 'inspect');
    await expectFailure(1, /midi: is not a dataset/, `inspect ${midi}`);
    await expectFailure(
      1,
      /^[^:]*page\.html: there is no such file or folder; check the path$/,
      `inspect ${data} --html ${join(folder, 'missing/page.html')}`,
    );
    const report = join(data, 'report.json');
    const text = await readFile(report, 'utf8');
    await writeFile(report, JSON.stringify({ ...JSON.parse(text), statistics: undefined }));
    await expectFailure(
      1,
      /was made by an earlier version, which kept no statistics; prepare it again/,
      `inspect ${data}`,
    );
    await writeFile(report, text);
  });
});

describe('prepare', () => {
  it('drops copies and songs outside the limits, with the reason', async () => {
    const dropped = async (options: string) => {
      await jsonOf(`prepare ${midi} --output ${join(folder, 'clean')} ${options}`);
      return JSON.parse(await readFile(join(folder, 'clean/report.json'), 'utf8')).droppedFiles;
    };
    const copies = Object.entries(await dropped('--copies same'));
    expect(copies).toEqual([[expect.stringMatching(/^has the same notes as "/), 1]]);
    expect(await dropped('--shortest 1 --longest 60 --fewest-notes 32 --fewest-pitch-classes 2')).toEqual({});
    const all = `prepare ${midi} --output ${join(folder, 'none')}`;
    await expectFailure(1, /13: fewer than 33 notes/, `${all} --fewest-notes 33`);
    await expectFailure(2, /--copies must be all or same or alike, not "som"/, `${all} --copies som`);
    await expectFailure(
      2,
      /--fewest-pitch-classes must be a whole number from 0 to 12/,
      `${all} --fewest-pitch-classes 13`,
    );
  });
});
