import { readClasses } from '../next-event/reading.ts';
import { eventRnn } from '../next-event/rnn.ts';

/**
 * Magenta's mono_rnn (magenta 2.1.4, melody_rnn_model.py): the network and the settings of Basic RNN on another
 * alphabet.
 */
export const monoRnn = eventRnn({
  name: 'mono-rnn',
  summary: "Magenta's Mono RNN: as Basic RNN, over all pitches and in every key",
  encodings: ['mono'],
  reading: readClasses,
  defaults: { layers: [128, 128], dropout: 0.5, learningRate: 0.001, clipNorm: 5 },
  training: { batch: 64, length: 64 },
  temperature: 0.9,
});
