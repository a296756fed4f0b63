export { RunFolder, type RunFolderOptions } from './node/run-folder.ts';
export { type MetricsPart, type MetricsPosition, type RunFacts, RunRecord } from './node/run-record.ts';
export { threadedBatches } from './node/threaded-batches.ts';
