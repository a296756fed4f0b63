import { availableParallelism } from 'node:os';
import { type Sampler, samplerOf } from '../measure.ts';
import { digestOf } from './digest.ts';
import type { PeerSubject, Solutions } from './library.ts';
import { type Answer, PeerFailure, type Request } from './messages.ts';
import type { PeerName } from './names.ts';
import { provideNavigator } from './navigator.ts';

/** A peer's own process: what one library does to the globals, to memory or to the process touches nobody else. */

let solutions: Solutions | undefined;
let subject: PeerSubject | undefined;
let sampler: Sampler | undefined;

async function open(peer: PeerName, backend: string): Promise<Solutions> {
  provideNavigator(backend, availableParallelism());
  const [library, device] = peer.split('-');
  if (library === 'jax') {
    const { openJax } = await import('./jax.ts');
    return openJax(device);
  }
  const { openTfjs } = await import('./tfjs.ts');
  return openTfjs(device);
}

async function answer(request: Request): Promise<Answer> {
  switch (request.kind) {
    case 'open':
      solutions = await open(request.peer, request.backend);
      return { kind: 'done' };
    case 'prepare': {
      // The table has a solution of the right type for each kind; TypeScript cannot follow that through the union.
      const solve = solutions?.[request.problem.kind] as ((problem: unknown) => PeerSubject) | string | undefined;
      if (typeof solve !== 'function') throw new PeerFailure('no such op', solve ?? 'not opened');
      subject = solve(request.problem);
      sampler = samplerOf(subject);
      subject.run();
      await subject.settle?.();
      return { kind: 'digest', digest: digestOf(await subject.results()) };
    }
    case 'sample':
      if (sampler === undefined) throw new PeerFailure('error', 'sampled before it was prepared');
      return { kind: 'sample', sample: await sampler(request.runs) };
    case 'release':
      subject?.release();
      subject = undefined;
      sampler = undefined;
      return { kind: 'done' };
  }
}

function failure(error: unknown): Answer {
  if (error instanceof PeerFailure) return { kind: 'failed', reason: error.reason, detail: error.message };
  const detail = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
  const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  // tfjs' words for an operation that one of its backends lacks.
  const absent = detail.includes('not registered for backend');
  return { kind: 'failed', reason: missing ? 'missing' : absent ? 'no such op' : 'error', detail };
}

process.on('message', (request: Request) => {
  void answer(request)
    .catch(failure)
    .then((reply) => process.send?.(reply));
});
// The parent is gone.
process.on('disconnect', () => process.exit());
