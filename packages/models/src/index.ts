export {
  type Checkpoint,
  type CheckpointMetadata,
  decodeCheckpoint,
  encodeCheckpoint,
  requireEncoding,
  requireSpoken,
  type TrainingState,
  tempo,
} from './checkpoint/checkpoint.ts';
export { learningWarning } from './checkpoint/learning.ts';
export type {
  ComposeContext,
  Composer,
  Composers,
  ComposingSettings,
  Composition,
  Requests,
  Seeded,
  Task,
} from './composing/composer.ts';
export { keyTransposition } from './composing/constraints.ts';
export {
  type ComposeOptions,
  compose,
  composingSettings,
  type SampleOptions,
  sample,
  seedsOf,
} from './composing/sample.ts';
export { ModelError } from './error.ts';
export {
  type EvaluateOptions,
  Evaluator,
  evaluateCheckpoint,
  type ModelEvaluation,
  planEvaluation,
} from './evaluation/evaluator.ts';
export type { Batch, Examples, Field, Fields } from './examples.ts';
export type { Mode, Model, ModelDefinition, ModelSettings, Trace } from './model.ts';
export { configure, createModel, findModel, models } from './registry.ts';
export {
  Batches,
  type BatchesOptions,
  type BatchOrder,
  type BatchSource,
  batchesOnDemand,
} from './training/batches.ts';
export {
  fitTraining,
  recomputedShare,
  type TrainingFit,
  type TrainingMemory,
  trainingMemory,
} from './training/budget.ts';
export { type StartingPoint, settingsFrom } from './training/fine-tuning.ts';
export type { LoopOptions, TrainingProgress, TrainingResult } from './training/loop.ts';
export { type OptimiserSettings, optimiserSettings } from './training/optimiser.ts';
export {
  microBatchOf,
  type PlanTrainingOptions,
  planTraining,
  planTrainings,
  type TrainingPass,
  type TrainingPasses,
  type TrainingShape,
} from './training/pass.ts';
export type { Preview, PreviewOptions } from './training/preview.ts';
export type { MetricsPart, MetricsPosition, RunFacts } from './training/run-facts.ts';
export { type CheckpointName, MemoryStore, type Metrics, type RunStart, type RunStore } from './training/run-store.ts';
export { HALF_STORAGE, type HalfStorage, lengthsOf, MAX_STEPS, trainingSettings } from './training/settings.ts';
export { type MeasureOptions, measureTraining, type TrainingSpeed } from './training/speed.ts';
export { type TrainingPlan, type TrainingStart, type TrainOptions, train } from './training/train.ts';
export { requireTrainable } from './training/trainable.ts';
export { type Trainee, traineeOf } from './training/trainee.ts';
