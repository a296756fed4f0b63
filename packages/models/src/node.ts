export { RunFolder } from './node/run-folder.ts';
export { threadedBatches } from './node/threaded-batches.ts';
