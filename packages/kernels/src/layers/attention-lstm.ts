import { KernelError } from '../errors.ts';
import { attentionLstm } from '../operations/attention-lstm/attention-lstm.ts';
import type { Arena, Slot } from '../trace/memory.ts';
import type { Shape } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { glorotUniform } from './initialisers.ts';
import { addLstmSlots, type LstmSlots, lstmVariables } from './lstm.ts';

/** An LSTM layer that attends to its own last outputs. The slots are the weights that `attentionLstm` names. */
export interface AttentionLstmLayer {
  readonly cell: LstmSlots;
  /** (I + H, I) and (I). */
  readonly mix: Slot;
  readonly mixBias: Slot;
  /** (2H, H) and (H). */
  readonly query: Slot;
  readonly queryBias: Slot;
  /** (H, H). */
  readonly key: Slot;
  /** (H). */
  readonly score: Slot;
  /** (2H, H) and (H). */
  readonly output: Slot;
  readonly outputBias: Slot;
  /** Features of the output: H. */
  readonly features: number;
  /** Shapes of the state of B sequences side by side: hidden, cell and context (B, H), memory (N, B, H). */
  stateShapes(batch: number): Shape[];
  /**
   * @param x (T, B, I) f32
   * @param options.state before the first step, in the order of `stateShapes`; zeros if left out
   * @returns `output` (T, B, H) and the state after the last step, in the order of `stateShapes`
   */
  apply(x: Tensor, options?: { readonly state?: readonly Tensor[] | undefined }): { output: Tensor; state: Tensor[] };
}

/**
 * An LSTM layer with attention over its last N outputs: see `attentionLstm`.
 *
 * It starts as TensorFlow's AttentionCellWrapper around a BasicLSTMCell: matrices by Glorot's uniform distribution, the
 * cell as in `lstmLayers`, the vector of the scores by the same distribution for H inputs and H outputs, which is how
 * TensorFlow counts those of a vector, and biases at 0 but those of the forget gates.
 *
 * @param name the slots are `name/mix/kernel`, `name/mix/bias`, `name/cell/input`, `name/cell/recurrent`,
 *   `name/cell/bias`, `name/query/kernel`, `name/query/bias`, `name/key/kernel`, `name/score`, `name/output/kernel` and
 *   `name/output/bias`
 * @param inputs I
 * @param units H
 * @param options.memory N, how many of the last outputs it attends to
 * @throws KernelError `option` if the memory is not a whole number of at least 1
 */
export function attentionLstmLayer(
  arena: Arena,
  name: string,
  inputs: number,
  units: number,
  { memory }: { readonly memory: number },
): AttentionLstmLayer {
  if (!(Number.isInteger(memory) && memory >= 1)) {
    throw new KernelError(
      'option',
      `${name}: the memory must hold a whole number of outputs from 1 on, got ${memory}.`,
    );
  }
  const kernel = (part: string, from: number, to: number) =>
    arena.add(`${name}/${part}/kernel`, [from, to], glorotUniform(from, to));
  const bias = (part: string, size: number) => arena.add(`${name}/${part}/bias`, [size]);
  const slots = {
    mix: kernel('mix', inputs + units, inputs),
    mixBias: bias('mix', inputs),
    cell: addLstmSlots(arena, `${name}/cell`, inputs, units),
    query: kernel('query', 2 * units, units),
    queryBias: bias('query', units),
    key: kernel('key', units, units),
    score: arena.add(`${name}/score`, [units], glorotUniform(units, units)),
    output: kernel('output', 2 * units, units),
    outputBias: bias('output', units),
  };
  return {
    ...slots,
    features: units,
    stateShapes: (batch) => [
      [batch, units],
      [batch, units],
      [batch, units],
      [memory, batch, units],
    ],
    apply(x, { state } = {}) {
      if (state !== undefined && state.length !== 4) {
        throw new KernelError('shape', `${name}: 4 states are needed, got ${state.length}.`);
      }
      const weights = {
        ...lstmVariables(x.graph, slots.cell),
        mix: x.graph.variable(slots.mix),
        mixBias: x.graph.variable(slots.mixBias),
        query: x.graph.variable(slots.query),
        queryBias: x.graph.variable(slots.queryBias),
        key: x.graph.variable(slots.key),
        score: x.graph.variable(slots.score),
        output: x.graph.variable(slots.output),
        outputBias: x.graph.variable(slots.outputBias),
      };
      const initial = state && { hidden: state[0], cell: state[1], context: state[2], memory: state[3] };
      const { output, final } = attentionLstm(x, weights, memory, initial);
      return { output, state: [final.hidden, final.cell, final.context, final.memory] };
    },
  };
}
