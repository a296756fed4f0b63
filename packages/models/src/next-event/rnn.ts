import type { Encoding } from '@chipsmith/data';
import { Arena, dropout, elementCount, linearLayer, lstmLayers, reshape } from '@chipsmith/kernels';
import { z } from 'zod';
import type { Priming } from '../composing/priming.ts';
import type { ModelDefinition } from '../model.ts';
import { optimiserSettings } from '../training/optimiser.ts';
import { nextEventExamples } from './examples.ts';
import { nextEventModel } from './model.ts';
import type { EventNetwork } from './network.ts';
import type { EventReading } from './reading.ts';

interface RnnDefaults {
  readonly layers: readonly number[];
  readonly dropout: number;
  readonly learningRate: number;
  readonly clipNorm: number;
}

/** Settings that Magenta's event RNNs share (magenta 2.1.4, events_rnn_model.py), with the defaults of one of them. */
export function rnnSettings({ layers, dropout, ...optimiser }: RnnDefaults) {
  return z.strictObject({
    layers: z
      .array(z.int().min(1).max(8192))
      .min(1)
      .max(16)
      .default([...layers])
      .describe('units of each LSTM layer'),
    dropout: z
      .number()
      .min(0)
      .max(0.95)
      .default(dropout)
      .describe('share of each layer output set to zero in training'),
    optimiser: optimiserSettings(optimiser),
  });
}

export type RnnSettings = z.infer<ReturnType<typeof rnnSettings>>;

/** One of Magenta's event RNNs: what it reads, its sizes, and the network if that is not plain LSTM layers. */
export interface EventRnn extends Pick<ModelDefinition, 'name' | 'summary' | 'encodings' | 'training'> {
  readonly defaults: RnnDefaults;
  /**
   * The temperature at which its tracks are most like the songs it learnt from; see `chipsmith evaluate
   * --temperatures`.
   */
  readonly temperature: number;
  reading(encoding: Encoding): EventReading;
  /** What a primer can be beside something to go on from. */
  priming?(encoding: Encoding): Priming;
  network?(settings: RnnSettings, reading: EventReading): EventNetwork;
}

export function eventRnn(rnn: EventRnn): ModelDefinition<RnnSettings> {
  const { name, summary, encodings, training, defaults, temperature, reading, priming, network = lstmNetwork } = rnn;
  return {
    ...{ name, summary, encodings, training },
    settings: rnnSettings(defaults),
    lossUnit: 'nats an event',
    units: 'events',
    examples: (_, encoding) => nextEventExamples(reading(encoding), encoding.classes),
    create(settings, encoding) {
      const read = reading(encoding);
      const { classes } = encoding;
      return nextEventModel(network(settings, read), read, { classes, temperature, priming: priming?.(encoding) });
    },
  };
}

/** Stacked LSTM layers with an output layer on top, which start as in Magenta: see `lstmLayers` and `linearLayer`. */
export function lstmNetwork({ layers, dropout: rate }: RnnSettings, reading: EventReading): EventNetwork {
  const parameters = new Arena('parameters', 'parameters');
  const lstm = lstmLayers(parameters, 'lstm', reading.features ?? reading.labels, layers);
  const output = linearLayer(parameters, 'output', lstm.features, reading.labels);
  return {
    parameters,
    stateShapes: (batch) => lstm.stateShapes(batch),
    apply(inputs, { state, dropoutSeed }) {
      const between = dropoutSeed && { rate, seed: dropoutSeed, stream: 0 };
      const { output: top, state: final } = lstm.apply(inputs, { state, dropout: between });
      // Magenta drops behind the last layer too.
      const dropped = dropoutSeed === undefined ? top : dropout(top, rate, dropoutSeed, layers.length - 1);
      const rows = reshape(dropped, [elementCount(top.shape) / lstm.features, lstm.features]);
      return { logits: output.apply(rows), state: final };
    },
  };
}
