import { blockUntilReady, type Array as JaxArray, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { CLIP_NORM, classIds, LEARNING_RATE, type LstmTraining, PARAMETER_LIMIT } from '../gpu/problems.ts';
import { array, oneHot, tensor } from './jax-arrays.ts';
import type { PeerSubject } from './library.ts';

/** Parameters and both moments of Adam, in turn. */
type State = Record<'parameters' | 'firstMoments' | 'secondMoments', JaxArray[]>;

/** One step of Adam behind clipping by the global norm. `schedule` (3) as in `adamSchedule`. Uses up all arguments. */
function adamStep(
  { parameters, firstMoments, secondMoments }: State,
  gradients: JaxArray[],
  schedule: JaxArray,
): State {
  const squares = gradients.map((gradient) => np.sum(np.square(gradient.ref)));
  const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
  const factor = np.minimum(np.reciprocal(norm).mul(CLIP_NORM), 1);
  const [rate, correction1, correction2] = [0, 1, 2].map((index) => schedule.ref.slice(index));
  const next: State = { parameters: [], firstMoments: [], secondMoments: [] };
  for (const [index, parameter] of parameters.entries()) {
    const gradient = gradients[index].mul(factor.ref);
    const first = firstMoments[index].mul(0.9).add(gradient.ref.mul(0.1));
    const second = secondMoments[index].mul(0.999).add(np.square(gradient).mul(0.001));
    const length = np.sqrt(second.ref.mul(correction2.ref)).add(1e-8);
    const move = first.ref.mul(correction1.ref).mul(rate.ref).div(length);
    next.parameters.push(parameter.sub(move));
    next.firstMoments.push(first);
    next.secondMoments.push(second);
  }
  for (const used of [schedule, factor, rate, correction1, correction2]) used.dispose();
  return next;
}

/** Steps a state with a compiled function that also gives a result. */
function training(initial: JaxArray[], step: (state: State, schedule: JaxArray) => [JaxArray, State]): PeerSubject {
  const zeros = () => initial.map((parameter) => np.zerosLike(parameter.ref));
  let state: State = { parameters: initial, firstMoments: zeros(), secondMoments: zeros() };
  let result: JaxArray | undefined;
  const program = jit((flat: State, schedule: JaxArray) => step(flat, schedule));
  let count = 0;
  return {
    run() {
      count++;
      const schedule = Float32Array.of(LEARNING_RATE, 1 / (1 - 0.9 ** count), 1 / (1 - 0.999 ** count));
      result?.dispose();
      [result, state] = program(state, array(schedule, [3])) as [JaxArray, State];
    },
    settle: async () => void (await blockUntilReady([result, ...Object.values(state).flat()])),
    results: async () => (result === undefined ? [] : [await result.ref.data()]),
    release() {
      for (const used of Object.values(state).flat()) used.dispose();
      result?.dispose();
      program.dispose();
    },
  };
}

export function adam(parameters: JaxArray, gradient: JaxArray): PeerSubject {
  return training([parameters], (state, schedule) => {
    const next = adamStep(state, [gradient.ref], schedule);
    return [next.parameters[0].ref, next];
  });
}

/** `lstmModel`, unrolled over time; the inputs of all steps are projected in one product. */
export function lstmTraining({ units, layers, batch, steps, classes }: LstmTraining): PeerSubject {
  const rows = steps * batch;
  const shapes = Array.from({ length: layers }, (_, layer) => [
    [layer === 0 ? classes : units, 4 * units],
    [4 * units],
    [units, 4 * units],
  ]).flat();
  shapes.push([classes], [units, classes]);
  const parameters = shapes.map((shape, stream) => tensor(shape, stream, PARAMETER_LIMIT));
  const events = oneHot(classIds(rows, classes), classes);
  const targets = oneHot(classIds(rows, classes, 1), classes);

  const loss = (weights: JaxArray[]): JaxArray => {
    let sequence = events.ref;
    for (let layer = 0; layer < layers; layer++) {
      const [input, bias, recurrent] = weights.slice(3 * layer, 3 * layer + 3);
      const projected = np.matmul(sequence, input).add(bias);
      let hidden = np.zeros([batch, units]);
      let cell = np.zeros([batch, units]);
      const outputs: JaxArray[] = [];
      for (let step = 0; step < steps; step++) {
        const atStep = projected.ref.slice([step * batch, (step + 1) * batch]);
        const gates = atStep.add(np.matmul(hidden, recurrent.ref));
        const gate = (index: number) => gates.ref.slice([], [index * units, (index + 1) * units]);
        const [i, j, f, o] = [nn.sigmoid(gate(0)), np.tanh(gate(1)), nn.sigmoid(gate(2)), nn.sigmoid(gate(3))];
        gates.dispose();
        cell = f.mul(cell).add(i.mul(j));
        hidden = o.mul(np.tanh(cell.ref));
        outputs.push(hidden.ref);
      }
      for (const used of [projected, recurrent, hidden, cell]) used.dispose();
      sequence = np.concatenate(outputs, 0);
    }
    const [outputBias, output] = weights.slice(-2);
    const logits = np.matmul(sequence, output).add(outputBias);
    return np.sum(nn.logSoftmax(logits, -1).mul(targets.ref)).mul(-1 / rows);
  };
  return training(parameters, (state, schedule) => {
    const [value, gradients] = valueAndGrad(loss)(state.parameters.map((parameter) => parameter.ref));
    return [value, adamStep(state, gradients as JaxArray[], schedule)];
  });
}
