import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Package
 * @property {string} name
 * @property {string} folder absolute
 * @property {Record<string, any>} manifest its package.json
 */

/**
 * The packages of the workspace, in the order of pnpm-workspace.yaml, then by name.
 *
 * @param {string} root
 * @returns {Package[]}
 */
export function workspacePackages(root) {
  const yaml = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const list = /^packages:\n((?:[ \t]+- .*\n)+)/m.exec(yaml)?.[1] ?? '';
  const patterns = list.match(/[^\s-].*/g) ?? [];
  return patterns.flatMap((pattern) => folders(root, pattern)).map(readPackage);
}

/**
 * @param {string} root
 * @param {string} pattern a folder, or a folder and `/*` for the folders in it
 */
function folders(root, pattern) {
  const all = pattern.endsWith('/*')
    ? readdirSync(join(root, dirname(pattern)))
        .sort()
        .map((name) => join(root, dirname(pattern), name))
    : [join(root, pattern)];
  return all.filter((folder) => existsSync(join(folder, 'package.json')));
}

/** @param {string} folder */
function readPackage(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { name: manifest.name, folder, manifest };
}
