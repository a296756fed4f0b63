export { RunFolder, type RunFolderOptions } from './node/run-folder.ts';
export { RunRecord } from './node/run-record.ts';
export { threadedBatches } from './node/threaded-batches.ts';
