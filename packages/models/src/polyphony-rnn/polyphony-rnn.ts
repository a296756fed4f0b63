import { readClasses } from '../next-event/reading.ts';
import { eventRnn } from '../next-event/rnn.ts';
import { polyphonyPriming } from './priming.ts';

/** Magenta's polyphony_rnn (magenta 2.1.4, polyphony_model.py). */
export const polyphonyRnn = eventRnn({
  name: 'polyphony-rnn',
  summary: "Magenta's Polyphony RNN: several voices, a chord after the other, through stacked LSTMs",
  encodings: ['polyphony'],
  reading: readClasses,
  defaults: { layers: [256, 256, 256], dropout: 0.5, learningRate: 0.001, clipNorm: 5 },
  training: { batch: 16, length: 128 },
  temperature: 0.9,
  priming: polyphonyPriming,
});
