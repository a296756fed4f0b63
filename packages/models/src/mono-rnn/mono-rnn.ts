import { basicRnn } from '../basic-rnn/basic-rnn.ts';
import type { ModelDefinition } from '../model.ts';

/** Magenta's configuration of melody_rnn's mono_rnn: the network and the settings of Basic RNN on another alphabet. */
export const monoRnn: ModelDefinition = {
  ...basicRnn,
  name: 'mono-rnn',
  encoding: 'mono',
  summary: "Magenta's Mono RNN: as Basic RNN, over all pitches and in every key",
};
