import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * @typedef {object} Totals what one suite's tests came to
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} failures one line for each failure
 */

/** Vitest's JSON report, one in each folder with tests. */
export const REPORT = 'test-results.json';

/**
 * Counts a suite's tests from its report. A test file that did not load is one failure, and so is a suite without a
 * report.
 *
 * @param {{ name: string, folder: string }} suite
 * @returns {Totals}
 */
export function readTotals({ name, folder }) {
  const file = join(folder, REPORT);
  if (!existsSync(file)) return failure(name, `the test run left no ${REPORT}`);
  const { numPassedTests, numFailedTests, numTotalTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
  /** @type {string[]} */
  const failures = [];
  for (const { name: testFile, status, message, assertionResults } of testResults) {
    if (status !== 'failed') continue;
    const failed = assertionResults.filter((/** @type {{ status: string }} */ test) => test.status === 'failed');
    const place = `${name}: ${relative(folder, testFile)}`;
    if (failed.length === 0) failures.push(`${place}: ${message.split('\n')[0] || 'failed outside of its tests'}`);
    for (const { fullName } of failed) failures.push(`${place}: ${fullName}`);
  }
  const skipped = numTotalTests - numPassedTests - numFailedTests;
  return { name, passed: numPassedTests, failed: failures.length, skipped, failures };
}

/**
 * A suite or stage that failed as a whole, which counts as one failure.
 *
 * @param {string} name
 * @param {string} reason
 * @returns {Totals}
 */
export function failure(name, reason) {
  return { name, passed: 0, failed: 1, skipped: 0, failures: [`${name}: ${reason}`] };
}

/**
 * "12 passed, 0 failed": the closing line of `npm test`.
 *
 * @param {readonly Pick<Totals, 'passed' | 'failed' | 'skipped'>[]} all
 */
export function closingLine(all) {
  /** @param {'passed' | 'failed' | 'skipped'} key */
  const sum = (key) => all.reduce((total, totals) => total + totals[key], 0);
  return `${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''}`;
}
