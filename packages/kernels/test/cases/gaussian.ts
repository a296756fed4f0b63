import { elementCount, gaussian, gaussianNoise, type Shape } from '../../src/index.ts';
import { TOLERANCE } from '../support/numbers.ts';
import type { OperationCase } from '../support/verify.ts';

export const gaussianNoiseCases: readonly OperationCase[] = ([[], [5], [3, 130]] satisfies Shape[]).map((shape) => ({
  name: `of [${shape}], equal to the host's`,
  shapes: [],
  build: (_inputs, graph) => gaussianNoise(shape, graph.constant(Uint32Array.of(11), []), 3),
  reference: () => Float64Array.from({ length: elementCount(shape) }, (_, index) => gaussian(index, 3, 11)),
  tolerance: TOLERANCE.reduction,
  differentiable: false,
}));
