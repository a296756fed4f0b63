import type { CheckpointMetadata } from './checkpoint.ts';

/**
 * One line for a model that has not been seen to predict better than counting how often each event occurs; undefined for one that
 * has, or where there was no data to see it on.
 */
export function learningWarning({
  step,
  best,
  unigramNll,
}: Pick<CheckpointMetadata['training'], 'step' | 'best' | 'unigramNll'>): string | undefined {
  if (unigramNll === undefined) return undefined;
  if (step === 0) return 'The model is untrained: what it writes is random; train it first.';
  if (best === null) {
    return `The model was stopped at step ${step}, before its first validation: it may have learnt nothing; train it longer.`;
  }
  if (best.nll < unigramNll) return undefined;
  const [reached, counted] = [best.nll, unigramNll].map((nll) => nll.toFixed(3));
  return `The model has learnt nothing: its validation loss is ${reached} nats an event, that of counting events ${counted}; train it longer, or with another --learning-rate.`;
}
