import { Worker } from 'node:worker_threads';

/**
 * Starts a thread on a module of this package.
 *
 * @param module its URL without the ending, `new URL('./thread', import.meta.url)`: `.ts` from source, `.js` once built
 * @param data plain data for its `workerData`
 */
export function startThread(module: URL, data: unknown): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`${module.href}.js`), { workerData: data });
  // Node 20 does not pass on to threads what loads TypeScript in the main thread.
  // Found from here: a thread whose code is a text looks in the folder that the user stands in.
  const tsx = import.meta.resolve('tsx/esm/api');
  const code = `import('${tsx}').then(({ register }) => { register(); return import('${module.href}.ts'); })`;
  return new Worker(code, { eval: true, workerData: data, execArgv: ['--conditions=@chipsmith/source'] });
}
