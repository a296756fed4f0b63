import { plan, STAGING_BYTES } from '@chipsmith/kernels';
import type { Growth } from '../report/results.ts';
import { ATTENTION, traceAttention } from './attention.ts';

const LENGTHS = [256, 512, 1024, 2048];

export const ATTENTION_MEMORY = 'attention memory by length';

/** What a step of attention takes besides its inputs, by length; it is planned, which needs no device. */
export function attentionMemory(lengths: readonly number[] = LENGTHS): Growth[] {
  return lengths.map((length) => {
    const { graph, results } = traceAttention({ ...ATTENTION, length });
    const { peakBytes } = plan(graph, { outputs: results });
    // q, k, v, the loss's weights and the table of distances are all (length, heads, depth) in f32.
    const inputs = 5 * length * ATTENTION.heads * ATTENTION.depth * 4;
    const scoreBytes = ATTENTION.heads * length * length * 4;
    return { name: ATTENTION_MEMORY, length, bytes: peakBytes - inputs - STAGING_BYTES, scoreBytes };
  });
}
