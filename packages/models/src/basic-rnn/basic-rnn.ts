import {
  Arena,
  dropout,
  elementCount,
  type Graph,
  type LinearLayer,
  type LstmLayers,
  linearLayer,
  lstmLayers,
  reshape,
  type Shape,
  startingValues,
  type Tensor,
} from '@chipsmith/kernels';
import { z } from 'zod';
import type { ModelDefinition, SequenceContext, SequenceModel, SequenceOutput } from '../model.ts';

/** Magenta's configuration of melody_rnn's basic_rnn (magenta 2.1.4, melody_rnn_model.py). */
export const basicRnnSchema = z.strictObject({
  layers: z.array(z.int().min(1).max(8192)).min(1).max(16).default([128, 128]).describe('units of each LSTM layer'),
  dropout: z.number().min(0).max(0.95).default(0.5).describe('share of each layer output set to zero in training'),
  optimiser: z
    .strictObject({
      learningRate: z.number().gt(0).max(1).default(0.001).describe('Adam, constant'),
      clipNorm: z.number().min(1e-6).max(1e6).default(5).describe('global norm of the gradients'),
    })
    .prefault({}),
});
export type BasicRnnConfiguration = z.infer<typeof basicRnnSchema>;

export const basicRnn: ModelDefinition = {
  name: 'basic-rnn',
  encoding: 'melody',
  summary: "Magenta's Basic RNN: one-hot melody events through stacked LSTMs",
  schema: basicRnnSchema,
  training: { batch: 64, length: 64 },
  temperature: 0.9,
  create: (configuration, classes) => new BasicRnn(basicRnnSchema.parse(configuration), classes),
};

/** Starts as in the source: see `lstmLayers` and `linearLayer`. */
class BasicRnn implements SequenceModel {
  readonly configuration: BasicRnnConfiguration;
  readonly classes: number;
  readonly parameters = new Arena('parameters', 'parameters');
  readonly #lstm: LstmLayers;
  readonly #output: LinearLayer;

  constructor(configuration: BasicRnnConfiguration, classes: number) {
    this.configuration = configuration;
    this.classes = classes;
    this.#lstm = lstmLayers(this.parameters, 'lstm', classes, configuration.layers);
    this.#output = linearLayer(this.parameters, 'output', this.#lstm.features, classes);
  }

  get parameterCount(): number {
    return this.parameters.valueCount;
  }

  initialise(seed: number): Float32Array<ArrayBuffer>[] {
    return startingValues(this.parameters, seed);
  }

  stateShapes(batch: number): Shape[] {
    return this.#lstm.stateShapes(batch);
  }

  apply(_graph: Graph, ids: Tensor, { state, dropoutSeed }: SequenceContext): SequenceOutput {
    const { layers, dropout: rate } = this.configuration;
    const between = dropoutSeed && { rate, seed: dropoutSeed, stream: 0 };
    const { output, state: final } = this.#lstm.apply(ids, { state, dropout: between });
    // Magenta drops behind the last layer too.
    const top = dropoutSeed === undefined ? output : dropout(output, rate, dropoutSeed, layers.length - 1);
    const rows = reshape(top, [elementCount(ids.shape), this.#lstm.features]);
    return { logits: this.#output.apply(rows), state: final };
  }
}
