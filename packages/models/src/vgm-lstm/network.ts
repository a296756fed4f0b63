import { DURATION_ROLL_SHAPE } from '@chipsmith/data';
import { Arena, elementCount, linearLayer, logSoftmax, lstmLayers, reshape, type Tensor } from '@chipsmith/kernels';

/** The network: rows of 49 durations in, a softmax over the 49 pitches at each step out. */
export interface RollNetwork {
  readonly parameters: Arena;
  /** @param before (T, B, 49) @returns log-probabilities (T B, 49) of the pitches in the window after, time-major */
  apply(before: Tensor): Tensor;
}

/** @param units of the LSTM layer */
export function rollNetwork(units: number): RollNetwork {
  const { pitches } = DURATION_ROLL_SHAPE;
  const parameters = new Arena('parameters', 'parameters');
  const lstm = lstmLayers(parameters, 'lstm', pitches, [units]);
  const output = linearLayer(parameters, 'output', units, pitches);
  return {
    parameters,
    apply(before) {
      const { output: top } = lstm.apply(before);
      return logSoftmax(output.apply(reshape(top, [elementCount(top.shape) / units, units])));
    },
  };
}
