import type { CheckpointMetadata } from './checkpoint.ts';

/**
 * One line for a model that has not been seen to predict better than the simplest baseline, such as counting how often
 * each event occurs; undefined for one that has, or where there was no data to see it on.
 *
 * @param lossUnit of the model
 */
export function learningWarning(
  { step, best, baseline }: Pick<CheckpointMetadata['training'], 'step' | 'best' | 'baseline'>,
  lossUnit: string,
): string | undefined {
  if (baseline === null) return undefined;
  if (step === 0 && best === null) return 'The model is untrained: what it writes is random; train it first.';
  if (best === null) {
    return `The model was stopped at step ${step}, before its first validation: it may have learnt nothing; train it longer.`;
  }
  if (best.loss < baseline) return undefined;
  const [reached, counted] = [best.loss, baseline].map((loss) => loss.toFixed(3));
  return `The model has learnt nothing: its validation loss is ${reached} ${lossUnit}, the baseline reaches ${counted}; train it longer, or with another --learning-rate.`;
}
