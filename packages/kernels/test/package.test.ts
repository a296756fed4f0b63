import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const own = fileURLToPath(new URL('..', import.meta.url));
/** Another project: an empty folder with the packed package in its node_modules. */
const project = mkdtempSync(join(tmpdir(), 'chipsmith-package-'));
const installed = join(project, 'node_modules/@chipsmith/kernels');

/** Node's own environment, and nothing by which this workspace runs TypeScript. */
const env = {
  ...process.env,
  NODE_OPTIONS: '',
  CHIPSMITH_ADAPTER: process.env.CHIPSMITH_ADAPTER ?? 'gles',
  CHIPSMITH_TUNE: 'off',
};

async function run(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: project, env });
  return stdout;
}

/** Unpacks the tarball as npm does, and links what it depends on instead of fetching 50 MB. */
beforeAll(async () => {
  await run('pnpm', '--dir', own, 'pack', '--pack-destination', project);
  const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
  mkdirSync(installed, { recursive: true });
  await run('tar', '-xzf', tarball, '--strip-components=1', '-C', installed);
  for (const name of Object.keys(manifest().dependencies)) link(name);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const manifest = () => JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));

function link(name: string): void {
  const place = join(project, 'node_modules', name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(own, 'node_modules', name), place, 'junction');
}

/** Compiles files of the project with everything that finds fault switched on, and nothing that is not asked for. */
async function compile(files: readonly string[], options: object): Promise<string> {
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    outDir: 'out',
    ...options,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = join(own, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, tsc, '--project', 'tsconfig.json').catch(({ stdout, message }) => stdout || message);
}

function write(name: string, text: string): string {
  writeFileSync(join(project, name), text);
  return name;
}

describe('the packed package', () => {
  it('holds what its entries name, sources for debuggers, and nothing of the workspace', () => {
    const { exports, ...rest } = manifest();
    const targets: string[] = Object.values(exports).flatMap((conditions) => Object.values(conditions as object));
    expect(targets).toHaveLength(12);
    expect(targets.filter((target) => !existsSync(join(installed, target)))).toEqual([]);
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json', 'src']);
    expect(readdirSync(join(installed, 'dist'))).not.toContain('.tsbuildinfo');
    expect(JSON.stringify(rest)).not.toMatch(/catalog:|workspace:/);
    expect(rest.private).toBeUndefined();
    const versions = Object.keys(rest.dependencies).map((name) => {
      const { version } = JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8'));
      return [name, version];
    });
    expect(Object.fromEntries(versions)).toEqual(rest.dependencies);
  });

  const all = "export * from '@chipsmith/kernels';\nexport * as operation from '@chipsmith/kernels/operation';\n";
  const devices = ['node', 'browser']
    .map((name) => `export * as ${name} from '@chipsmith/kernels/${name}';\n`)
    .join('');
  it.each([
    ['without any library of types', {}],
    ['with lib.dom, for a bundler', { lib: ['es2023', 'dom'], module: 'esnext', moduleResolution: 'bundler' }],
  ])('type-checks %s', async (_, options) => {
    expect(await compile([write('all.ts', all + devices)], options)).toBe('');
    expect(await compile([write('operation.ts', all.split('\n')[1])], options)).toBe('');
  });

  it('gives the types of WebGPU to whoever has them', async () => {
    const text =
      "import type { Device } from '@chipsmith/kernels';\nexport const limits = (device: Device) => device.gpu";
    const file = write('limits.ts', `${text}.limits;\n`);
    expect(await compile([file], {})).toContain("Property 'limits' does not exist on type 'GPUDevice'");
    expect(await compile([file], { lib: ['es2023', 'dom'] })).toBe('');
    // Its declarations need lib.dom and contradict it, so that it is not itself checked.
    link('@webgpu/types');
    expect(await compile([file], { types: ['@webgpu/types'], skipLibCheck: true })).toBe('');
  });

  it('runs the examples in Node', async () => {
    const examples = ['fit-in-node', 'custom-operation'];
    for (const name of examples) cpSync(join(own, `examples/${name}.ts`), join(project, `${name}.ts`));
    const console = write('console.d.ts', 'declare const console: { log(...values: unknown[]): void };\n');
    const files = [...examples.map((name) => `${name}.ts`), console];
    expect(await compile(files, { noUncheckedIndexedAccess: false })).toBe('');
    const printed: number[][] = [];
    for (const name of examples) {
      const text = await run(process.execPath, join('out', `${name}.js`));
      printed.push(text.match(/-?\d+\.\d+(?:e-\d+)?/g)?.map((value) => Math.round(10 * Number(value)) / 10 + 0) ?? []);
    }
    expect(printed).toEqual([
      [0, 1, 1, 0],
      [0.5, 2],
    ]);
  });

  it('is bundled for a page without anything of Node and without what the page does not use', async () => {
    cpSync(join(own, 'examples/fit-in-browser.js'), join(project, 'fit-in-browser.js'));
    const { outputFiles, metafile } = await build({
      absWorkingDir: project,
      entryPoints: ['fit-in-browser.js'],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      metafile: true,
      logLevel: 'silent',
    });
    const used = Object.entries(metafile.outputs['fit-in-browser.js'].inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path.replace('node_modules/@chipsmith/kernels/dist/', ''));
    expect(used).toContain('layers/linear.js');
    expect(used).not.toContain('operations/convolution/convolution.js');
    expect(Object.keys(metafile.inputs).filter((path) => /webgpu|node\.js|\.\./.test(path))).toEqual([]);
    expect(metafile.outputs['fit-in-browser.js'].imports).toEqual([]);
    expect(outputFiles[0].text).toContain('requestAdapter');
  });
});
