import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { PeerSubject } from './library.ts';

/** Runs a computation at once, operation by operation, and keeps its last results. */
export function eager(compute: () => tf.Tensor[]): PeerSubject {
  let last: tf.Tensor[] = [];
  return {
    run() {
      const next = tf.tidy(compute);
      tf.dispose(last);
      last = next;
    },
    async settle() {
      const backend = tf.backend();
      if (!(backend instanceof WebGPUBackend)) return;
      // A pass stays open for the operations to come, and a submit leaves it to the caller to end it.
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.queue.onSubmittedWorkDone();
    },
    results: () => Promise.all(last.map((tensor) => tensor.data())),
    release: () => tf.disposeVariables(),
  };
}
