import { multiply, reshape, scale, sum } from '@chipsmith/kernels';
import { z } from 'zod';
import type { ModelDefinition } from '../model.ts';
import { optimiserSettings } from '../training/optimiser.ts';
import { rollComposers } from './composers.ts';
import { rollExamples } from './examples.ts';
import { rollNetwork } from './network.ts';

const settings = z.strictObject({
  units: z.int().min(1).max(8192).default(256).describe('units of the LSTM layer'),
  optimiser: optimiserSettings({ learningRate: 0.01 }),
});

type VgmLstmSettings = z.infer<typeof settings>;

/** VGM-RNN's single LSTM: four bars from the four before (SJSU master's project 595, 2018; nmauthes/vgm-rnn). */
export const vgmLstm: ModelDefinition<VgmLstmSettings> = {
  name: 'vgm-lstm',
  summary: 'VGM-RNN: one LSTM that writes four bars from the four before',
  encodings: ['note-vectors'],
  settings,
  training: { batch: 50, length: 64 },
  lossUnit: 'nats a step of sounding notes',
  units: 'steps',
  examples: (_, encoding) => rollExamples(encoding),
  create(chosen, encoding) {
    const network = rollNetwork(chosen.units);
    return {
      parameters: network.parameters,
      examples: rollExamples(encoding),
      carriedShapes: () => [],
      trace(_graph, { before, after }) {
        const logProbabilities = network.apply(before);
        const targets = reshape(after, logProbabilities.shape);
        const objective = scale(reshape(sum(multiply(logProbabilities, targets)), []), -1);
        return { objective, measures: {}, carried: [] };
      },
      composers: rollComposers(network),
    };
  },
};
