import { readClasses } from '../next-event/reading.ts';
import { eventRnn } from '../next-event/rnn.ts';

/** Magenta's basic_rnn (magenta 2.1.4, melody_rnn_model.py). */
export const basicRnn = eventRnn({
  name: 'basic-rnn',
  summary: "Magenta's Basic RNN: one-hot melody events through stacked LSTMs",
  encodings: ['melody'],
  reading: readClasses,
  defaults: { layers: [128, 128], dropout: 0.5, learningRate: 0.001, clipNorm: 5 },
  training: { batch: 64, length: 64 },
  temperature: 0.9,
});
