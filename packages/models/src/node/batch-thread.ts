import { parentPort, workerData } from 'node:worker_threads';
import { DataError, findEncoding } from '@chipsmith/data';
import { sequencesOf } from '@chipsmith/data/node';
import { ModelError } from '../error.ts';
import { findModel } from '../registry.ts';
import { Batches } from '../training/batches.ts';
import type { BatchAnswer, ThreadOrder } from './threaded-batches.ts';

/** A thread that makes batches: a number comes in, so many batches go out, step after step. */
const order: ThreadOrder = workerData;
const encoding = findEncoding(order.encoding);
const examples = findModel(order.model).examples(order.settings, encoding);
const batches = new Batches(sequencesOf(order.sequences), examples, encoding, order.options);
let { step } = order;

parentPort?.on('message', (count: number) => {
  try {
    for (let made = 0; made < count; made++) {
      const batch = batches.at(step++);
      const answer: BatchAnswer = { batch };
      parentPort?.postMessage(
        answer,
        Object.values(batch.fields).map(({ buffer }) => buffer),
      );
    }
  } catch (error) {
    parentPort?.postMessage(refusalOf(error));
  }
});

/** Between threads an error loses its class. */
function refusalOf(error: unknown): BatchAnswer {
  if (error instanceof DataError) return { data: [error.where, error.problem, error.remedy] };
  if (error instanceof ModelError) return { model: error.message };
  throw error;
}
