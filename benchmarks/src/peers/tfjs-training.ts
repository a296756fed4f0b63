import * as tf from '@tensorflow/tfjs-core';
import { CLIP_NORM, classIds, LEARNING_RATE, type LstmTraining, numbers, PARAMETER_LIMIT } from '../gpu/problems.ts';
import type { PeerSubject } from './library.ts';
import { eager } from './tfjs-eager.ts';

/** tfjs' own Adam behind clipping by the global norm, which it lacks. */
export function adamStep(): (gradients: tf.NamedTensorMap) => void {
  const optimiser = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
  return (gradients) => {
    const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
    const factor = tf.minimum(1, tf.div(CLIP_NORM, tf.sqrt(tf.addN(squares))));
    const clipped = Object.entries(gradients).map(([name, gradient]) => ({ name, tensor: tf.mul(gradient, factor) }));
    optimiser.applyGradients(clipped);
  };
}

/** `lstmModel`, unrolled over time; the inputs of all steps are projected in one product. */
export function lstmTraining({ units, layers, batch, steps, classes }: LstmTraining): PeerSubject {
  const rows = steps * batch;
  let stream = 0;
  const parameter = (...shape: number[]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return tf.variable(tf.tensor(numbers(count, stream++, PARAMETER_LIMIT), shape));
  };
  const cells = Array.from({ length: layers }, (_, index) => ({
    input: parameter(index === 0 ? classes : units, 4 * units),
    bias: parameter(4 * units),
    recurrent: parameter(units, 4 * units),
  }));
  const outputBias = parameter(classes);
  const output = parameter(units, classes);
  const oneHot = (ids: Uint32Array) =>
    tf.cast(tf.oneHot(tf.tensor1d(Int32Array.from(ids), 'int32'), classes), 'float32') as tf.Tensor2D;
  const events = oneHot(classIds(rows, classes));
  const targets = oneHot(classIds(rows, classes, 1));
  const zero = tf.zeros([batch, units]);

  const loss = (): tf.Scalar => {
    let sequence: tf.Tensor = events;
    for (const { input, bias, recurrent } of cells) {
      const projected = tf.add(tf.matMul(sequence, input), bias);
      let [hidden, cell]: tf.Tensor[] = [zero, zero];
      const outputs = tf.split(projected, steps).map((atStep) => {
        const gates = tf.split(tf.add(atStep, tf.matMul(hidden, recurrent)), 4, 1);
        const [i, j, f, o] = gates;
        cell = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(j)));
        hidden = tf.mul(tf.sigmoid(o), tf.tanh(cell));
        return hidden;
      });
      sequence = tf.concat(outputs);
    }
    const logits = tf.add(tf.matMul(sequence, output), outputBias);
    return tf.reshape(tf.losses.softmaxCrossEntropy(targets, logits), []);
  };
  const step = adamStep();
  return eager(() => {
    const { value, grads } = tf.variableGrads(loss);
    step(grads);
    return [value];
  });
}
