import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireReplaceable, requireWritable } from '../src/writable.ts';
import { filesOf, scratchFolder } from './support/cli.ts';

const folder = scratchFolder();

describe('requireWritable and requireReplaceable', () => {
  it('leave nothing behind, whatever was there before', async () => {
    await mkdir(join(folder, 'old'));
    await writeFile(join(folder, 'old/file'), 'content');
    await symlink(join(folder, 'old'), join(folder, 'link'));
    const before = await filesOf(folder);
    for (const name of ['old', 'link', 'new', 'new/far/away', 'old/new', 'name/../other']) {
      await requireWritable(join(folder, name));
      await requireReplaceable(join(folder, name));
      expect(await filesOf(folder), name).toEqual(before);
    }
  });

  it('say what is in the way, and take back what they had made until then', async () => {
    await writeFile(join(folder, 'plain'), '');
    const before = await filesOf(folder);
    await expect(requireWritable(join(folder, 'plain/x'))).rejects.toThrow(/plain\/x: a part of the path is a file/);
    await expect(requireReplaceable(join(folder, 'plain/x'))).rejects.toThrow(/plain\/x: a part of the path is a file/);
    const long = join(folder, 'made', 'n'.repeat(300), 'x');
    await expect(requireWritable(long)).rejects.toThrow(/the name is too long/);
    expect(await filesOf(folder)).toEqual(before);
  });
});
