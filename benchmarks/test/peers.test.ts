import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { numbers, type Problem } from '../src/gpu/problems.ts';
import { comparePeer } from '../src/peers/compare.ts';
import { digestOf, disagreement } from '../src/peers/digest.ts';
import { PEERS } from '../src/peers/names.ts';
import { Peer } from '../src/peers/peer.ts';

const EFFORT = { rounds: 3, budgetMilliseconds: 0, sampleMilliseconds: 1 };
const SOFTMAX: Problem = { kind: 'softmax', rows: 1, width: 3 };
const PATIENCE = { open: 30_000, prepare: 30_000, sample: 30_000 };
const FAKE = fileURLToPath(new URL('./fake-peer.ts', import.meta.url));

const opened: Peer[] = [];
afterEach(() => {
  for (const peer of opened.splice(0)) peer.close();
});

/** A peer whose process does what the backend's name says. */
function fake(behaviour: string, patience = PATIENCE): Peer {
  const peer = new Peer('jax-wasm', behaviour, patience, FAKE);
  opened.push(peer);
  return peer;
}

/** Our results are 1, 2, 3, and take 10 ms. */
function compare(peer: Peer, problem = SOFTMAX) {
  return comparePeer(peer, problem, digestOf([[1, 2, 3]]), async () => ({ wall: 10, cpu: 10 }), EFFORT);
}

describe('a peer', () => {
  it('is timed in turn with us', async () => {
    const result = await compare(fake('works'));
    expect(result).toEqual({ peer: 'jax-wasm', wall: 25, ratio: { median: 2.5, least: 2.5, most: 2.5 } });
  });

  it.each([
    ['fails to open', 'no backend', 'no driver'],
    ['fails to prepare', 'error', 'cannot differentiate'],
    ['lacks it', 'no such op', 'has no softmax'],
    ['is wrong', 'wrong', 'result 0 has 5 where ours has 3'],
    ['crashes', 'crash', 'its process ended with code 1: Error: out of heap'],
    ['dies', 'crash', 'its process ended with SIGKILL'],
  ])('that %s says so in its cell', async (behaviour, failure, detail) => {
    expect(await compare(fake(behaviour))).toEqual({ peer: 'jax-wasm', failure, detail });
  });

  it('that takes too long is ended, and started anew for the next problem', async () => {
    const peer = fake('hangs on sums', { ...PATIENCE, prepare: 2_000 });
    const hung = await compare(peer, { kind: 'sum', rows: 1, width: 3, over: 'all' });
    const failure = { failure: 'too slow', detail: 'no answer to "prepare" within 2 s' };
    expect(hung).toEqual({ peer: 'jax-wasm', ...failure });
    expect(await compare(peer)).toMatchObject({ wall: 25 });
  });

  it('that does not open is not asked again', async () => {
    const worker = join(mkdtempSync(join(tmpdir(), 'chipsmith-peer-')), 'worker.mjs');
    const answer = JSON.stringify({ kind: 'failed', reason: 'error', detail: 'no driver' });
    writeFileSync(worker, `process.on('message', () => process.send(${answer}));`);
    const peer = new Peer('jax-wasm', 'gles', PATIENCE, worker);
    opened.push(peer);
    const failure = { peer: 'jax-wasm', failure: 'no backend', detail: 'no driver' };
    expect(await compare(peer)).toEqual(failure);
    // Asking again would be a crash.
    rmSync(dirname(worker), { recursive: true });
    expect(await compare(peer)).toEqual(failure);
  });
});

describe('the libraries', () => {
  it.each(PEERS)('%s solves a small problem as we do', async (name) => {
    const peer = new Peer(name, 'gles', PATIENCE);
    opened.push(peer);
    const expected = numbers(6, 0).reduce((sum, value) => sum + value);
    const sampler = await peer.prepare({ kind: 'sum', rows: 2, width: 3, over: 'all' }, digestOf([[expected]]));
    expect((await sampler(2)).wall).toBeGreaterThan(0);
  });
});

describe('digests', () => {
  it('hold nine values of each result, the first and the last among them', () => {
    const [digest, short] = digestOf([Float32Array.from({ length: 81 }, (_, index) => index), [7]]);
    expect(digest).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80]);
    expect(new Set(short)).toEqual(new Set([7]));
  });

  it('agree within a hundredth of the largest value', () => {
    const ours = digestOf([[100, 1]]);
    expect(disagreement(ours, digestOf([[100.9, 1.9]]))).toBeUndefined();
    expect(disagreement(ours, digestOf([[100, 2.5]]))).toBe('result 0 has 2.5 where ours has 1');
    expect(disagreement(ours, digestOf([[Number.NaN, 1]]))).toBe('result 0 has NaN where ours has 100');
    expect(disagreement(ours, [])).toBe('0 results instead of 1');
  });
});
