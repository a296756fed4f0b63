import { attentionGradientOperation, attentionOperation } from './attention/attention.ts';
import { attentionLstmOperation } from './attention-lstm/attention-lstm.ts';
import { attentionLstmGradientOperation } from './attention-lstm/gradient.ts';
import { binaryOperation } from './binary.ts';
import { binaryCrossEntropyGradientOperation, binaryCrossEntropyOperation } from './binary-cross-entropy.ts';
import { castOperation } from './cast.ts';
import { categoricalOperation } from './categorical.ts';
import { compareOperation } from './compare.ts';
import { concatOperation } from './concat.ts';
import { conv2dOperation, conv2dTransposeOperation, conv2dWeightsOperation } from './convolution/convolution.ts';
import { crossEntropyGradientOperation, crossEntropyOperation } from './cross-entropy.ts';
import { cumulativeSumOperation } from './cumulative-sum.ts';
import { dropoutOperation } from './dropout.ts';
import { embeddingGradientOperation, embeddingOperation } from './embedding.ts';
import { gatherAlongOperation, scatterAddOperation } from './gather-along.ts';
import { gaussianNoiseOperation } from './gaussian.ts';
import { hitsOperation } from './hits.ts';
import { keepWhereOperation } from './keep-where.ts';
import { logSumExpGradientOperation, logSumExpOperation } from './log-sum-exp.ts';
import { lstmGradientOperation, lstmOperation } from './lstm/lstm.ts';
import { matmulOperation } from './matmul/matmul.ts';
import { maxGradientOperation, maxOperation } from './max.ts';
import { batchNormGradientOperation, batchNormOperation } from './normalisation/batch-norm.ts';
import {
  layerNormGradientOperation,
  layerNormOperation,
  layerNormParameterGradientOperation,
} from './normalisation/layer-norm.ts';
import { oneHotOperation } from './one-hot.ts';
import { adamOperation } from './optimisers/adam.ts';
import { rmspropOperation } from './optimisers/rmsprop.ts';
import { sgdOperation } from './optimisers/sgd.ts';
import { squaredSumsOperation } from './optimisers/squared-sums.ts';
import { permuteOperation } from './permute.ts';
import {
  averagePool2dGradientOperation,
  averagePool2dOperation,
  maxPool2dGradientOperation,
  maxPool2dOperation,
} from './pooling.ts';
import { padOperation, sliceOperation } from './slice.ts';
import { softmaxGradientOperation, softmaxOperation } from './softmax.ts';
import { stopGradientOperation } from './stop-gradient.ts';
import { storeOperation } from './store.ts';
import { broadcastOperation, scaleOperation, sumOperation } from './sum.ts';
import { unaryGradientOperation, unaryOperation, unarySecondGradientOperation } from './unary.ts';
import { reshapeOperation } from './view.ts';
import { whereGradientOperation, whereOperation } from './where.ts';
import { writeRowsOperation } from './write-rows.ts';

/** Every operation of this package. The tests hold one reference and one set of shapes for each entry. */
export const operations = {
  adam: adamOperation,
  attention: attentionOperation,
  attentionGradient: attentionGradientOperation,
  attentionLstm: attentionLstmOperation,
  attentionLstmGradient: attentionLstmGradientOperation,
  averagePool2d: averagePool2dOperation,
  averagePool2dGradient: averagePool2dGradientOperation,
  batchNorm: batchNormOperation,
  batchNormGradient: batchNormGradientOperation,
  binary: binaryOperation,
  binaryCrossEntropy: binaryCrossEntropyOperation,
  binaryCrossEntropyGradient: binaryCrossEntropyGradientOperation,
  broadcast: broadcastOperation,
  cast: castOperation,
  categorical: categoricalOperation,
  compare: compareOperation,
  concat: concatOperation,
  conv2d: conv2dOperation,
  conv2dTranspose: conv2dTransposeOperation,
  conv2dWeights: conv2dWeightsOperation,
  crossEntropy: crossEntropyOperation,
  crossEntropyGradient: crossEntropyGradientOperation,
  cumulativeSum: cumulativeSumOperation,
  dropout: dropoutOperation,
  embedding: embeddingOperation,
  embeddingGradient: embeddingGradientOperation,
  gatherAlong: gatherAlongOperation,
  gaussianNoise: gaussianNoiseOperation,
  hits: hitsOperation,
  keepWhere: keepWhereOperation,
  layerNorm: layerNormOperation,
  layerNormGradient: layerNormGradientOperation,
  layerNormParameterGradient: layerNormParameterGradientOperation,
  logSumExp: logSumExpOperation,
  logSumExpGradient: logSumExpGradientOperation,
  lstm: lstmOperation,
  lstmGradient: lstmGradientOperation,
  matmul: matmulOperation,
  max: maxOperation,
  maxGradient: maxGradientOperation,
  maxPool2d: maxPool2dOperation,
  maxPool2dGradient: maxPool2dGradientOperation,
  oneHot: oneHotOperation,
  pad: padOperation,
  permute: permuteOperation,
  reshape: reshapeOperation,
  rmsprop: rmspropOperation,
  scale: scaleOperation,
  scatterAdd: scatterAddOperation,
  sgd: sgdOperation,
  slice: sliceOperation,
  softmax: softmaxOperation,
  softmaxGradient: softmaxGradientOperation,
  squaredSums: squaredSumsOperation,
  stopGradient: stopGradientOperation,
  store: storeOperation,
  sum: sumOperation,
  unary: unaryOperation,
  unaryGradient: unaryGradientOperation,
  unarySecondGradient: unarySecondGradientOperation,
  where: whereOperation,
  whereGradient: whereGradientOperation,
  writeRows: writeRowsOperation,
} as const;
