import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { filesOf, scratchFolder, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const START = fileURLToPath(new URL('../src/start.ts', import.meta.url));

/** The quick start in a folder of its own. */
async function quickStart(...words: string[]): Promise<{ code: number | null; stdout: string }> {
  const flags = ['--conditions=@chipsmith/source', '--import', import.meta.resolve('tsx')];
  const child = spawn(process.execPath, [...flags, START, ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout };
}

it("goes the whole way with music of one's own, into a new folder each time", { timeout: 120_000 }, async () => {
  const music = join(folder, 'my music');
  await writeMidiFolder(music, 4);
  const { code, stdout } = await quickStart('0.02', music);
  expect(code).toBe(0);
  expect(stdout).toContain(
    "chipsmith: pnpm chipsmith prepare 'my music' --voices pulse1,pulse2 --output runs/my-music-1/data\n",
  );
  expect(stdout).toMatch(
    /^chipsmith: about \d+:\d\d from now on this machine, until .*, of which 0:01 are for training$/m,
  );
  expect(stdout).toMatch(/^stopped by --minutes at step \d+; /m);
  expect(stdout).toMatch(/^chipsmith: listen: open file:.*\/runs\/my-music-1\/tracks\/index\.html in a browser$/m);
  const tracks = (await filesOf(join(folder, 'runs/my-music-1/tracks'))).filter((name) => name.endsWith('.wav'));
  expect(tracks.length).toBe(20);
  expect((await readFile(join(folder, 'runs/my-music-1/tracks/index.html'), 'utf8')).length).toBeGreaterThan(10_000);

  const again = await quickStart('0.02', join(folder, 'runs'), join(folder, 'nowhere'));
  expect(again.code).toBe(1);
  expect(again.stdout).toContain('--output runs/runs-1/data\n');
});
