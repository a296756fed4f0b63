import { Arena, add, crossEntropy, embedding, Graph, lstm, matmul, reshape, type Tensor } from '@chipsmith/kernels';

export interface LstmShape {
  /** H, the same in every layer. */
  readonly units: number;
  readonly layers: number;
  /** B. */
  readonly batch: number;
  /** T. */
  readonly steps: number;
  /** C: classes of the events read and predicted. */
  readonly classes: number;
}

export interface LstmModel {
  readonly graph: Graph;
  readonly parameters: Arena;
  /** (T B) u32: the events read and the ones that follow them. */
  readonly events: Tensor;
  readonly targets: Tensor;
  readonly loss: Tensor;
}

/**
 * An event model of stacked LSTM layers as Magenta's melody RNNs have it: one-hot events (here an embedding of width
 * 4H, which is the same product), a softmax over the next event. Without their dropout, whose random numbers no other
 * library could share.
 */
export function lstmModel(shape: LstmShape): LstmModel {
  const { units, layers, batch, steps, classes } = shape;
  const rows = steps * batch;
  const graph = new Graph();
  const parameters = new Arena('parameters', 'parameters');
  const parameter = (name: string, sizes: readonly number[]) => graph.variable(parameters.add(name, sizes));

  const events = graph.input([rows], 'u32');
  const targets = graph.input([rows], 'u32');
  const mask = graph.constant(new Float32Array(rows).fill(1), [rows]);

  const layer = (index: number, inputSize: number, project: (weights: Tensor, bias: Tensor) => Tensor) => {
    const weights = parameter(`layer ${index} input`, [inputSize, 4 * units]);
    const gates = project(weights, parameter(`layer ${index} bias`, [4 * units]));
    const recurrent = parameter(`layer ${index} recurrent`, [units, 4 * units]);
    const { output } = lstm(reshape(gates, [steps, batch, 4 * units]), recurrent);
    return reshape(output, [rows, units]);
  };
  let hidden = layer(0, classes, (weights, bias) => add(embedding(weights, events), bias));
  for (let index = 1; index < layers; index++) {
    const below = hidden;
    hidden = layer(index, units, (weights, bias) => matmul(below, weights, { bias }));
  }
  const bias = parameter('output bias', [classes]);
  const logits = matmul(hidden, parameter('output', [units, classes]), { bias });
  return { graph, parameters, events, targets, loss: crossEntropy(logits, targets, mask) };
}

/** Floating-point operations of the matrix products of one forward pass; a training step has three times as many. */
export function forwardFlop({ units, layers, batch, steps, classes }: LstmShape): number {
  const recurrent = layers * 4 * units * units;
  const between = (layers - 1) * 4 * units * units;
  return 2 * (recurrent + between + units * classes) * batch * steps;
}
