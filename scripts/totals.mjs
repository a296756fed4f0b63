import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * @typedef {object} Totals what one suite's tests came to
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} failures one line for each failure
 */

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} folder where its test run leaves test-results.json
 */

/** Vitest's JSON report, one in each folder with tests. */
const resultsFile = 'test-results.json';

/**
 * Removes the reports of earlier runs: one that is there after the run was made, or taken from turbo's cache, by that run.
 *
 * @param {readonly Suite[]} suites
 */
export function clearResults(suites) {
  for (const { folder } of suites) rmSync(join(folder, resultsFile), { force: true });
}

/**
 * Counts a suite's tests. No report, a report without tests, and a test file that did not load are failures too.
 *
 * @param {Suite} suite
 * @returns {Totals}
 */
export function readTotals({ name, folder }) {
  const file = join(folder, resultsFile);
  if (!existsSync(file)) return failure(name, `${name}: the test run left no ${resultsFile}`);
  const report = parse(readFileSync(file, 'utf8'));
  if (!report) return failure(name, `${name}: ${resultsFile} is damaged`);
  /** @type {Totals} */
  const totals = { name, passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const { name: testFile, status, message, assertionResults } of report.testResults) {
    const failedBefore = totals.failed;
    const place = `${name}: ${relative(folder, testFile)}`;
    for (const test of assertionResults) {
      if (test.status === 'passed') totals.passed++;
      else if (test.status === 'failed') fail(totals, `${place}: ${test.fullName}`);
      else totals.skipped++;
    }
    if (status === 'failed' && totals.failed === failedBefore) fail(totals, `${place}: ${message.split('\n')[0]}`);
  }
  if (totals.passed + totals.failed + totals.skipped === 0) fail(totals, `${name}: has no tests`);
  if (!report.success && totals.failed === 0) fail(totals, `${name}: the test run failed outside of its tests`);
  return totals;
}

/**
 * The closing line of `npm test`.
 *
 * @param {readonly Pick<Totals, 'passed' | 'failed' | 'skipped'>[]} all
 */
export function closingLine(all) {
  const [passed, failed, skipped] = /** @type {const} */ (['passed', 'failed', 'skipped']).map((key) =>
    all.reduce((sum, totals) => sum + totals[key], 0),
  );
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * @param {string} name
 * @param {string} line
 * @returns {Totals}
 */
export function failure(name, line) {
  return { name, passed: 0, failed: 1, skipped: 0, failures: [line] };
}

/**
 * @param {Totals} totals
 * @param {string} line
 */
function fail(totals, line) {
  totals.failed++;
  totals.failures.push(line);
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
