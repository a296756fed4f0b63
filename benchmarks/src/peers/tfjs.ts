import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import '@tensorflow/tfjs-backend-cpu';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { classIds, numbers, WINDOW } from '../gpu/problems.ts';
import type { Solutions } from './library.ts';
import { PeerFailure } from './messages.ts';
import { eager } from './tfjs-eager.ts';
import { adamStep, lstmTraining } from './tfjs-training.ts';

// The package's build for Node leaves the gradients out, and the files that have them import folders, as only require
// may.
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js');

/**
 * TensorFlow.js on one of its backends, which this process then keeps.
 *
 * @param backend `webgpu`, `wasm` or `cpu`
 * @throws PeerFailure
 */
export async function openTfjs(backend: string): Promise<Solutions> {
  if (backend === 'wasm') wasm.setThreadsCount(availableParallelism());
  if (!(await tf.setBackend(backend))) throw new PeerFailure('no backend', `tfjs has no ${backend} backend here`);
  await tf.ready();
  return solutions;
}

/** The result of a function, and the gradients of sum(result weights) by its arguments. */
function withGradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[], weights: tf.Tensor): tf.Tensor[] {
  let result: tf.Tensor | undefined;
  const loss = (...traced: tf.Tensor[]) => {
    result = tf.keep(f(...traced));
    return tf.sum(tf.mul(result, weights));
  };
  const gradients = tf.grads(loss)(inputs);
  if (result === undefined) throw new PeerFailure('error', 'tfjs did not call the function');
  // Kept beyond the inner scope, it is now the outer tidy's to return.
  const output = tf.clone(result);
  result.dispose();
  return [output, ...gradients];
}

const tensor = (shape: number[], stream: number) =>
  tf.tensor(
    numbers(
      shape.reduce((product, size) => product * size, 1),
      stream,
    ),
    shape,
  );

const solutions: Solutions = {
  matmul({ form, M, N, K }) {
    const a = tensor(form === 'TN' ? [K, M] : [M, K], 0);
    const b = tensor(form === 'NT' ? [N, K] : [K, N], 1);
    return eager(() => [tf.matMul(a, b, form === 'TN', form === 'NT')]);
  },
  'LSTM training': lstmTraining,
  attention({ heads, depth, length }) {
    const shape = [1, length, heads, depth];
    const inputs = [tensor(shape, 0), tensor(shape, 1), tensor(shape, 2), tensor([heads, length, depth], 3)];
    // Above the diagonal.
    const mask = tf.tensor(
      Float32Array.from({ length: length * length }, (_, index) =>
        index % length > Math.floor(index / length) ? -1e9 : 0,
      ),
      [length, length],
    );
    const perHead = (x: tf.Tensor) => tf.transpose(tf.reshape(x, [length, heads, depth]), [1, 0, 2]);
    const attend = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, relative: tf.Tensor) => {
      const queries = perHead(q);
      // Music Transformer's skew: distances fall to the right, and a column of zeros on the left shifts each row by
      // one.
      const byDistance = tf.matMul(queries, tf.reverse(relative, 1), false, true);
      const padded = tf.pad(byDistance, [
        [0, 0],
        [0, 0],
        [1, 0],
      ]);
      const skewed = tf.slice(tf.reshape(padded, [heads, length + 1, length]), [0, 1, 0], [heads, length, length]);
      const scores = tf.add(tf.matMul(queries, perHead(k), false, true), skewed);
      const weights = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(depth)), mask));
      return tf.reshape(tf.transpose(tf.matMul(weights, perHead(v)), [1, 0, 2]), shape);
    };
    const weights = tensor(shape, 9);
    return eager(() => withGradients(attend, inputs, weights));
  },
  softmax({ rows, width }) {
    const x = tensor([rows, width], 0);
    return eager(() => [tf.softmax(x)]);
  },
  'layer norm'({ rows, width }) {
    const inputs = [tensor([rows, width], 0), tensor([width], 1), tensor([width], 2)];
    const weights = tensor([rows, width], 9);
    const normalise = (x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, 1, true);
      return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), scale), shift);
    };
    return eager(() => withGradients(normalise, inputs, weights).slice(1));
  },
  'cross-entropy'({ rows, classes }) {
    const logits = tensor([rows, classes], 0);
    const targets = tf.oneHot(tf.tensor1d(Int32Array.from(classIds(rows, classes)), 'int32'), classes);
    return eager(() => {
      const { value, grad } = tf.valueAndGrad((x) => tf.losses.softmaxCrossEntropy(targets, x))(logits);
      return [value, grad];
    });
  },
  embedding({ rows, classes, width }) {
    const table = tensor([classes, width], 0);
    const ids = tf.tensor1d(Int32Array.from(classIds(rows, classes)), 'int32');
    const weights = tensor([rows, width], 9);
    return eager(() => withGradients((x) => tf.gather(x, ids), [table], weights));
  },
  convolution(problem) {
    const { batch, height, width, channels, filters } = problem;
    const { size, stride, padding } = WINDOW;
    const x = tensor([batch, height, width, channels], 0);
    const w = tensor([size, size, channels, filters], 1);
    const convolve = (pixels: tf.Tensor, kernel: tf.Tensor) =>
      tf.conv2d(pixels as tf.Tensor4D, kernel as tf.Tensor4D, stride, padding);
    const weights = tensor(tf.tidy(() => convolve(x, w)).shape, 9);
    return eager(() => withGradients(convolve, [x, w], weights));
  },
  elementwise({ elements }) {
    const [x, a, b] = [0, 1, 2].map((stream) => tensor([elements], stream));
    return eager(() => [tf.mul(tf.tanh(tf.add(tf.mul(x, a), b)), tf.sigmoid(x))]);
  },
  Adam({ elements }) {
    const parameters = tf.variable(tensor([elements], 0));
    const gradient = tensor([elements], 1);
    const step = adamStep();
    return eager(() => {
      step({ [parameters.name]: gradient });
      return [tf.clone(parameters)];
    });
  },
  sum({ rows, width, over }) {
    const x = tensor([rows, width], 0);
    return eager(() => [over === 'rows' ? tf.sum(x, 0) : tf.sum(x)]);
  },
};
