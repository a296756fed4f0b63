import { KernelError } from '../errors.ts';
import { type AttentionOptions, attention } from '../operations/attention/attention.ts';
import { add } from '../operations/binary.ts';
import { matmul } from '../operations/matmul/matmul.ts';
import { slice } from '../operations/slice.ts';
import { reshape } from '../operations/view.ts';
import { requireShape } from '../trace/checks.ts';
import type { Arena, Initialiser, Slot } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import { glorotUniform, randomNormal } from './initialisers.ts';
import { type LinearLayer, linearLayer } from './linear.ts';

/** Settings of `attentionLayer`. */
export interface AttentionLayerOptions {
  /** F, a multiple of the heads. */
  readonly features: number;
  /** H; each attends with D = F / H features. */
  readonly heads: number;
  /** A position sees itself and those before it only; default false. */
  readonly causal?: boolean;
  /**
   * R: how many distances each head learns to tell apart (Huang et al., arXiv 1809.04281): 0 to R - 1 if causal, else R
   * is odd and the middle one is 0. None if left out.
   */
  readonly relative?: number | undefined;
  /** Whether the projections add biases; default true. */
  readonly bias?: boolean;
  /** What the projections to queries, keys and values start from; Glorot's uniform distribution by default. */
  readonly initialiser?: Initialiser;
  /** What the projection of the output starts from; Glorot's uniform distribution by default. */
  readonly outputInitialiser?: Initialiser;
}

/** Which keys there are: see `AttentionOptions`. */
export type AttentionContext = Pick<AttentionOptions, 'lengths' | 'positions'>;

/** Queries, keys and values, each (B, L, H, D). */
export interface Projections {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Self-attention of several heads with its projections. */
export interface AttentionLayer {
  /** (3, F, F): to queries, keys and values. */
  readonly kernel: Slot;
  /** (3, F); starts at zero. */
  readonly bias: Slot | undefined;
  /** (H, R, D). */
  readonly relative: Slot | undefined;
  readonly output: LinearLayer;
  /** @param x (B, L, F) */
  project(x: Tensor): Projections;
  /** What the queries find; keys and values may also come from a cache. @returns (B, L, F) */
  attend(projections: Projections, context?: AttentionContext): Tensor;
  /** Projects and attends. @param x (B, L, F) @returns (B, L, F) */
  apply(x: Tensor, context?: AttentionContext): Tensor;
}

/**
 * Multi-head self-attention (Vaswani et al., arXiv 1706.03762): see `attention`. One batched product makes queries,
 * keys and values. Distances start normally distributed with deviation 1 / sqrt(D), as in Music Transformer's source
 * (tensor2tensor, get_relative_embeddings_left).
 *
 * @param name the slots are `name/kernel`, `name/bias`, `name/relative`, `name/output/kernel` and `name/output/bias`
 * @throws KernelError `shape` if the heads do not divide the features
 */
export function attentionLayer(arena: Arena, name: string, options: AttentionLayerOptions): AttentionLayer {
  const { features, heads, causal = false, bias: hasBias = true } = options;
  const depth = features / heads;
  if (!Number.isInteger(depth)) {
    throw new KernelError('shape', `${name}: ${heads} heads do not divide ${features} features.`);
  }
  const { initialiser = glorotUniform(features, features), outputInitialiser } = options;
  const kernel = arena.add(`${name}/kernel`, [3, features, features], initialiser);
  const bias = hasBias ? arena.add(`${name}/bias`, [3, features]) : undefined;
  const relative =
    options.relative === undefined
      ? undefined
      : arena.add(`${name}/relative`, [heads, options.relative, depth], randomNormal(1 / Math.sqrt(depth)));
  const output = linearLayer(arena, `${name}/output`, features, features, {
    bias: hasBias,
    ...(outputInitialiser && { initialiser: outputInitialiser }),
  });

  const layer: AttentionLayer = {
    kernel,
    bias,
    relative,
    output,
    project(x) {
      requireShape(x.shape.length === 3 && x.shape[2] === features, name, `x must be (B, L, ${features})`, x);
      const [batch, length] = x.shape;
      const products = matmul(reshape(x, [batch * length, features]), x.graph.variable(kernel)); // (3, B L, F)
      const all = bias ? add(products, reshape(x.graph.variable(bias), [3, 1, features])) : products;
      const part = (index: number) => reshape(slice(all, index, index + 1), [batch, length, heads, depth]);
      return { q: part(0), k: part(1), v: part(2) };
    },
    attend({ q, k, v }, { lengths, positions } = {}) {
      const distances = relative && q.graph.variable(relative);
      const found = attention(q, k, v, { causal, relative: distances, lengths, positions });
      return output.apply(reshape(found, [q.shape[0], q.shape[1], features]));
    },
    apply: (x, context) => layer.attend(layer.project(x), context),
  };
  return layer;
}
