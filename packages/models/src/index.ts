export {
  type Checkpoint,
  type CheckpointMetadata,
  decodeCheckpoint,
  encodeCheckpoint,
  requireEncoding,
  type TrainingState,
  tempo,
} from './checkpoint/checkpoint.ts';
export { learningWarning } from './checkpoint/learning.ts';
export { ModelError } from './error.ts';
export { type EvaluateOptions, Evaluator, evaluateCheckpoint, planEvaluation } from './evaluation.ts';
export { fileError, writeFileAtomic } from './files.ts';
export type { ModelConfiguration, ModelDefinition, SequenceModel } from './model.ts';
export { configure, findModel, models } from './registry.ts';
export { planSampling, type Sample, type SampleOptions, sample } from './sampling/sample.ts';
export {
  fitTraining,
  recomputedShare,
  type TrainingFit,
  type TrainingMemory,
  trainingMemory,
} from './training/budget.ts';
export type { LoopOptions, TrainingProgress, TrainingResult } from './training/loop.ts';
export {
  microBatchOf,
  type PlanTrainingOptions,
  planTraining,
  type TrainingPass,
  type TrainingShape,
} from './training/pass.ts';
export { type CheckpointName, type Metrics, RunFolder } from './training/run-folder.ts';
export { HALF_STORAGE, type HalfStorage, MAX_STEPS, trainingSettings } from './training/settings.ts';
export { type MeasureOptions, measureTraining, type TrainingSpeed } from './training/speed.ts';
export { type TrainingPlan, type TrainingStart, type TrainOptions, train } from './training/train.ts';
