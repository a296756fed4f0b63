export { RunFolder, type RunFolderOptions } from './node/run-folder.ts';
export { RunRecord } from './node/run-record.ts';
export { startingPointAt } from './node/starting-point.ts';
export { threadedBatches } from './node/threaded-batches.ts';
