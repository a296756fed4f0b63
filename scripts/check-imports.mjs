// Enforces the dependency rules: which package may import which, no deep imports, no cycles, nothing of Node in browser entries, nothing
// undeclared. Usage: node scripts/check-imports.mjs
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf } from './import-lexer.mjs';
import { root } from './processes.mjs';
import { workspacePackages } from './workspace.mjs';

/** @typedef {import('./import-lexer.mjs').Import} Import */
/** @typedef {import('./workspace.mjs').Package} Package */

/** Which packages of ours each package may import. @type {Record<string, readonly string[]>} */
const arrows = {
  '@chipsmith/kernels': [],
  '@chipsmith/apu': [],
  '@chipsmith/data': ['@chipsmith/apu'],
  '@chipsmith/models': ['@chipsmith/kernels', '@chipsmith/data'],
  cli: ['@chipsmith/kernels', '@chipsmith/apu', '@chipsmith/data', '@chipsmith/models'],
  benchmarks: ['@chipsmith/kernels', '@chipsmith/apu', '@chipsmith/data', '@chipsmith/models'],
};

/** Files that browsers load too: nothing that needs Node may be reachable from them. */
const browserEntries = [
  'packages/kernels/src/index.ts',
  'packages/kernels/src/operation.ts',
  'packages/kernels/src/browser.ts',
  'packages/apu/src/index.ts',
  'packages/data/src/index.ts',
  'apps/cli/src/page/browser/main.ts',
  'apps/cli/src/page/browser/chip-worker.ts',
];

/** Packages of others that run in Node only. */
const nodeOnly = ['webgpu'];

/**
 * @param {string} folder the root of a workspace
 * @returns {string[]} a line for each violation: where, what, and the rule
 */
export function checkImports(folder) {
  const packages = workspacePackages(folder);
  /** The imports of each source file, by absolute path. @type {Map<string, Import[]>} */
  const files = new Map();
  /** @type {string[]} */
  const problems = [];
  for (const owner of packages) {
    for (const file of sourceFiles(owner.folder)) {
      const imports = importsOf(readFileSync(file, 'utf8'));
      files.set(file, imports);
      for (const entry of imports) {
        const rule = brokenRule(owner, file, entry);
        if (rule) problems.push(`${relative(folder, file)}:${entry.line}: '${entry.specifier}': ${rule}`);
      }
    }
  }
  problems.push(...cycles(files, folder));
  for (const entry of browserEntries) problems.push(...nodeReachable(join(folder, entry), files, folder));
  return problems;
}

/**
 * @param {Package} owner of the importing file
 * @param {string} file
 * @param {Import} entry
 * @returns {string | undefined} the rule that the import breaks
 */
function brokenRule(owner, file, { specifier }) {
  if (specifier.startsWith('.')) {
    const inside = resolve(dirname(file), specifier).startsWith(owner.folder + sep);
    return inside ? undefined : 'relative imports stay inside their package; import the other package by its name';
  }
  if (isBuiltin(specifier)) return undefined;
  const name = packageName(specifier);
  const { dependencies = {}, devDependencies = {} } = owner.manifest;
  // Nobody installs the benchmarks: the libraries that they measure are for development as a whole.
  const forDevelopment = owner.name === 'benchmarks' || relative(owner.folder, file).startsWith(`test${sep}`);
  if (name.startsWith('@chipsmith/') || name in arrows) {
    const allowed = arrows[owner.name];
    if (!allowed) return `${owner.name} is unknown to scripts/check-imports.mjs: say there what it may import`;
    if (!allowed.includes(name)) return `${owner.name} may import ${allowed.join(', ') || 'no package of ours'}`;
    if (/\/(?:src|dist|test)(?:\/|$)/.test(specifier.slice(name.length))) {
      return `${name} is used through its public face, never through its folders`;
    }
  }
  if (name in dependencies || (forDevelopment && name in devDependencies)) return undefined;
  return `package.json of ${owner.name} does not declare ${name}${forDevelopment ? '' : ' under dependencies'}`;
}

/**
 * Import cycles between files. Type-only imports may close a circle (a tensor names its graph, a graph its tensors): the
 * compiler erases them, so no file waits for another that waits for it.
 *
 * @param {Map<string, Import[]>} files
 * @param {string} folder
 */
function cycles(files, folder) {
  /** @type {string[]} */
  const found = [];
  /** @type {Set<string>} */
  const finished = new Set();
  /** @type {string[]} */
  const path = [];
  /** @param {string} file */
  const visit = (file) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].map((name) => relative(folder, name)).join(' -> '));
    if (start >= 0 || finished.has(file)) return;
    path.push(file);
    const imports = (files.get(file) ?? []).filter(({ typeOnly }) => !typeOnly);
    for (const next of relativeImports(file, imports)) visit(next);
    path.pop();
    finished.add(file);
  };
  for (const file of files.keys()) visit(file);
  return found.map((cycle) => `import cycle: ${cycle}`);
}

/**
 * @param {string} start
 * @param {Map<string, Import[]>} files
 * @param {string} folder
 */
function nodeReachable(start, files, folder) {
  /** @type {string[]} */
  const found = [];
  const seen = new Set([start]);
  for (const file of seen) {
    const imports = (files.get(file) ?? []).filter(({ typeOnly }) => !typeOnly);
    for (const { specifier, line } of imports) {
      if (!isBuiltin(specifier) && !nodeOnly.includes(packageName(specifier))) continue;
      const place = `${relative(folder, file)}:${line}`;
      found.push(
        `${place}: '${specifier}': needs Node, but ${relative(folder, start)}, which browsers load, reaches it`,
      );
    }
    for (const next of relativeImports(file, imports)) seen.add(next);
  }
  return found;
}

/**
 * @param {string} file
 * @param {readonly Import[]} imports
 */
function relativeImports(file, imports) {
  return imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => resolve(dirname(file), specifier));
}

/** @param {string} specifier */
function packageName(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** @param {string} folder of a package */
function sourceFiles(folder) {
  return ['src', 'test']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const problems = checkImports(root);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
