import type { operations } from '../../src/operation.ts';
import type { OperationCase } from '../support/verify.ts';
import { cumulativeSumCases, gatherAlongCases, scatterAddCases } from './along.ts';
import { attentionCases } from './attention.ts';
import { attentionLstmCases } from './attention-lstm.ts';
import { batchNormCases } from './batch-norm.ts';
import { categoricalCases } from './categorical.ts';
import { castCases, compareCases, oneHotCases, whereCases } from './choices.ts';
import { conv2dCases, conv2dTransposeCases, conv2dWeightsCases } from './convolution.ts';
import { binaryCases, broadcastCases, keepWhereCases, scaleCases, unaryCases } from './elementwise.ts';
import { gaussianNoiseCases } from './gaussian.ts';
import { lstmCases } from './lstm.ts';
import { matmulCases } from './matmul.ts';
import { layerNormCases, softmaxCases } from './normalise.ts';
import { averagePool2dCases, maxPool2dCases } from './pooling.ts';
import {
  binaryCrossEntropyCases,
  crossEntropyCases,
  embeddingCases,
  hitsCases,
  logSumExpCases,
  maxCases,
  sumCases,
} from './rows.ts';
import { concatCases, padCases, permuteCases, reshapeCases, sliceCases } from './views.ts';

/**
 * Cases for each operation of the table: one that is missing here does not compile. Gradient operations are held by the
 * gradients of their forward operation; dropout, the optimisers, stopGradient, store and writeRows have tests of their
 * own.
 */
export const cases = {
  attention: attentionCases,
  attentionLstm: attentionLstmCases(),
  averagePool2d: averagePool2dCases(),
  batchNorm: batchNormCases,
  binary: binaryCases(),
  binaryCrossEntropy: binaryCrossEntropyCases,
  broadcast: broadcastCases,
  cast: castCases,
  categorical: categoricalCases,
  compare: compareCases(),
  concat: concatCases,
  conv2d: conv2dCases(),
  conv2dTranspose: conv2dTransposeCases(),
  conv2dWeights: conv2dWeightsCases(),
  crossEntropy: crossEntropyCases(),
  cumulativeSum: cumulativeSumCases(),
  embedding: embeddingCases(),
  gatherAlong: gatherAlongCases,
  gaussianNoise: gaussianNoiseCases,
  hits: hitsCases,
  keepWhere: keepWhereCases(),
  layerNorm: layerNormCases,
  logSumExp: logSumExpCases(),
  lstm: lstmCases(),
  matmul: matmulCases(),
  max: maxCases(),
  maxPool2d: maxPool2dCases(),
  oneHot: oneHotCases,
  pad: padCases,
  permute: permuteCases,
  reshape: reshapeCases,
  scale: scaleCases,
  scatterAdd: scatterAddCases,
  slice: sliceCases,
  softmax: softmaxCases,
  sum: sumCases(),
  unary: unaryCases(),
  where: whereCases(),
} satisfies Record<
  Exclude<
    keyof typeof operations,
    'adam' | 'dropout' | 'rmsprop' | 'sgd' | 'squaredSums' | 'store' | 'writeRows' | `${string}Gradient`
  >,
  readonly OperationCase[]
>;

/** The same as a list, for tests that hold for every operation. */
export const allCases: readonly { operation: string; test: OperationCase }[] = Object.entries(cases).flatMap(
  ([operation, list]) => list.map((test) => ({ operation, test })),
);
