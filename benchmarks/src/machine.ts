import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';
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

/** Versions that decide about the figures; `commit` is missing outside a git checkout. */
export function readVersions(): Versions {
  const root = new URL('../../', import.meta.url);
  const packageFile = (url: URL): { version: string } => JSON.parse(readFileSync(url, 'utf8'));
  const fromKernels = createRequire(new URL('packages/kernels/package.json', root));
  const dawn: { version: string } = fromKernels('webgpu/package.json');
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return {
    chipsmith: packageFile(new URL('package.json', root)).version,
    ...(git.status === 0 ? { commit: git.stdout.trim() } : {}),
    node: process.versions.node,
    webgpu: dawn.version,
  };
}
