import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.mjs';
import { clearResults, closingLine, readTotals } from './totals.mjs';

/**
 * @param {string} name
 * @param {string} status
 * @param {string[]} tests their outcomes
 */
const file = (name, status, tests, message = '') => ({
  name,
  status,
  message,
  assertionResults: tests.map((outcome, index) => ({ status: outcome, fullName: `test ${index}` })),
});

/** @param {unknown} report */
const totalsOf = (report) => readTotals({ name: 'apu', folder: temporaryFolder({ 'test-results.json': report }) });

describe('readTotals', () => {
  it('counts passed, failed and skipped tests and names the failed ones', () => {
    const report = {
      success: false,
      testResults: [
        file('a.test.ts', 'passed', ['passed', 'passed', 'skipped', 'todo', 'pending']),
        file('b.test.ts', 'failed', ['passed', 'failed']),
      ],
    };
    expect(totalsOf(report)).toMatchObject({ name: 'apu', passed: 3, failed: 1, skipped: 3 });
    expect(totalsOf(report).failures).toEqual([expect.stringMatching(/^apu: .*b\.test\.ts: test 1$/)]);
  });

  it('counts a test file that did not load as one failure, with its reason', () => {
    const report = {
      success: false,
      testResults: [
        file('a.test.ts', 'passed', ['passed']),
        file('b.test.ts', 'failed', [], 'no such export\n at ...'),
      ],
    };
    expect(totalsOf(report)).toMatchObject({ passed: 1, failed: 1 });
    expect(totalsOf(report).failures[0]).toMatch(/b\.test\.ts: no such export$/);
  });

  it('counts an error outside of any test as a failure', () => {
    expect(totalsOf({ success: false, testResults: [file('a.test.ts', 'passed', ['passed'])] })).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });

  it.each([
    ['a report without tests', { success: true, testResults: [] }, 'apu: has no tests'],
    ['a report cut in half', '{"success": true, "testRes', 'apu: test-results.json is damaged'],
  ])('counts %s as a failure', (_, report, line) => {
    expect(totalsOf(report)).toEqual({ name: 'apu', passed: 0, failed: 1, skipped: 0, failures: [line] });
  });

  it('counts a missing report as a failure, and a report of an earlier run is missing once cleared', () => {
    const report = { success: true, testResults: [file('a.test.ts', 'passed', ['passed'])] };
    const suite = { name: 'apu', folder: temporaryFolder({ 'test-results.json': report }) };
    expect(readTotals(suite)).toMatchObject({ passed: 1, failed: 0 });
    clearResults([suite]);
    expect(existsSync(join(suite.folder, 'test-results.json'))).toBe(false);
    expect(readTotals(suite).failures).toEqual(['apu: the test run left no test-results.json']);
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

  it('tells of skipped tests only where there are some', () => {
    expect(closingLine([{ passed: 1, failed: 0, skipped: 3 }])).toBe('1 passed, 0 failed, 3 skipped');
  });
});
