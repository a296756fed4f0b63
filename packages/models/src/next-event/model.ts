import { crossEntropyRows, hits, multiply, reshape, sum, type Tensor } from '@chipsmith/kernels';
import { autoregressive } from '../composing/autoregressive.ts';
import type { Priming } from '../composing/priming.ts';
import type { Model } from '../model.ts';
import { nextEventExamples } from './examples.ts';
import type { EventNetwork } from './network.ts';
import type { EventReading } from './reading.ts';

/**
 * A model that predicts each event from those before it: cross-entropy in training, one event after the other in
 * composing.
 *
 * @param classes of its encoding
 * @param temperature at which its music is best
 * @param priming what a primer can be beside something to go on from
 */
export function nextEventModel(
  network: EventNetwork,
  reading: EventReading,
  {
    classes,
    temperature,
    priming,
  }: { readonly classes: number; readonly temperature: number; readonly priming?: Priming | undefined },
): Model {
  return {
    parameters: network.parameters,
    examples: nextEventExamples(reading, classes),
    carriedShapes: (batch) => network.stateShapes(batch),
    trace(_graph, { inputs, targets, mask }, mode) {
      const context = mode.kind === 'training' ? { dropoutSeed: mode.seed } : { state: mode.carried };
      const { logits, state } = network.apply(inputs, context);
      const rows = (x: Tensor) => reshape(x, [logits.shape[0]]);
      const counted = (values: Tensor) => reshape(sum(multiply(values, rows(mask))), []);
      const objective = counted(crossEntropyRows(logits, rows(targets)));
      const measures: Record<string, Tensor> =
        mode.kind === 'training' ? {} : { accuracy: counted(hits(logits, rows(targets))) };
      return { objective, measures, carried: state };
    },
    composers: autoregressive(network, reading, temperature, priming),
  };
}
