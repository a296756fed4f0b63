import { expect, it } from 'vitest';
import { type DatabaseFactory, TuningDatabase } from '../src/device/tuning-database.ts';

const adapter = { name: 'test adapter', driver: '1.0', backend: 'default', software: false };

/** As IndexedDB answers: after the caller had time to set handlers. */
function request(answer: 'success' | 'error' | 'none', result?: unknown) {
  const made = { result, onsuccess: null, onerror: null, onupgradeneeded: null } as {
    result: unknown;
    onsuccess: (() => void) | null;
    onerror: (() => void) | null;
    onupgradeneeded: (() => void) | null;
  };
  queueMicrotask(() => {
    if (answer === 'success') made.onsuccess?.();
    if (answer === 'error') made.onerror?.();
  });
  return made;
}

/** A database with these rows; the test in a browser uses the real one. */
const holding = (rows: unknown, put: (row: unknown) => void) => ({
  open: () =>
    request('success', {
      transaction: () => ({ objectStore: () => ({ getAll: () => request('success', rows), put }) }),
    }),
});

it('reads the rows of its adapter, leaves out what is not a row, and writes new ones', async () => {
  const key = 'default / test adapter / 1.0';
  const put: unknown[] = [];
  const rows = [
    { adapter: key, problem: 'a', winner: 'x' },
    { adapter: 'another', problem: 'b', winner: 'y' },
    { adapter: key, problem: 'c', winner: 3 },
    null,
  ];
  const memory = await TuningDatabase.open(adapter, holding(rows, (row) => put.push(row)) as DatabaseFactory);
  expect(['a', 'b', 'c'].map((problem) => memory.get(problem))).toEqual(['x', undefined, undefined]);
  memory.set('b', 'z');
  expect(memory.get('b')).toBe('z');
  expect(put).toEqual([{ adapter: key, problem: 'b', winner: 'z' }]);
});

const fail = () => {
  throw new Error('refused');
};
it.each<[string, unknown]>([
  ['there is none', undefined],
  ['opening throws', { open: fail }],
  ['opening is refused', { open: () => request('error') }],
  ['it never answers', { open: () => request('none') }],
  ['reading throws', { open: () => request('success', { transaction: fail }) }],
  ['it holds something else', holding('nonsense', fail)],
])('remembers for the page where %s', async (_, factory) => {
  const memory = await TuningDatabase.open(adapter, factory as DatabaseFactory | undefined, 20);
  expect(memory.get('a')).toBeUndefined();
  memory.set('a', 'x');
  expect(memory.get('a')).toBe('x');
});
