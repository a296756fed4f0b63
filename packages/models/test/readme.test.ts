import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/folder.ts';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const run = join(await temporaryFolder(), 'run');

describe('the program in the README', () => {
  it('has fewer than 30 lines and runs', { timeout: 120_000 }, async () => {
    const readme = await readFile(join(packageFolder, 'README.md'), 'utf8');
    const program = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? expect.fail('the README has no program');
    expect(program.trimEnd().split('\n').length).toBeLessThan(30);

    // The same on a tiny setting.
    const changes = {
      "'run'": JSON.stringify(run),
      'layers: [128, 128]': 'layers: [8]',
      '...definition.training': 'batch: 4, length: 8',
      'steps: 1000, validateEvery: 100, validTokens: 20_000': 'steps: 20, validateEvery: 10, validTokens: 100',
      'length: 256': 'length: 32',
    };
    let tiny = program;
    for (const [given, small] of Object.entries(changes)) {
      expect(tiny).toContain(given);
      tiny = tiny.replaceAll(given, small);
    }
    const node = ['--conditions=@chipsmith/source', '--import', 'tsx', '--input-type=module', '--eval', tiny];
    const env = { ...process.env, CHIPSMITH_ADAPTER: process.env.CHIPSMITH_ADAPTER ?? 'gles', CHIPSMITH_TUNE: 'off' };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, node, { cwd: packageFolder, env });
    expect(stderr).toMatch(/step 10: \d\.\d+ nats an event\nstep 20: /);
    expect(stdout).toMatch(/^finished, \d+\.\d+ nats an event, 20 songs\n$/);
    expect((await readdir(run)).sort()).toEqual(['checkpoints', 'config.json', 'device.json', 'metrics.jsonl']);
  });
});
