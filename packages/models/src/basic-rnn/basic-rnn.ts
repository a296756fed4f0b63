import {
  Arena,
  dropout,
  elementCount,
  type Graph,
  lstmStack,
  matmul,
  reshape,
  type Slot,
  type Tensor,
  uniformArray,
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
  create: (configuration, classes) => new BasicRnn(basicRnnSchema.parse(configuration), classes),
};

/** Slots of one LSTM layer: input weights (I, 4H), recurrent weights (H, 4H), bias (4H); gates in the order i, j, f, o. */
interface Layer {
  readonly input: Slot;
  readonly recurrent: Slot;
  readonly bias: Slot;
  readonly units: number;
}

class BasicRnn implements SequenceModel {
  readonly configuration: BasicRnnConfiguration;
  readonly classes: number;
  readonly parameters = new Arena('parameters', 'parameters');
  readonly #layers: readonly Layer[];
  readonly #output: { readonly kernel: Slot; readonly bias: Slot };

  constructor(configuration: BasicRnnConfiguration, classes: number) {
    this.configuration = configuration;
    this.classes = classes;
    this.#layers = configuration.layers.map((units, index) => {
      const inputs = index === 0 ? classes : configuration.layers[index - 1];
      return {
        input: this.parameters.add(`lstm/${index}/input`, [inputs, 4 * units]),
        recurrent: this.parameters.add(`lstm/${index}/recurrent`, [units, 4 * units]),
        bias: this.parameters.add(`lstm/${index}/bias`, [4 * units]),
        units,
      };
    });
    this.#output = {
      kernel: this.parameters.add('output/kernel', [configuration.layers[configuration.layers.length - 1], classes]),
      bias: this.parameters.add('output/bias', [classes]),
    };
  }

  get parameterCount(): number {
    return this.parameters.slots.reduce((total, { shape }) => total + elementCount(shape), 0);
  }

  /** Glorot uniform as TensorFlow's default, over the joint kernel [x; h] that BasicLSTMCell has; biases zero, forget 1. */
  initialise(seed: number): Float32Array<ArrayBuffer>[] {
    const values = new Map<Slot, Float32Array<ArrayBuffer>>();
    const glorot = (slot: Slot, fanIn: number, fanOut: number) => {
      const limit = Math.sqrt(6 / (fanIn + fanOut));
      values.set(slot, uniformArray(elementCount(slot.shape), limit, values.size, seed));
    };
    for (const { input, recurrent, bias, units } of this.#layers) {
      const fanIn = input.shape[0] + units;
      glorot(input, fanIn, 4 * units);
      glorot(recurrent, fanIn, 4 * units);
      // BasicLSTMCell adds a forget bias of 1 in the cell; here it is where the bias starts.
      values.set(bias, new Float32Array(4 * units).fill(1, 2 * units, 3 * units));
    }
    const { kernel, bias } = this.#output;
    glorot(kernel, kernel.shape[0], this.classes);
    values.set(bias, new Float32Array(this.classes));
    return this.parameters.slots.map((slot) => values.get(slot) ?? new Float32Array(elementCount(slot.shape)));
  }

  stateShapes(batch: number): number[][] {
    return this.#layers.flatMap(({ units }) => [
      [batch, units],
      [batch, units],
    ]);
  }

  apply(graph: Graph, ids: Tensor, { state, dropoutSeed }: SequenceContext): SequenceOutput {
    const layers = this.#layers.map(({ input, recurrent, bias }) => ({
      forward: { input: graph.variable(input), recurrent: graph.variable(recurrent), bias: graph.variable(bias) },
    }));
    const initial = state && layers.map((_, index) => ({ hidden: state[2 * index], cell: state[2 * index + 1] }));
    const { dropout: rate } = this.configuration;
    const between = dropoutSeed && { rate, seed: dropoutSeed, stream: 0 };
    const { output, final } = lstmStack(ids, layers, { initial, dropout: between });
    // Magenta drops behind the last layer too.
    const top = dropoutSeed === undefined ? output : dropout(output, rate, dropoutSeed, layers.length - 1);
    const { kernel, bias } = this.#output;
    const rows = reshape(top, [elementCount(ids.shape), kernel.shape[0]]);
    return {
      logits: matmul(rows, graph.variable(kernel), { bias: graph.variable(bias) }),
      state: final.flatMap(({ hidden, cell }) => [hidden, cell]),
    };
  }
}
