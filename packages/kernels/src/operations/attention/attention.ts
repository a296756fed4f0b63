import { KernelError } from '../../errors.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { onceDifferentiable } from '../../trace/operation.ts';
import { elementCount, formatShape, type Shape, sameShape } from '../../trace/shape.ts';
import type { Dispatch, KernelContext, Node, Operation, Tensor } from '../../trace/trace.ts';
import { type AttentionProblem, type BlockKernel, blockDistances, blockRows } from './block.ts';
import { productKernel } from './products.ts';
import { deltaKernel, scoreColumns, scoreKernel, skewKernel, softmaxKernel } from './scores.ts';

/** What a query may see, and how it distinguishes positions. */
export interface AttentionOptions {
  /** A query sees the keys up to its own position only. */
  readonly causal?: boolean;
  /**
   * Learned embeddings of distances i - j, (H, R, D), or (R, D) for all heads. Causal: row t is distance t. Otherwise R
   * must be odd, and its middle row is distance 0. Distances beyond the table add nothing.
   */
  readonly relative?: Tensor | undefined;
  /** (B) u32: how many keys of each sequence count; the rest is padding. All, if left out. */
  readonly lengths?: Tensor | undefined;
  /** (B) u32: the position of query 0 among the keys. Lk - Lq, if left out: the last query stands at the last key. */
  readonly positions?: Tensor | undefined;
}

/**
 * Scaled dot-product attention (Vaswani et al., arXiv 1706.03762) with the relative positions of Music Transformer
 * (Huang et al., arXiv 1809.04281, there q_i e_(i-j) for all i, j by skewing a matrix; here read where they lie):
 *
 *     score_ij = (q_i k_j + q_i e_(i-j)) / sqrt(D)
 *     output_i = sum_j softmax_j(score_ij) v_j         zero for a query that may see no key
 *
 * The layout (B, L, H, D) is what a projection of (B L, features) gives and what the next one takes, without a
 * transpose: three weights in one tensor (3, features, H D) make q, k and v in one batched matmul, of which `slice`
 * gives views.
 *
 * Memory is proportional to the number of keys: scores exist for 64 query rows at a time, and a backward pass computes
 * them again from the log-sum-exp of each row. Blocks rather than an online softmax, because then all work is products
 * in register tiles, of any depth: an online softmax keeps whole output rows in registers, and its backward pass takes
 * 14 products where this one takes 8.
 *
 * @param q (B, Lq, H, D)
 * @param k (B, Lk, H, D); Lk >= Lq if causal or relative, unless positions are given. The first Lk - Lq keys are a
 *   memory of earlier segments, or a cache of which `positions` says how far it is filled (see `writeRows`)
 * @param v as k
 * @returns (B, Lq, H, D)
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const { causal = false, relative, lengths, positions } = options;
  const inputs = [q, k, v, relative, lengths, positions].filter((input) => input !== undefined);
  const attributes = {
    causal,
    hasRelative: relative !== undefined,
    hasLengths: lengths !== undefined,
    hasPositions: positions !== undefined,
  };
  return q.graph.apply(attentionOperation, inputs, attributes)[0];
}

export interface AttentionAttributes {
  readonly causal: boolean;
  readonly hasRelative: boolean;
  readonly hasLengths: boolean;
  readonly hasPositions: boolean;
}

/** Inputs: q, k, v, then relative, lengths and positions where present. Outputs: the result, log-sum-exp (B, H, Lq). */
export const attentionOperation: Operation<AttentionAttributes> = {
  name: 'attention',
  outputs(inputs, attributes) {
    const { q, k, v, relative, lengths, positions } = named(inputs, attributes);
    for (const [name, tensor] of Object.entries({ q, k, v, relative })) {
      if (tensor !== undefined) requireType(tensor, 'f32', 'attention', name);
    }
    requireShape(q.shape.length === 4, 'attention', 'q must be (B, Lq, H, D)', q);
    const [batch, queries, heads, depth] = q.shape;
    const fits = sameShape([k.shape[0], ...k.shape.slice(2)], [batch, heads, depth]) && sameShape(k.shape, v.shape);
    requireShape(fits, 'attention', `k and v must be [${batch}, Lk, ${heads}, ${depth}]`, k, v);
    const { causal, hasRelative } = attributes;
    const reaches = !(causal || hasRelative) || positions !== undefined || k.shape[1] >= queries;
    requireShape(reaches, 'attention', 'causal or relative, k must not be shorter than q', q, k);
    if (relative !== undefined) {
      const perHead = relative.shape.length === 3 && relative.shape[0] === heads;
      const tableFits = (perHead || relative.shape.length === 2) && relative.shape.at(-1) === depth;
      const rule = `relative must be [R, ${depth}] or [${heads}, R, ${depth}]`;
      requireShape(tableFits, 'attention', rule, relative);
      const centred = causal || (relative.shape.at(-2) ?? 0) % 2 === 1;
      requireShape(centred, 'attention', 'relative must have an odd number of rows unless causal', relative);
    }
    for (const [name, tensor] of Object.entries({ lengths, positions })) {
      if (tensor === undefined) continue;
      requireType(tensor, 'u32', 'attention', name);
      requireShape(sameShape(tensor.shape, [batch]), 'attention', `${name} must be ${formatShape([batch])}`, tensor);
    }
    return [
      { shape: q.shape, dtype: 'f32' },
      { shape: [batch, heads, queries], dtype: 'f32' },
    ];
  },
  kernels(node, context) {
    const [output, logSum] = node.outputs;
    const { problem, q, k, v, relative, lengths, positions } = posed(node, context);
    const scores = scoreBlock(problem, context);
    const weights = problem.inPlace ? scores : scoreBlock(problem, context);
    const shares = context.scratch(logSum.shape);
    const launch = launcher({ lengths, positions, scores, weights, shares, log_sum: logSum });
    return eachBlock(problem, [
      launch(scoreKernel(problem, 'scores'), { row_vectors: q, key_vectors: k, relative }),
      launch({ variants: () => ({ likely: softmaxKernel(problem) }) }),
      launch(productKernel(problem, 'output'), { vectors: v, result: output }),
    ]);
  },
  backward(node, [dOutput, dLogSum], wanted) {
    if (dLogSum !== undefined) throw new KernelError('not-differentiable', 'attention: the log-sum has no gradient.');
    if (dOutput === undefined) return node.inputs.map(() => undefined);
    const inputs = [...node.inputs, ...node.outputs, dOutput];
    const slopes = dOutput.graph.apply(attentionGradientOperation, inputs, node.attributes);
    return node.inputs.map((_, index) => (wanted[index] ? slopes[index] : undefined));
  },
};

/**
 * Inputs: those of `attention`, its outputs, and the gradient of the first. Outputs: gradients of q, k, v and relative.
 */
export const attentionGradientOperation: Operation<AttentionAttributes> = {
  name: 'attentionGradient',
  outputs: (inputs, { hasRelative }) =>
    inputs.slice(0, hasRelative ? 4 : 3).map(({ shape }) => ({ shape, dtype: 'f32' as const })),
  kernels(node, context) {
    const [output, logSum, dOutput] = node.inputs.slice(-3);
    const [dQ, dK, dV, dRelative] = node.outputs;
    const { problem, place, q, k, v, relative, lengths, positions } = posed(node, context);
    const dO = place(dOutput);
    const probabilities = scoreBlock(problem, context);
    const other = problem.inPlace && relative === undefined ? undefined : scoreBlock(problem, context);
    const [slopes, skewed] = problem.inPlace ? [probabilities, other] : [other, probabilities];
    const delta = context.scratch(logSum.shape);
    const launch = launcher({ lengths, positions, relative, probabilities, slopes, skewed, log_sum: logSum, delta });
    const launches = [
      launch(scoreKernel(problem, 'probabilities'), { row_vectors: q, key_vectors: k }),
      launch(productKernel(problem, 'dValues'), { vectors: dO, result: dV }),
      launch(scoreKernel(problem, 'slopes'), { row_vectors: dO, key_vectors: v }),
    ];
    if (relative !== undefined) launches.push(launch({ variants: (seen) => ({ likely: skewKernel(problem, seen) }) }));
    launches.push(
      launch(productKernel(problem, 'dQueries'), { vectors: k, result: dQ }),
      launch(productKernel(problem, 'dKeys'), { vectors: q, result: dK }),
    );
    if (relative !== undefined)
      launches.push(launch(productKernel(problem, 'dRelative'), { vectors: q, result: dRelative }));
    return [
      { ...deltaKernel(problem), operands: [output, dOutput, delta], uniforms: [] },
      ...eachBlock(problem, launches),
    ];
  },
  backward: onceDifferentiable,
};

/** Tensors by the names of the kernels' bindings. */
type Operands = Readonly<Record<string, Tensor | undefined>>;

/** A kernel's launch on one block of query rows. */
type Launch = (uniforms: readonly number[]) => Dispatch;

/** Makes launches of kernels, whose operands are found by name in `common` or among their own. */
function launcher(common: Operands) {
  return (kernel: BlockKernel, own: Operands = {}): Launch => {
    const tensors = { ...common, ...own };
    return (uniforms) => {
      const { likely, choice } = kernel.variants(uniforms[1]);
      const operands = likely.kernel.bindings.map(({ name }) => tensors[name]).filter((tensor) => tensor !== undefined);
      return { ...likely, operands, uniforms, ...(choice && { choice: { ...choice, uniforms } }) };
    };
  };
}

/**
 * The launches for one block of query rows after the other, all in the same scratch. From the last block to the first:
 * the last one can see all keys, so that it sets every sum others add to.
 */
function eachBlock(problem: AttentionProblem, launches: readonly Launch[]): Dispatch[] {
  const { queries, keys, causal, hasPositions } = problem;
  const rows = blockRows(problem);
  const blocks = Math.ceil(queries / rows);
  return Array.from({ length: blocks }, (_, back) => {
    const start = (blocks - 1 - back) * rows;
    const seen = causal && !hasPositions ? Math.min(keys, keys - queries + start + rows) : keys;
    return launches.map((launch) => launch([start, seen, back === 0 ? 1 : 0]));
  }).flat();
}

/** Scratch for a line of scores for each key, or each distance, of each batch and head. */
function scoreBlock(problem: AttentionProblem, { scratch, scratchImage }: KernelContext): Tensor {
  const { batch, heads, keys } = problem;
  const lines = batch * heads * Math.max(keys, blockDistances(problem));
  const columns = scoreColumns(problem);
  const image = problem.inPlace ? undefined : scratchImage({ lines, columns });
  return image ?? scratch([lines, 4 * columns]);
}

/** Inputs by name: q, k, v, then those of the optional ones that are there. */
function named(inputs: readonly Tensor[], { hasRelative, hasLengths, hasPositions }: AttentionAttributes) {
  const [q, k, v, ...rest] = inputs;
  const next = rest.values();
  const optional = (present: boolean): Tensor | undefined => (present ? next.next().value : undefined);
  return { q, k, v, relative: optional(hasRelative), lengths: optional(hasLengths), positions: optional(hasPositions) };
}

/**
 * Whether copying vectors to textures takes less time than it saves: each is read once for each tile of the other side.
 */
function paysImages([, queries, , depth]: Shape, [, keys]: Shape): boolean {
  return depth % 4 === 0 && queries >= 32 && keys >= 32;
}

/** The problem that a node poses, and its inputs where kernels read them: `place` gives vectors' copies in textures. */
function posed({ inputs, attributes }: Node<AttentionAttributes>, { image }: KernelContext) {
  const { q, k, v, relative, lengths, positions } = named(inputs, attributes);
  const [batch, queries, heads, depth] = q.shape;
  const pays = paysImages(q.shape, k.shape);
  const place = (vectors: Tensor): Tensor => {
    const copy = pays ? image(vectors, { lines: elementCount(vectors.shape) / depth, row: depth }) : undefined;
    return copy ?? vectors;
  };
  const placed = { q: place(q), k: place(k), v: place(v), relative: relative && place(relative), lengths, positions };
  const { causal, hasLengths, hasPositions } = attributes;
  const problem: AttentionProblem = {
    batch,
    heads,
    queries,
    keys: k.shape[1],
    depth,
    causal,
    relativeRows: relative?.shape.at(-2) ?? 0,
    sharedRelative: relative?.shape.length === 2,
    hasLengths,
    hasPositions,
    inPlace: placed.q === q,
  };
  return { problem, place, ...placed };
}
