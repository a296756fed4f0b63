import { digestOf } from '../src/peers/digest.ts';
import type { Answer, Request } from '../src/peers/messages.ts';

/** A peer's process for tests: the backend that it is opened with says how it behaves. */
let behaviour = '';

function answer(request: Request): Answer | undefined {
  switch (request.kind) {
    case 'open':
      behaviour = request.backend;
      if (behaviour === 'fails to open') return { kind: 'failed', reason: 'error', detail: 'no driver' };
      return { kind: 'done' };
    case 'prepare':
      if (behaviour === 'fails to prepare') return { kind: 'failed', reason: 'error', detail: 'cannot differentiate' };
      if (behaviour === 'lacks it') return { kind: 'failed', reason: 'no such op', detail: `has no softmax` };
      if (behaviour === 'crashes') throw new Error('out of heap');
      if (behaviour === 'dies') process.kill(process.pid, 'SIGKILL');
      if (behaviour === 'hangs on sums' && request.problem.kind === 'sum') return undefined;
      return { kind: 'digest', digest: digestOf([behaviour === 'is wrong' ? [1, 2, 5] : [1, 2, 3]]) };
    case 'sample':
      return { kind: 'sample', sample: { wall: 25, cpu: 25 } };
    case 'release':
      return { kind: 'done' };
  }
}

process.on('message', (request: Request) => {
  const reply = answer(request);
  if (reply !== undefined) process.send?.(reply);
});
process.on('disconnect', () => process.exit());
