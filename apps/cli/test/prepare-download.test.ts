import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chipsmith, expectFailure, filesOf, scratchFolder, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const downloads = join(folder, 'downloads');
const output = join(folder, 'output');
/** What the server has, by path. */
const site = new Map<string, Buffer>();
const server = createServer((request, response) => {
  const found = site.get(request.url ?? '');
  response.writeHead(found === undefined ? 404 : 200).end(found);
});
let origin = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const midi = join(folder, 'midi');
  await writeMidiFolder(midi, 4);
  site.set('/songs/', Buffer.from('<a href="a.mid">A</a> <a href="missing.mid">B</a>'));
  site.set('/songs/a.mid', await readFile(join(midi, 'train/tune-0.mid')));
  site.set('/nesmdb', Buffer.from('something else'));
});
afterAll(() => server.close());

describe('prepare --download', () => {
  it('makes a dataset of the files that a page links to, and says what it did not get', async () => {
    const line = `prepare --download vgmusic --page ${origin}/songs/ --downloads ${downloads} --output ${join(folder, 'fans')}`;
    const { code, stdout, lines } = await chipsmith(line);
    expect(code).toBe(0);
    expect(stdout).toContain('Dataset written to');
    expect(lines).toContain(`Left out: ${origin}/songs/missing.mid: the server answers with status 404`);
    expect(lines.some((text) => /^downloading 100% 2 of 2 files/.test(text))).toBe(true);
    expect((await filesOf(downloads)).filter((path) => path.endsWith('.mid'))).toHaveLength(1);
  });

  it('takes NES-MDB only with its checksum, and leaves no dataset else', async () => {
    const line = `prepare --download nesmdb --mirror ${origin}/nesmdb --downloads ${downloads} --output ${output}`;
    await expectFailure(1, /nesmdb: the file's SHA-256 is .*, not 37610e2c.*; try another address/, line);
    await mkdir(join(folder, 'full'));
    await writeFile(join(folder, 'full/nesmdb_midi.tar.gz'), 'mine');
    const other = `prepare --download nesmdb --downloads ${join(folder, 'full')} --output ${output}`;
    await expectFailure(1, /nesmdb_midi\.tar\.gz: is there already, with another checksum; remove it/, other);
    expect(await filesOf(folder)).not.toContain('output');
  });

  it('refuses options that do not go together before it asks for anything', async () => {
    const cases: [string, RegExp][] = [
      ['--download nsf', /--download must be nesmdb or vgmusic, not "nsf"/],
      ['--download vgmusic', /--download vgmusic needs --page/],
      [`--download nesmdb --page ${origin}`, /--page goes with --download vgmusic/],
      [`x.mid --mirror ${origin}`, /--mirror goes with --download nesmdb/],
      ['x.mid --downloads here', /--downloads goes with --download/],
      ['--corpus --download nesmdb', /one of the two/],
    ];
    for (const [words, message] of cases) await expectFailure(2, message, `prepare ${words} --output ${output}`);
  });
});
