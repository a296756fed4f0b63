export { DEBUG_WORDS, type Debug, type DebugWord } from './device/debug.ts';
export { type AdapterDescription, Device, type DeviceFeature } from './device/device.ts';
export { evaluate } from './device/evaluate.ts';
export type { PreparationOptions, PreparationProgress } from './device/preparation.ts';
export { formatProfile, type Profile } from './device/profile.ts';
export { Program, type ProgramOptions } from './device/program.ts';
export { KernelError, type KernelErrorCode } from './errors.ts';
export { gaussian, pcg3d, uniform, uniformArray } from './kernels/random.ts';
export {
  type AttentionContext,
  type AttentionLayer,
  type AttentionLayerOptions,
  attentionLayer,
  type Projections,
} from './layers/attention.ts';
export { type AttentionLstmLayer, attentionLstmLayer } from './layers/attention-lstm.ts';
export { type BatchNormLayer, type BatchNormLayerOptions, batchNormLayer } from './layers/batch-norm.ts';
export {
  type ConvolutionLayer,
  type ConvolutionLayerOptions,
  convolutionLayer,
  type TransposedConvolutionLayerOptions,
  transposedConvolutionLayer,
} from './layers/convolution.ts';
export type { LayerDropout } from './layers/dropout.ts';
export { type EmbeddingLayer, embeddingLayer } from './layers/embedding.ts';
export { filled, glorotUniform, heUniform, initialise, randomNormal, startingValues } from './layers/initialisers.ts';
export { type LinearLayer, type LinearLayerOptions, linearLayer } from './layers/linear.ts';
export { type LstmLayers, type LstmLayersOptions, type LstmSlots, lstmLayers } from './layers/lstm.ts';
export { type NormLayer, normLayer } from './layers/norm.ts';
export {
  type TransformerBlock,
  type TransformerBlockContext,
  type TransformerBlockOptions,
  transformerBlock,
} from './layers/transformer.ts';
export { argMax } from './operations/arg-max.ts';
export { type AttentionOptions, attention } from './operations/attention/attention.ts';
export {
  type AttentionLstmState,
  type AttentionLstmWeights,
  attentionLstm,
} from './operations/attention-lstm/attention-lstm.ts';
export { add, type BinaryName, binary, divide, maximum, minimum, multiply, subtract } from './operations/binary.ts';
export { binaryCrossEntropy, binaryCrossEntropyElements } from './operations/binary-cross-entropy.ts';
export { cast } from './operations/cast.ts';
export { type CategoricalSettings, categorical, categoricalSettings, NO_CLASS } from './operations/categorical.ts';
export { compare } from './operations/compare.ts';
export { concat } from './operations/concat.ts';
export {
  type ConvolutionOptions,
  conv2d,
  conv2dTranspose,
  type TransposedConvolutionOptions,
} from './operations/convolution/convolution.ts';
export type { Size2d } from './operations/convolution/problem.ts';
export { type CrossEntropyOptions, crossEntropy, crossEntropyRows } from './operations/cross-entropy.ts';
export { type CumulativeSumOptions, cumulativeSum } from './operations/cumulative-sum.ts';
export { dropout } from './operations/dropout.ts';
export { embedding } from './operations/embedding.ts';
export { gather } from './operations/gather.ts';
export { gatherAlong, scatterAdd } from './operations/gather-along.ts';
export { gaussianDivergence, gaussianNoise, gaussianSample } from './operations/gaussian.ts';
export { hits } from './operations/hits.ts';
export { keepWhere, type Relation } from './operations/keep-where.ts';
export { logSumExp } from './operations/log-sum-exp.ts';
export { type LstmOptions, type LstmState, lstm } from './operations/lstm/lstm.ts';
export { type LstmLayer, type LstmStackOptions, type LstmWeights, lstmStack } from './operations/lstm/stack.ts';
export { type MatmulOptions, matmul } from './operations/matmul/matmul.ts';
export { max } from './operations/max.ts';
export {
  type BatchNorm,
  type BatchNormOptions,
  batchNorm,
  batchNormInference,
  type ChannelStatistics,
  storeRunningStatistics,
} from './operations/normalisation/batch-norm.ts';
export { layerNorm } from './operations/normalisation/layer-norm.ts';
export { oneHot } from './operations/one-hot.ts';
export { type AdamOptions, type AdamState, adam, adamSchedule } from './operations/optimisers/adam.ts';
export { globalNorm } from './operations/optimisers/clip.ts';
export { moveAverage } from './operations/optimisers/moving-average.ts';
export { type Optimiser, type OptimiserSettings, optimiser } from './operations/optimisers/optimiser.ts';
export { type RmspropOptions, type RmspropState, rmsprop } from './operations/optimisers/rmsprop.ts';
export { type ScheduleDescription, scheduleOf } from './operations/optimisers/schedule-of.ts';
export {
  constantRate,
  cosineDecay,
  exponentialDecay,
  inverseSquareRoot,
  linearDecay,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
  warmUp,
} from './operations/optimisers/schedules.ts';
export { type SgdOptions, type SgdState, sgd } from './operations/optimisers/sgd.ts';
export { permute, transpose } from './operations/permute.ts';
export { averagePool2d, maxPool2d, type PoolingOptions } from './operations/pooling.ts';
export type { ReductionOptions } from './operations/reduction.ts';
export { pad, slice } from './operations/slice.ts';
export { logSoftmax, softmax } from './operations/softmax.ts';
export { stopGradient } from './operations/stop-gradient.ts';
export { store } from './operations/store.ts';
export { broadcast, mean, scale, sum, sumOfSquares } from './operations/sum.ts';
export { type Activation, type UnaryName, unary } from './operations/unary.ts';
export { reshape } from './operations/view.ts';
export { where } from './operations/where.ts';
export { writeRows } from './operations/write-rows.ts';
export { describePlan } from './plan/describe-plan.ts';
export type { HalfPrecision } from './plan/half.ts';
export { BASE_LIMITS, type MemoryLimits } from './plan/limits.ts';
export { MemoryPool } from './plan/memory-pool.ts';
export { HISTORY_LENGTH, type Plan, type PlanOptions, plan, totalMemory } from './plan/plan.ts';
export { type Fit, planWithin, type TracedPass } from './plan/recomputation.ts';
export { ancestors, type GradientOptions, gradients } from './trace/gradients.ts';
export { Graph } from './trace/graph.ts';
export {
  Arena,
  type BytesByCategory,
  type Initialiser,
  MEMORY_CATEGORIES,
  type MemoryCategory,
  type Slot,
  STAGING_BYTES,
  totalBytes,
} from './trace/memory.ts';
export { type DataType, elementCount, formatShape, type Shape, type TensorData } from './trace/shape.ts';
export type { Node, Segment, Tensor } from './trace/trace.ts';
