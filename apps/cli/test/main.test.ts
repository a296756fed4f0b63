import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scratchFolder, start, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();

describe('the command as a process', () => {
  it('ends with 0, 1 and 2', async () => {
    const lines = ['models', `render ${join(folder, 'gone.mid')} --output ${join(folder, 'x.wav')}`, 'modles'];
    const codes = await Promise.all(lines.map(async (line) => (await start(line).ended).code));
    expect(codes).toEqual([0, 1, 2]);
  });

  it('understands paths from where the user stands, although pnpm runs it in its own folder', async () => {
    const place = join(folder, 'place');
    await writeMidiFolder(join(place, 'midi'), 4);
    const line = 'render midi/test/tune-3.mid --output ../tune.vgm --json';
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    for (const cwd of [undefined, root]) {
      const { code, stdout } = await start(line, { INIT_CWD: place }, cwd).ended;
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ input: 'midi/test/tune-3.mid' });
    }
  });

  it('goes quietly when nobody reads what it prints', async () => {
    const { process: child, ended } = start('train --help');
    child.stdout?.destroy();
    const { code, lines } = await ended;
    expect({ code, lines }).toEqual({ code: 0, lines: [] });
  });
});
