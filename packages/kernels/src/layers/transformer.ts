import { add } from '../operations/binary.ts';
import { dropout } from '../operations/dropout.ts';
import { unary } from '../operations/unary.ts';
import type { Arena } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import { type AttentionContext, type AttentionLayer, attentionLayer } from './attention.ts';
import { type LayerDropout, ownStreams } from './dropout.ts';
import { randomNormal } from './initialisers.ts';
import { type LinearLayer, linearLayer } from './linear.ts';
import { type NormLayer, normLayer } from './norm.ts';

/** Settings of `transformerBlock`. */
export interface TransformerBlockOptions {
  /** F, a multiple of the heads. */
  readonly features: number;
  readonly heads: number;
  /** Units between the two linear layers; default 4 F. */
  readonly hidden?: number;
  /** A position sees itself and those before it only; default true. */
  readonly causal?: boolean;
  /** Distances that each head learns to tell apart, see `attentionLayer`; none if left out. */
  readonly relative?: number | undefined;
  /** How many blocks the network has: the more, the less each adds in the beginning; default 1. */
  readonly blocks?: number;
}

/** What a block may see, and what it drops while training. */
export interface TransformerBlockContext extends AttentionContext {
  /** Of what is added to x, from two streams. */
  readonly dropout?: LayerDropout | undefined;
}

/** Attention, then two linear layers, each on normalised values and added to what came in. */
export interface TransformerBlock {
  readonly attentionNorm: NormLayer;
  readonly attention: AttentionLayer;
  readonly linearNorm: NormLayer;
  readonly expand: LinearLayer;
  readonly contract: LinearLayer;
  /** @param x (B, L, F) @returns (B, L, F) */
  apply(x: Tensor, context?: TransformerBlockContext): Tensor;
}

/**
 * A transformer block as GPT-2 has it (Radford et al. 2019), with the norms before what they normalise for (Xiong et
 * al., arXiv 2002.04745):
 *
 *     x = x + attention(norm(x))
 *     x = x + contract(gelu(expand(norm(x))))
 *
 * Weights start normally distributed with deviation 0.02, those of the two last projections, which are added up over
 * all blocks, with 0.02 / sqrt(2 blocks) (section 2.3 there).
 *
 * @param name slots are named below `name/attention-norm`, `name/attention`, `name/linear-norm`, `name/expand`,
 *   `name/contract`
 * @throws KernelError `shape` if the heads do not divide the features
 */
export function transformerBlock(arena: Arena, name: string, options: TransformerBlockOptions): TransformerBlock {
  const { features, heads, hidden = 4 * features, causal = true, relative, blocks = 1 } = options;
  const initialiser = randomNormal(0.02);
  const outputInitialiser = randomNormal(0.02 / Math.sqrt(2 * blocks));
  const firstSlot = arena.slots.length;
  const attentionNorm = normLayer(arena, `${name}/attention-norm`, features);
  const attention = attentionLayer(arena, `${name}/attention`, {
    features,
    heads,
    causal,
    relative,
    initialiser,
    outputInitialiser,
  });
  const linearNorm = normLayer(arena, `${name}/linear-norm`, features);
  const expand = linearLayer(arena, `${name}/expand`, features, hidden, { initialiser });
  const contract = linearLayer(arena, `${name}/contract`, hidden, features, { initialiser: outputInitialiser });
  return {
    attentionNorm,
    attention,
    linearNorm,
    expand,
    contract,
    apply(x, { dropout: given, ...seen } = {}) {
      const drops = given && ownStreams(given, firstSlot);
      const residual = (added: Tensor, number: number) =>
        drops === undefined ? added : dropout(added, drops.rate, drops.seed, drops.stream + number);
      const attended = add(x, residual(attention.apply(attentionNorm.apply(x), seen), 0));
      const activated = unary('gelu', expand.apply(linearNorm.apply(attended)));
      return add(attended, residual(contract.apply(activated), 1));
    },
  };
}
