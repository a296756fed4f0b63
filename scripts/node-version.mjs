import { readFileSync } from 'node:fs';
import { root } from './processes.mjs';
import { SetupError, say } from './report.mjs';

/**
 * Whether a version meets a range of `^` and `>=` clauses joined by `||`, the form of `engines` in package.json.
 *
 * @param {string} version such as v20.19.0
 * @param {string} range such as ^20.19.0 || >=22.12.0
 */
export function satisfies(version, range) {
  const [major, minor, patch] = numbers(version);
  return range.split('||').some((clause) => {
    const [leastMajor, leastMinor, leastPatch] = numbers(clause);
    const sameMajor = major === leastMajor;
    const least = minor > leastMinor || (minor === leastMinor && patch >= leastPatch);
    return sameMajor ? least : !clause.includes('^') && major > leastMajor;
  });
}

/**
 * @param {string} version process.version
 * @throws {SetupError} for a Node that the dependencies do not run on
 */
export function checkNode(version) {
  const range = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')).engines.node;
  if (!satisfies(version, range)) {
    throw new SetupError(`Node ${version} is too old: install Node ${range}, for example from https://nodejs.org.`);
  }
  say(`Node ${version}`);
}

/** @param {string} text */
function numbers(text) {
  return (text.match(/\d+/g) ?? []).map(Number);
}
