import { bigram, PREDICTED_EVENTS, unigram } from '@chipsmith/data';
import type { Examples } from '../examples.ts';
import type { EventReading } from './reading.ts';

/**
 * Windows of events to predict, each from those before it: inputs (T, B) classes or (T, B, F) features, targets (T, B)
 * labels, mask (T, B), 1 where there is something to predict. An example weighs as many events as it predicts.
 *
 * @param classes of the encoding, for the baselines
 */
export function nextEventExamples(reading: EventReading, classes: number): Examples {
  const { features } = reading;
  return {
    fields: {
      inputs:
        features === undefined
          ? { dtype: 'u32', per: 'unit', shape: [] }
          : { dtype: 'f32', per: 'unit', shape: [features] },
      targets: { dtype: 'u32', per: 'unit', shape: [] },
      mask: { dtype: 'f32', per: 'unit', shape: [] },
    },
    cutting: PREDICTED_EVENTS,
    fill({ fields, lanes }, lane, { events, start, length }) {
      const { inputs, targets, mask } = fields;
      const values = reading.inputsOf(events, start, start + length);
      const labels = reading.labelsOf(events, start + 1, start + 1 + length);
      const width = features ?? 1;
      for (let time = 0; time < length; time++) {
        const entry = time * lanes + lane;
        for (let feature = 0; feature < width; feature++) {
          inputs[entry * width + feature] = values[time * width + feature];
        }
        targets[entry] = labels[time];
        mask[entry] = 1;
      }
      return length;
    },
    baselines: (train, heldOut) => ({
      unigram: unigram(train, heldOut, classes).nll,
      bigram: bigram(train, heldOut, classes).nll,
    }),
  };
}
