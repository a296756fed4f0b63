import { readClasses } from '../next-event/reading.ts';
import { eventRnn } from '../next-event/rnn.ts';

/** Magenta's performance_rnn (magenta 2.1.4, performance_model.py), with velocities where the encoding has them. */
export const performanceRnn = eventRnn({
  name: 'performance-rnn',
  summary: "Magenta's Performance RNN: notes and pauses in hundredths of a second, with expressive timing",
  encodings: ['performance', 'performance-velocity'],
  reading: readClasses,
  defaults: { layers: [512, 512, 512], dropout: 0, learningRate: 0.001, clipNorm: 3 },
  training: { batch: 16, length: 128 },
  temperature: 0.9,
});
