import type { Encoding } from '@chipsmith/data';
import { binaryCrossEntropyElements, multiply, reshape, sum } from '@chipsmith/kernels';
import type { Model } from '../model.ts';
import { bitmapComposers } from './composers.ts';
import { bitmapExamples } from './examples.ts';
import type { BitmapNetwork } from './network.ts';

/** A model that learns to give back bitmaps through a code: binary cross-entropy over all cells of a piece. */
export function bitmapModel(network: BitmapNetwork, encoding: Encoding): Model {
  const { parameters, statistics } = network;
  return {
    parameters,
    statistics,
    examples: bitmapExamples(encoding),
    carriedShapes: () => [],
    trace(_graph, { bitmap, mask }, mode) {
      const training = mode.kind === 'training';
      const logits = network.decode(network.encode(bitmap, training), training);
      const pieces = sum(binaryCrossEntropyElements(logits, bitmap), [1]);
      return { objective: reshape(sum(multiply(pieces, mask)), []), measures: {}, carried: [] };
    },
    composers: bitmapComposers(network),
  };
}
