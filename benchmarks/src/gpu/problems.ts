import { uniformArray } from '@chipsmith/kernels';

/** c (M, N) = a b with inner size K; T where an operand is stored transposed. */
export interface Matmul {
  readonly kind: 'matmul';
  readonly form: 'NN' | 'NT' | 'TN';
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** A step of `lstmModel`: forward, backward, clipping by the global norm, Adam. The result is the first step's loss. */
export interface LstmTraining {
  readonly kind: 'LSTM training';
  /** H, the same in every layer. */
  readonly units: number;
  readonly layers: number;
  /** B. */
  readonly batch: number;
  /** T. */
  readonly steps: number;
  /** C: classes of the events read and predicted. */
  readonly classes: number;
}

/**
 * Causal attention with relative positions and its gradients: q, k, v (1, L, H, D) and relative (H, L, D), whose row t
 * is distance t; the loss is sum(output weights). Results: output and the four gradients.
 */
export interface Attention {
  readonly kind: 'attention';
  readonly heads: number;
  readonly depth: number;
  readonly length: number;
}

/** y = softmax(x) over rows. */
export interface Softmax {
  readonly kind: 'softmax';
  readonly rows: number;
  readonly width: number;
}

/** Layer norm under the loss sum(y weights). Results: gradients of x, scale and shift. */
export interface LayerNorm {
  readonly kind: 'layer norm';
  readonly rows: number;
  readonly width: number;
}

/** Mean cross-entropy of logits (rows, classes). Results: the loss, the logits' gradient. */
export interface CrossEntropy {
  readonly kind: 'cross-entropy';
  readonly rows: number;
  readonly classes: number;
}

/** Rows of a table (classes, width) by id, under the loss sum(y weights). Results: y, the table's gradient. */
export interface Embedding {
  readonly kind: 'embedding';
  readonly rows: number;
  readonly classes: number;
  readonly width: number;
}

/**
 * x (batch, height, width, channels) convolved with 4 x 4 weights at stride 2 and padding 1, under the loss
 * sum(y weights). Results: y, gradients of x and of the weights.
 */
export interface Convolution {
  readonly kind: 'convolution';
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
}

/** y = tanh(x a + b) sigmoid(x). */
export interface Elementwise {
  readonly kind: 'elementwise';
  readonly elements: number;
}

/** A step of Adam, clipped by the global norm. The result is the parameters after the first step. */
export interface Adam {
  readonly kind: 'Adam';
  readonly elements: number;
}

/** Sum of x (rows, width) over rows, as for the gradient of a bias, or over everything. */
export interface Sum {
  readonly kind: 'sum';
  readonly rows: number;
  readonly width: number;
  readonly over: 'rows' | 'all';
}

/** What is computed, for us and for peers alike. Everything is f32. */
export type Problem =
  | Matmul
  | LstmTraining
  | Attention
  | Softmax
  | LayerNorm
  | CrossEntropy
  | Embedding
  | Convolution
  | Elementwise
  | Adam
  | Sum;

export type ProblemOf<Kind extends Problem['kind']> = Extract<Problem, { kind: Kind }>;

/** Settings of training steps, those of Magenta's melody RNNs. */
export const LEARNING_RATE = 0.001;
export const CLIP_NORM = 3;

/** Half the range that parameters of an LSTM are drawn from. */
export const PARAMETER_LIMIT = 0.08;

/** The convolution's window. */
export const WINDOW = { size: 4, stride: 2, padding: 1 };

/** The same numbers for us and for peers, one stream for each operand. */
export function numbers(count: number, stream: number, limit = 1): Float32Array<ArrayBuffer> {
  return uniformArray(count, limit, stream, 1);
}

/** `count` classes in a fixed order; `offset` 1 gives each one's successor. */
export function classIds(count: number, classes: number, offset = 0): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, row) => ((row + offset) * 7) % classes);
}

/** Sizes (height, width) of what the convolution gives. */
export function convolvedSize({ height, width }: Convolution): [number, number] {
  const convolved = (size: number) => Math.floor((size + 2 * WINDOW.padding - WINDOW.size) / WINDOW.stride) + 1;
  return [convolved(height), convolved(width)];
}
