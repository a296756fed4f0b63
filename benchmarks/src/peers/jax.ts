import {
  blockUntilReady,
  defaultDevice,
  init,
  type Array as JaxArray,
  type JsTree,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import { classIds, convolvedSize, WINDOW } from '../gpu/problems.ts';
import { array, oneHot, tensor } from './jax-arrays.ts';
import { adam, lstmTraining } from './jax-training.ts';
import type { PeerSubject, Solutions } from './library.ts';
import { PeerFailure } from './messages.ts';

/**
 * jax-js on one of its devices, which this process then keeps.
 *
 * @param device `webgpu` or `wasm`
 * @throws PeerFailure
 */
export async function openJax(device: string): Promise<Solutions> {
  const known = (['webgpu', 'wasm'] as const).find((name) => name === device);
  if (known === undefined || !(await init(known)).includes(known)) {
    throw new PeerFailure('no backend', `jax-js has no ${device} device here`);
  }
  defaultDevice(known);
  return solutions;
}

/**
 * Runs a compiled function on the same inputs, and keeps its last results. jax-js counts references: `ref` lends one.
 */
function compiled(f: (...inputs: JaxArray[]) => JsTree<JaxArray>, inputs: JaxArray[], order = asTheyAre): PeerSubject {
  const program = jit(f);
  let last: JaxArray[] = [];
  return {
    run() {
      const next = tree.leaves<JaxArray>(program(...inputs.map((input) => input.ref)));
      for (const result of last) result.dispose();
      last = next;
    },
    settle: async () => void (await blockUntilReady(last)),
    results: async () => order(await Promise.all(last.map((result) => result.ref.data()))),
    release() {
      for (const result of [...last, ...inputs]) result.dispose();
      program.dispose();
    },
  };
}

const asTheyAre = (results: ArrayLike<number>[]) => results;

/** The gradients of sum(f(inputs) weights), and f's result. */
function withGradients(
  f: (...inputs: JaxArray[]) => JaxArray,
  inputs: JaxArray[],
  weights: JaxArray,
  order = asTheyAre,
) {
  const loss = (...all: JaxArray[]): [JaxArray, JaxArray] => {
    const result = f(...all.slice(0, -1));
    return [np.sum(result.ref.mul(all[all.length - 1])), result];
  };
  const argnums = inputs.map((_, index) => index);
  const differentiate = valueAndGrad(loss, { argnums, hasAux: true });
  const step = (...all: JaxArray[]) => {
    const [[value, result], gradients] = differentiate(...all) as [[JaxArray, JaxArray], JaxArray[]];
    value.dispose();
    return [result, ...gradients];
  };
  return compiled(step, [...inputs, weights], order);
}

/** (B, C, H, W) -> (B, H, W, C), the order of our results. */
function channelsLast(values: ArrayLike<number>, [batch, channels, height, width]: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++)
      for (let pixel = 0; pixel < height * width; pixel++)
        result[(b * height * width + pixel) * channels + c] = values[(b * channels + c) * height * width + pixel];
  return result;
}

const solutions: Solutions = {
  matmul({ form, M, N, K }) {
    const a = tensor(form === 'TN' ? [K, M] : [M, K], 0);
    const b = tensor(form === 'NT' ? [N, K] : [K, N], 1);
    const product = (left: JaxArray, right: JaxArray) =>
      np.matmul(form === 'TN' ? left.transpose() : left, form === 'NT' ? right.transpose() : right);
    return compiled(product, [a, b]);
  },
  'LSTM training': lstmTraining,
  attention({ heads, depth, length }) {
    const shape = [1, length, heads, depth];
    const mask = array(
      Float32Array.from({ length: length * length }, (_, index) =>
        index % length > Math.floor(index / length) ? -1e9 : 0,
      ),
      [length, length],
    );
    const perHead = (x: JaxArray) => x.reshape([length, heads, depth]).transpose([1, 0, 2]);
    const attend = (q: JaxArray, k: JaxArray, v: JaxArray, relative: JaxArray) => {
      const queries = perHead(q);
      // Music Transformer's skew: distances fall to the right, and a column of zeros on the left shifts each row by
      // one.
      const byDistance = np.matmul(queries.ref, np.flip(relative, 1).transpose([0, 2, 1]));
      const padded = np.pad(byDistance, [
        [0, 0],
        [0, 0],
        [1, 0],
      ]);
      const skewed = padded.reshape([heads, length + 1, length]).slice([], [1, length + 1]);
      const scores = np.matmul(queries, perHead(k).transpose([0, 2, 1])).add(skewed);
      const weights = nn.softmax(scores.mul(1 / Math.sqrt(depth)).add(mask.ref), -1);
      return np.matmul(weights, perHead(v)).transpose([1, 0, 2]).reshape(shape);
    };
    const inputs = [tensor(shape, 0), tensor(shape, 1), tensor(shape, 2), tensor([heads, length, depth], 3)];
    return withGradients(attend, inputs, tensor(shape, 9));
  },
  softmax: ({ rows, width }) => compiled((x) => nn.softmax(x, -1), [tensor([rows, width], 0)]),
  'layer norm'({ rows, width }) {
    const normalise = (x: JaxArray, scale: JaxArray, shift: JaxArray) =>
      nn.standardize(x, -1, { epsilon: 1e-5 }).mul(scale).add(shift);
    const inputs = [tensor([rows, width], 0), tensor([width], 1), tensor([width], 2)];
    return withGradients(normalise, inputs, tensor([rows, width], 9), (results) => results.slice(1));
  },
  'cross-entropy'({ rows, classes }) {
    const loss = (logits: JaxArray, targets: JaxArray) => np.sum(nn.logSoftmax(logits, -1).mul(targets)).mul(-1 / rows);
    const inputs = [tensor([rows, classes], 0), oneHot(classIds(rows, classes), classes)];
    return compiled((...all) => valueAndGrad(loss)(all[0], all[1]), inputs);
  },
  embedding({ rows, classes, width }) {
    const ids = np.array(Int32Array.from(classIds(rows, classes)), { dtype: np.int32 });
    const look = (table: JaxArray) => np.take(table, ids.ref, 0);
    return withGradients(look, [tensor([classes, width], 0)], tensor([rows, width], 9));
  },
  convolution(problem) {
    const { batch, height, width, channels, filters } = problem;
    const { size, stride, padding } = WINDOW;
    const [rows, columns] = convolvedSize(problem);
    // jax-js keeps channels before pixels: the same numbers in its own order, and back for the comparison.
    const x = tensor([batch, height, width, channels], 0).transpose([0, 3, 1, 2]);
    const w = tensor([size, size, channels, filters], 1).transpose([3, 2, 0, 1]);
    const weights = tensor([batch, rows, columns, filters], 9).transpose([0, 3, 1, 2]);
    const edges: [number, number] = [padding, padding];
    const convolve = (pixels: JaxArray, kernel: JaxArray) =>
      lax.convGeneralDilated(pixels, kernel, [stride, stride], [edges, edges]);
    const inOrder = ([y, dx, dw]: ArrayLike<number>[]) => [
      channelsLast(y, [batch, filters, rows, columns]),
      channelsLast(dx, [batch, channels, height, width]),
      kernelOrder(dw, [filters, channels, size * size]),
    ];
    return withGradients(convolve, [x, w], weights, inOrder);
  },
  elementwise({ elements }) {
    const gate = (x: JaxArray, a: JaxArray, b: JaxArray) => np.tanh(x.ref.mul(a).add(b)).mul(nn.sigmoid(x));
    return compiled(
      gate,
      [0, 1, 2].map((stream) => tensor([elements], stream)),
    );
  },
  Adam: ({ elements }) => adam(tensor([elements], 0), tensor([elements], 1)),
  sum: ({ rows, width, over }) =>
    compiled((x) => (over === 'rows' ? np.sum(x, 0) : np.sum(x)), [tensor([rows, width], 0)]),
};

/** (O, C, window) -> (window, C, O). */
function kernelOrder(values: ArrayLike<number>, [filters, channels, window]: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  for (let o = 0; o < filters; o++)
    for (let c = 0; c < channels; c++)
      for (let place = 0; place < window; place++)
        result[(place * channels + c) * filters + o] = values[(o * channels + c) * window + place];
  return result;
}
