import { openDevice } from '../../src/browser.ts';
import { Graph, matmul, Program, plan, unary } from '../../src/index.ts';
import { allCases } from '../cases/all.ts';
import { verify } from '../support/verify.ts';

/** A case that takes longer counts as failed, so that a hung one does not hide what the others give (ms). */
const CASE_TIME = 30_000;

/** No case is begun after this (ms); the test says how many were. */
const PAGE_TIME = 90_000;

async function verifyCases(): Promise<{ verified: number; failures: string[] }> {
  const device = await openDevice({ tune: false });
  const failures: string[] = [];
  let verified = 0;
  for (const { operation, test } of allCases) {
    if (performance.now() > PAGE_TIME) break;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${CASE_TIME} ms`)), CASE_TIME);
    });
    try {
      await Promise.race([verify(device, test).then(() => device.check()), tooLate]);
      verified++;
    } catch (error) {
      failures.push(`${operation}, ${test.name}: ${error}`);
    }
    clearTimeout(timer);
  }
  device.destroy();
  return { verified, failures };
}

/** What one device measures, the next one of the page remembers, from IndexedDB. */
async function remembersTuning(): Promise<unknown> {
  const problem = 'matmul NN 256x256x256';
  const winners: (string | undefined)[] = [];
  for (let opening = 0; opening < 2; opening++) {
    const device = await openDevice();
    const graph = new Graph();
    const y = matmul(graph.input([256, 256]), graph.input([256, 256]));
    const chosen = await device.tuner?.choose(device, plan(graph, { outputs: [y] }).dispatches);
    winners.push(chosen?.[0].kernel.label);
    device.destroy();
  }
  const { indexedDB } = globalThis as unknown as { indexedDB: { open(name: string): Record<string, unknown> } };
  const rows = await new Promise((resolve) => {
    const opening = indexedDB.open('chipsmith') as { onsuccess?: () => void; result?: never };
    opening.onsuccess = () => {
      const database: { transaction(store: string): { objectStore(name: string): { getAll(): typeof opening } } } =
        opening.result as never;
      const all = database.transaction('tuning').objectStore('tuning').getAll();
      all.onsuccess = () => resolve(all.result);
    };
  });
  return { problem, winners, rows };
}

/** CHIPSMITH_DEBUG as a page sets it. */
async function debugs(): Promise<{ printed: string[]; message: string }> {
  const printed: string[] = [];
  Object.assign(globalThis, { CHIPSMITH_DEBUG: 'plan,wgsl,times,nan' });
  const device = await openDevice({ tune: false, print: (text) => printed.push(text) });
  const graph = new Graph();
  const y = unary('log', graph.constant(Float32Array.of(1, Number.POSITIVE_INFINITY, 1), [3]));
  const program = await Program.create(device, plan(graph, { outputs: [y] }));
  program.run();
  const message = await program.read(y).then(String, (error: Error) => error.message);
  device.destroy();
  return { printed, message };
}

const result = await (async () => ({
  tuning: await remembersTuning(),
  debug: await debugs(),
  cases: await verifyCases(),
}))().catch((error: unknown) => ({ error: String(error) }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
