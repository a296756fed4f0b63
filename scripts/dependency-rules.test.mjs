import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture, root } from './processes.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

/** A workspace of our names in which every rule is kept. */
const sound = {
  'biome.json': readFileSync(join(root, 'biome.json'), 'utf8'),
  'packages/kernels/package.json': { dependencies: { webgpu: '0' }, devDependencies: { vitest: '4' } },
  'packages/kernels/src/index.ts': "export { a } from './a.ts';\n",
  'packages/kernels/src/a.ts': "import 'node:fs';\nimport 'webgpu';\nexport const a = 1;\n",
  'packages/kernels/test/a.test.ts': "import 'vitest';\nimport '../src/a.ts';\n",
  'packages/apu/package.json': {},
  'packages/apu/src/index.ts': 'export const b = 2;\n',
  'packages/data/package.json': { dependencies: { '@chipsmith/apu': '0', '@chipsmith/kernels': '0' } },
  'packages/data/src/index.ts': "export { b } from '@chipsmith/apu';\n",
  'packages/models/package.json': { dependencies: { '@chipsmith/kernels': '0', '@chipsmith/data': '0' } },
  'packages/models/src/index.ts': "import '@chipsmith/kernels';\nimport '@chipsmith/data/node';\n",
  'apps/cli/package.json': { dependencies: { '@chipsmith/apu': '0' }, devDependencies: { vitest: '4' } },
  'apps/cli/src/main.ts': "import '@chipsmith/apu';\nimport('./models/src.ts');\n",
  'benchmarks/package.json': { devDependencies: { vitest: '4' } },
  'benchmarks/src/main.ts': "import 'vitest';\n",
};

/**
 * @param {Record<string, string>} planted
 * @returns {Promise<string[]>} for each violation its file, line and rule
 */
async function violations(planted) {
  const folder = temporaryFolder({ ...sound, ...planted });
  const args = ['exec', 'biome', 'lint', '--vcs-enabled=false', '--reporter=github', `--config-path=${folder}`, folder];
  const { output } = await capture('pnpm', args);
  const lines = [...output.matchAll(/^::error title=lint\/\w+\/(\w+),file=(.*?),line=(\d+)/gm)];
  return lines.map(
    ([, rule, file, line]) => `${file.slice(file.search(/(?:packages|apps|benchmarks)\//))}:${line} ${rule}`,
  );
}

describe('the dependency rules of biome.json', () => {
  it('let through what keeps them', async () => {
    expect(await violations({})).toEqual([]);
  });

  it.each([
    ['an arrow from apu', 'packages/apu/src/x.ts', "\nimport type { Song } from '@chipsmith/data';\n", 2],
    ['an arrow from data to what only models may use', 'packages/data/test/x.ts', "import '@chipsmith/kernels';\n", 1],
    ['a re-export against the order', 'packages/data/src/x.ts', "export * from '@chipsmith/kernels/node';\n", 1],
    ['an import() against the order', 'packages/models/src/x.ts', "import('@chipsmith/apu');\n", 1],
    ['a deep import', 'packages/data/src/x.ts', "export * from '@chipsmith/apu/src/pulse.ts';\n", 1],
    ['a file of another package', 'packages/data/src/x.ts', "import '../../apu/src/index.ts';\n", 1],
    [
      'a file of another package, in the command',
      'apps/cli/test/x.ts',
      "import '../../../packages/data/src/a.ts';\n",
      1,
    ],
    ['a file of another package, in benchmarks', 'benchmarks/src/x.ts', "import '../../packages/apu/src/a.ts';\n", 1],
  ])('find %s', async (_, file, source, line) => {
    expect(await violations({ [file]: source })).toContain(`${file}:${line} noRestrictedImports`);
  });

  it.each([
    ['what package.json does not name', 'packages/apu/test/x.ts', "import 'fast-check';\n"],
    ['what is for development only', 'packages/kernels/src/x.ts', "import 'vitest';\n"],
    ['what is for development only, in the command', 'apps/cli/src/x.ts', "import('vitest');\n"],
    ['what is undeclared, in benchmarks', 'benchmarks/src/x.ts', "import 'webgpu';\n"],
  ])('find an import of %s', async (_, file, source) => {
    expect(await violations({ [file]: source })).toEqual([`${file}:1 noUndeclaredDependencies`]);
  });

  it.each([
    ['two files', "import './y.ts';\nexport const x = 1;\n", "export { x } from './x.ts';\n"],
    [
      'types alone',
      "import type { Y } from './y.ts';\nexport type X = Y[];\n",
      "import type { X } from './x.ts';\nexport type Y = X[];\n",
    ],
  ])('find a circle of %s', async (_, x, y) => {
    const found = await violations({ 'packages/apu/src/x.ts': x, 'packages/apu/src/y.ts': y });
    expect(found).toEqual(['packages/apu/src/x.ts:1 noImportCycles', 'packages/apu/src/y.ts:1 noImportCycles']);
  });
});
