import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { root } from './processes.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

/** What pages load. */
const ENTRIES = [
  'packages/kernels/src/index.ts',
  'packages/kernels/src/operation.ts',
  'packages/kernels/src/browser.ts',
  'packages/apu/src/index.ts',
  'packages/data/src/index.ts',
  'packages/models/src/index.ts',
];

/** What Node has without an import, and pages have not. */
const NODE_GLOBALS = ['Buffer', 'process', 'global', 'setImmediate', '__dirname', '__filename'];

/**
 * Bundles a module with everything it reaches, libraries too, as for a page.
 *
 * @param {string} file
 * @returns {Promise<string[]>} what it reaches that only Node has: modules that a page cannot load, and globals
 */
async function needsOfNode(file) {
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@chipsmith/source'],
    // A name of the program's own keeps it; what is left is the global.
    define: Object.fromEntries(NODE_GLOBALS.map((name) => [name, `NODE_${name}`])),
    logLevel: 'silent',
  }).catch((/** @type {import('esbuild').BuildFailure} */ failure) => failure);
  if ('outputFiles' in result) return result.outputFiles[0].text.match(/.*\bNODE_\w+.*/g) ?? [];
  return result.errors.map(({ text, location }) => `${location?.file}:${location?.line}: ${text}`);
}

describe('bundles for pages', () => {
  it.each(ENTRIES)('%s needs nothing of Node', async (entry) => {
    expect(await needsOfNode(join(root, entry))).toEqual([]);
  });

  it('would show a module and a global of Node, however far away', async () => {
    const folder = temporaryFolder({
      'entry.ts': "export * from './far.ts';\nexport type { Stats } from 'node:fs';\n",
      'far.ts': "import { join } from 'node:path';\nexport const path = join('a', 'b');\n",
      'global.ts': 'export const bytes = Buffer.alloc(1);\nexport const own = (process: number) => process;\n',
    });
    expect(await needsOfNode(join(folder, 'entry.ts'))).toEqual([expect.stringMatching(/far\.ts:1: .*"node:path"/)]);
    expect(await needsOfNode(join(folder, 'global.ts'))).toEqual([expect.stringContaining('NODE_Buffer.alloc(1)')]);
  });
});
