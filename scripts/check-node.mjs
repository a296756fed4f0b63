// Ends with one line where Node is too old for the rest, which such a Node could not even parse: so this file keeps to
// the syntax of Node 12. Usage: node scripts/check-node.mjs
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

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
    if (major !== leastMajor) return !clause.includes('^') && major > leastMajor;
    return minor > leastMinor || (minor === leastMinor && patch >= leastPatch);
  });
}

/** @param {string} text */
function numbers(text) {
  return (text.match(/\d+/g) || []).map(Number);
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (!satisfies(process.version, engines.node)) {
    console.error(
      `chipsmith: Node ${process.version} is not supported: install Node ${engines.node}, see https://nodejs.org`,
    );
    process.exit(1);
  }
}
