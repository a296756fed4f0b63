export { CallSite } from './call-site.ts';
export { DEBUG_WORDS, type Debug, type DebugWord } from './debug.ts';
export { describePlan } from './describe-plan.ts';
export { type AdapterDescription, Device, type DeviceFeature } from './device.ts';
export { KernelError, type KernelErrorCode } from './errors.ts';
export { evaluate } from './evaluate.ts';
export { ancestors, type GradientOptions, gradients } from './gradients.ts';
export { Graph, type Node, type Segment } from './graph.ts';
export type { HalfPrecision } from './half.ts';
export {
  type Binding,
  type Choice,
  type Dispatch,
  type Feature,
  type Kernel,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearDispatch,
  linearGrid,
  read,
  readWrite,
  type Variant,
  wgslFloat,
  write,
} from './kernel.ts';
export { Arena, type BytesByCategory, MEMORY_CATEGORIES, type MemoryCategory, type Slot } from './memory.ts';
export { type KernelContext, type Operation, onceDifferentiable, type TensorSpecification } from './operation.ts';
export {
  type AdamArenas,
  type AdamOptions,
  type AdamState,
  adam,
  adamArenas,
  adamSchedule,
  adamState,
} from './operations/adam.ts';
export { type AttentionOptions, attention } from './operations/attention.ts';
export { type AttentionLstmState, type AttentionLstmWeights, attentionLstm } from './operations/attention-lstm.ts';
export {
  type BatchNorm,
  type BatchNormOptions,
  batchNorm,
  batchNormInference,
  type ChannelStatistics,
  storeRunningStatistics,
} from './operations/batch-norm.ts';
export { add, type BinaryName, binary, divide, maximum, minimum, multiply, subtract } from './operations/binary.ts';
export { binaryCrossEntropy, binaryCrossEntropyElements } from './operations/binary-cross-entropy.ts';
export { type CategoricalSettings, categorical, categoricalSettings, NO_CLASS } from './operations/categorical.ts';
export { globalNorm } from './operations/clip.ts';
export { concat } from './operations/concat.ts';
export {
  type ConvolutionOptions,
  conv2d,
  conv2dTranspose,
  type TransposedConvolutionOptions,
} from './operations/convolution.ts';
export type { Size2d } from './operations/convolution-problem.ts';
export { type CrossEntropyOptions, crossEntropy, crossEntropyRows } from './operations/cross-entropy.ts';
export { dropout } from './operations/dropout.ts';
export { embedding } from './operations/embedding.ts';
export { gather } from './operations/gather.ts';
export { gaussianDivergence, gaussianNoise, gaussianSample } from './operations/gaussian.ts';
export { hits } from './operations/hits.ts';
export { keepWhere, type Relation } from './operations/keep-where.ts';
export { layerNorm } from './operations/layer-norm.ts';
export { type LstmOptions, type LstmState, lstm } from './operations/lstm.ts';
export { type LstmLayer, type LstmStackOptions, type LstmWeights, lstmStack } from './operations/lstm-stack.ts';
export { type MatmulOptions, matmul } from './operations/matmul.ts';
export { max } from './operations/max.ts';
export { permute, transpose } from './operations/permute.ts';
export { averagePool2d, maxPool2d, type PoolingOptions } from './operations/pooling.ts';
export type { ReductionOptions } from './operations/reduction.ts';
export { type SgdOptions, type SgdState, sgd } from './operations/sgd.ts';
export { pad, slice } from './operations/slice.ts';
export { logSoftmax, softmax } from './operations/softmax.ts';
export { store } from './operations/store.ts';
export { broadcast, mean, scale, sum, sumOfSquares } from './operations/sum.ts';
export { operations } from './operations/table.ts';
export { type Activation, type UnaryName, unary } from './operations/unary.ts';
export { reshape } from './operations/view.ts';
export { writeRows } from './operations/write-rows.ts';
export { BASE_LIMITS, type MemoryLimits } from './packing.ts';
export {
  HISTORY_LENGTH,
  type Plan,
  type PlanOptions,
  plan,
  STAGING_BYTES,
  totalMemory,
} from './plan.ts';
export { formatProfile, type Profile } from './profile.ts';
export { Program, type ProgramOptions } from './program.ts';
export { gaussian, pcg3d, uniform, uniformArray } from './random.ts';
export { type Fit, planWithin, type TracedPass } from './recomputation.ts';
export { constantRate, cosineDecay, exponentialDecay, type Schedule, warmUp } from './schedules.ts';
export {
  type DataType,
  elementCount,
  formatShape,
  requireShape,
  requireType,
  type Shape,
  type Tensor,
  type TensorData,
} from './tensor.ts';
