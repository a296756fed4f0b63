import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture, root } from './processes.mjs';
import { temporaryFolder } from './temporary-folder.mjs';
import { closingLine, REPORT, readTotals } from './totals.mjs';

/**
 * Runs vitest on one file of tests and reads what it came to.
 *
 * @param {string} source
 */
async function totalsOf(source) {
  const folder = temporaryFolder({});
  writeFileSync(
    join(folder, 'a.test.mjs'),
    `import { beforeAll, describe, it } from '${import.meta.resolve('vitest')}';\n${source}`,
  );
  const reporter = ['--reporter=json', `--outputFile=${join(folder, REPORT)}`];
  await capture('pnpm', ['exec', 'vitest', 'run', '--root', folder, ...reporter]);
  return readTotals({ name: 'apu', folder });
}

describe('readTotals', () => {
  it('counts passed, failed and skipped tests and names the failed ones', async () => {
    const totals = await totalsOf(`
      it('is sound', () => {});
      describe('a group', () => it('fails', () => { throw new Error('on purpose'); }));
      it.skip('is skipped', () => {});
      it.todo('is to be written');`);
    const failures = ['apu: a.test.mjs: a group fails'];
    expect(totals).toEqual({ name: 'apu', passed: 1, failed: 1, skipped: 2, failures });
  });

  it.each([
    ['did not load', "throw new Error('no such export');", 'apu: a.test.mjs: no such export'],
    ['has no tests', '', /^apu: a\.test\.mjs: No test suite found/],
    [
      'could not set up its tests',
      "describe('a group', () => { beforeAll(() => { throw new Error('no device'); }); it('runs', () => {}); });",
      'apu: a.test.mjs: failed outside of its tests',
    ],
  ])('counts a test file that %s as one failure', async (_, source, line) => {
    const { passed, failed, failures } = await totalsOf(source);
    expect({ passed, failed, failures }).toEqual({ passed: 0, failed: 1, failures: [expect.stringMatching(line)] });
  });

  it('counts a suite that left no report as a failure', () => {
    const { failed, failures } = readTotals({ name: 'apu', folder: root });
    expect({ failed, failures }).toEqual({ failed: 1, failures: [`apu: the test run left no ${REPORT}`] });
  });
});

describe('closingLine', () => {
  it('adds up', () => {
    const all = [
      { passed: 10, failed: 0, skipped: 0 },
      { passed: 5, failed: 2, skipped: 0 },
    ];
    expect(closingLine(all)).toBe('15 passed, 2 failed');
  });

  it('speaks of skipped tests only where there are some', () => {
    expect(closingLine([{ passed: 1, failed: 0, skipped: 3 }])).toBe('1 passed, 0 failed, 3 skipped');
  });
});
