import { Arena, add, embeddingLayer, linearLayer, normLayer, type Tensor, transformerBlock } from '@chipsmith/kernels';

/** A transformer that scores what comes next, as GPT-2 has it, whose last matrix is the first one again. */
export function transformer(classes: number, length: number, features: number, heads: number, depth: number) {
  const parameters = new Arena('parameters', 'parameters');
  const events = embeddingLayer(parameters, 'events', classes, features);
  const positions = embeddingLayer(parameters, 'positions', length, features);
  const blocks = Array.from({ length: depth }, (_, index) =>
    transformerBlock(parameters, `blocks/${index}`, { features, heads, blocks: depth }),
  );
  const norm = normLayer(parameters, 'norm', features);
  const output = linearLayer(parameters, 'output', features, classes, { bias: false });

  /** (B, L) u32 -> (B, L, C) */
  const apply = (ids: Tensor): Tensor => {
    const start = add(events.apply(ids), ids.graph.variable(positions.table));
    return output.apply(norm.apply(blocks.reduce((x, block) => block.apply(x), start)));
  };
  return { parameters, apply };
}

console.log(transformer(256, 64, 128, 4, 2).parameters.valueCount); // 470,528
