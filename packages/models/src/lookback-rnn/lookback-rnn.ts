import { lookbackFeatures } from '@chipsmith/data';
import { readFeatures } from '../next-event/reading.ts';
import { eventRnn } from '../next-event/rnn.ts';

/** Magenta's lookback_rnn (magenta 2.1.4, melody_rnn_model.py): 121 inputs, 40 labels, of which two repeat a bar. */
export const lookbackRnn = eventRnn({
  name: 'lookback-rnn',
  summary: "Magenta's Lookback RNN: sees, and can repeat, what came one and two bars before",
  encodings: ['melody'],
  reading: (encoding) => readFeatures(lookbackFeatures, encoding),
  defaults: { layers: [128, 128], dropout: 0.5, learningRate: 0.001, clipNorm: 5 },
  training: { batch: 64, length: 64 },
  temperature: 0.9,
});
