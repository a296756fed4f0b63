import { describe, expect, it } from 'vitest';
import { checkImports } from './check-imports.mjs';
import { root } from './processes.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

/** A workspace of our four package names in which every rule is kept. */
const sound = {
  'pnpm-workspace.yaml': 'packages:\n  - packages/*\n  - apps/*\n',
  'packages/kernels/package.json': {
    name: '@chipsmith/kernels',
    dependencies: { webgpu: '0' },
    devDependencies: { vitest: '4' },
  },
  'packages/kernels/src/index.ts': "export { a } from './a.ts';\n",
  'packages/kernels/src/a.ts': "import type { N } from './node.ts';\nexport const a = 1;\n",
  'packages/kernels/src/browser.ts': "export * from './index.ts';\n",
  'packages/kernels/src/node.ts': "import { readFileSync } from 'node:fs';\nimport { create } from 'webgpu';\n",
  'packages/kernels/test/a.test.ts': "import 'vitest';\nimport '../src/a.ts';\n",
  'packages/apu/package.json': { name: '@chipsmith/apu' },
  'packages/apu/src/index.ts': 'export const b = 2;\n',
  'packages/data/package.json': { name: '@chipsmith/data', dependencies: { '@chipsmith/apu': 'workspace:*' } },
  'packages/data/src/index.ts': "import { b } from '@chipsmith/apu';\n",
  'packages/data/src/node.ts': "import fs from 'fs';\n",
  'apps/cli/package.json': { name: 'cli', dependencies: { '@chipsmith/kernels': 'workspace:*' } },
  'apps/cli/src/main.ts': "import '@chipsmith/kernels';\nimport '@chipsmith/kernels/node';\n",
};

/** @param {Record<string, unknown>} planted */
const check = (planted) => checkImports(temporaryFolder({ ...sound, ...planted }));

describe('checkImports', () => {
  it('finds nothing in this repository', () => {
    expect(checkImports(root)).toEqual([]);
  });

  it('finds nothing where every rule is kept', () => {
    expect(check({})).toEqual([]);
  });

  it.each([
    [
      'an arrow against the order',
      { 'packages/apu/src/x.ts': "\nimport type { Song } from '@chipsmith/data';\n" },
      "packages/apu/src/x.ts:2: '@chipsmith/data': @chipsmith/apu may import no package of ours",
    ],
    [
      'an arrow to a package that another one may use',
      { 'packages/data/test/x.test.ts': "import '@chipsmith/kernels';\n" },
      "packages/data/test/x.test.ts:1: '@chipsmith/kernels': @chipsmith/data may import @chipsmith/apu",
    ],
    [
      'a deep import',
      { 'packages/data/src/x.ts': "export * from '@chipsmith/apu/src/pulse.ts';\n" },
      "packages/data/src/x.ts:1: '@chipsmith/apu/src/pulse.ts': @chipsmith/apu is used through its public face, never through its folders",
    ],
    [
      'a relative import of another package',
      { 'packages/data/src/x.ts': "import '../../apu/src/index.ts';\n" },
      "packages/data/src/x.ts:1: '../../apu/src/index.ts': relative imports stay inside their package; import the other package by its name",
    ],
    [
      'an undeclared package',
      { 'packages/data/src/x.ts': "import { z } from 'zod/v4';\n" },
      "packages/data/src/x.ts:1: 'zod/v4': package.json of @chipsmith/data does not declare zod under dependencies",
    ],
    [
      'a development dependency in the source',
      { 'packages/kernels/src/x.ts': "import 'vitest';\n" },
      "packages/kernels/src/x.ts:1: 'vitest': package.json of @chipsmith/kernels does not declare vitest under dependencies",
    ],
    [
      'a package without a rule',
      {
        'packages/new/package.json': { name: '@chipsmith/new', dependencies: { '@chipsmith/apu': 'workspace:*' } },
        'packages/new/src/index.ts': "import '@chipsmith/apu';\n",
      },
      "packages/new/src/index.ts:1: '@chipsmith/apu': @chipsmith/new is unknown to scripts/check-imports.mjs: say there what it may import",
    ],
    [
      'a cycle of three files',
      {
        'packages/data/src/x.ts': "import './y.ts';\n",
        'packages/data/src/y.ts': "import './z.ts';\n",
        'packages/data/src/z.ts': "export * from './x.ts';\n",
      },
      'import cycle: packages/data/src/x.ts -> packages/data/src/y.ts -> packages/data/src/z.ts -> packages/data/src/x.ts',
    ],
    [
      'a file that imports itself',
      { 'packages/data/src/x.ts': "import './x.ts';\n" },
      'import cycle: packages/data/src/x.ts -> packages/data/src/x.ts',
    ],
  ])('finds %s', (_, planted, problem) => {
    expect(check(planted)).toEqual([problem]);
  });

  it.each(['node:fs', 'fs', 'node:fs/promises', 'webgpu'])('finds %s two files behind a browser entry', (specifier) => {
    expect(check({ 'packages/kernels/src/a.ts': `export const a = () => import('${specifier}');\n` })).toEqual([
      `packages/kernels/src/a.ts:1: '${specifier}': needs Node, but packages/kernels/src/index.ts, which browsers load, reaches it`,
      `packages/kernels/src/a.ts:1: '${specifier}': needs Node, but packages/kernels/src/browser.ts, which browsers load, reaches it`,
    ]);
  });

  it('lets type-only imports close a circle', () => {
    const planted = {
      'packages/data/src/x.ts': "import { y } from './y.ts';\n",
      'packages/data/src/y.ts': "import type { X } from './x.ts';\n",
    };
    expect(check(planted)).toEqual([]);
  });
});
