import { parentPort, workerData } from 'node:worker_threads';
import { type PreparedFile, prepareFile } from '../../dataset/preparation.ts';
import { findEncoding } from '../../encodings/encodings.ts';
import type { FileBatch, ThreadSettings } from './threads.ts';

/** A thread that prepares files: a batch comes in, what became of its files goes out, in the same order. */
const { encoding: name, settings }: ThreadSettings = workerData;
const encoding = findEncoding(name);

parentPort?.on('message', (batch: FileBatch) => {
  const prepared: PreparedFile[] = batch.map(({ file, sha256 }) => prepareFile(file, sha256, encoding, settings));
  parentPort?.postMessage(prepared);
});
