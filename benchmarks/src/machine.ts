import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';
import type { PeerName } from './peers/names.ts';
import type { Machine, Versions } from './report/results.ts';

/** The machine as it is now. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch}`,
  };
}

/** Processes that ran or waited to run, on average over the last minute (0 on Windows, which does not count them). */
export function loadAverage(): number {
  return loadavg()[0];
}

/** What to tell the reader of the figures when others use the machine; undefined when it is quiet. */
export function busyWarning(load: number, cores: number): string | undefined {
  if (load <= cores / 2) return undefined;
  return `The machine is busy: load ${load.toFixed(2)} on ${cores} cores. Times will be too long; shares of the peak suffer less.`;
}

/** The package in which each family of peers has its version. */
const PEER_PACKAGES = { jax: '@jax-js/jax', tfjs: '@tensorflow/tfjs-core' } as const;

/** Versions that decide about the figures; `commit` is missing outside a git checkout. */
export function readVersions(measured: readonly PeerName[]): Versions {
  const root = new URL('../../', import.meta.url);
  const fromKernels = createRequire(new URL('packages/kernels/package.json', root));
  const dawn: { version: string } = fromKernels('webgpu/package.json');
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return {
    chipsmith: packageFile(new URL('package.json', root)).version,
    ...(git.status === 0 ? { commit: git.stdout.trim() } : {}),
    node: process.versions.node,
    webgpu: dawn.version,
    peers: peerVersions(measured),
  };
}

/** Read from the files, because jax-js exports no package.json. What is not installed has no version. */
function peerVersions(measured: readonly PeerName[]): Record<string, string> {
  const libraries = (['jax', 'tfjs'] as const).filter((library) =>
    measured.some((peer) => peer.startsWith(`${library}-`)),
  );
  const files = libraries.map((library) => {
    const name = PEER_PACKAGES[library];
    return { name, file: new URL(`../node_modules/${name}/package.json`, import.meta.url) };
  });
  return Object.fromEntries(
    files.filter(({ file }) => existsSync(file)).map(({ name, file }) => [name, packageFile(file).version]),
  );
}

function packageFile(url: URL): { version: string } {
  return JSON.parse(readFileSync(url, 'utf8'));
}
