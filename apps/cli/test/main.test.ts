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

  it('starts its threads wherever the user stands', async () => {
    const place = join(folder, 'elsewhere');
    await writeMidiFolder(join(place, 'midi'), 8);
    const environment = { INIT_CWD: place };
    for (const line of [
      'prepare midi --output data --encoding mono --threads 2',
      'train --model mono-rnn --data data --run run --steps 1 --layers 8 --batch 4 --length 16 --augment music-vae --adapter gles',
    ]) {
      const { code, lines } = await start(line, environment).ended;
      expect({ code, lines: code === 0 ? [] : lines }).toEqual({ code: 0, lines: [] });
    }
  });

  it('goes quietly when nobody reads what it prints', async () => {
    const { process: child, ended } = start('train --help');
    child.stdout?.destroy();
    const { code, lines } = await ended;
    expect({ code, lines }).toEqual({ code: 0, lines: [] });
  });
});
