import { KernelError } from '../errors.ts';
import { type LstmWeights, lstmStack } from '../operations/lstm/stack.ts';
import type { Arena, Initialiser, Slot } from '../trace/memory.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import type { Graph, Tensor } from '../trace/trace.ts';
import { type LayerDropout, ownStreams } from './dropout.ts';
import { glorotUniform } from './initialisers.ts';

/** Slots of one direction of a layer, as `LstmWeights`: (I, 4H), (H, 4H) and (4H), gates in the order i, j, f, o. */
export interface LstmSlots {
  readonly input: Slot;
  readonly recurrent: Slot;
  readonly bias: Slot;
}

/** Where LSTM layers start, and what they drop while training. */
export interface LstmLayersOptions {
  /** State before the first step, in the order of `stateShapes`; zeros if left out. */
  readonly state?: readonly Tensor[] | undefined;
  /** Between the layers, not behind the last; takes as many streams as there are layers, less one. */
  readonly dropout?: LayerDropout | undefined;
}

/** LSTM layers on top of each other. */
export interface LstmLayers {
  readonly layers: readonly { readonly forward: LstmSlots; readonly reverse?: LstmSlots }[];
  /** Features of the output: H of the last layer, twice that where it runs in both directions. */
  readonly features: number;
  /** Shapes of the state of B sequences side by side: hidden (B, H) and cell (B, H) of each direction of each layer. */
  stateShapes(batch: number): Shape[];
  /**
   * @param x (T, B, I) f32; or (T, B) u32, each below I, which count as one-hot
   * @returns `output` (T, B, features) and the state after the last step, in the order of `stateShapes`
   */
  apply(x: Tensor, options?: LstmLayersOptions): { output: Tensor; state: Tensor[] };
}

/**
 * Stacked LSTM layers: see `lstmStack`.
 *
 * They start as those of TensorFlow's BasicLSTMCell: input and recurrent weights by Glorot's uniform distribution for
 * the matrix (I + H, 4H) that they are there, the biases of the forget gates at 1 (Jozefowicz et al., ICML 2015),
 * others at 0.
 *
 * @param name the slots of layer n are `name/n/input`, `name/n/recurrent`, `name/n/bias`; those of its other direction
 *   `name/n/reverse/input` and so on
 * @param inputs I
 * @param units H of each layer, from the bottom up
 * @param options.bidirectional each layer runs in reverse too, with as many units; default false
 * @throws KernelError `shape` if there are no layers
 */
export function lstmLayers(
  arena: Arena,
  name: string,
  inputs: number,
  units: readonly number[],
  { bidirectional = false }: { readonly bidirectional?: boolean } = {},
): LstmLayers {
  const directions = bidirectional ? 2 : 1;
  const firstSlot = arena.slots.length;
  if (units.length === 0) throw new KernelError('shape', `${name}: needs at least one layer, got none.`);
  const layers: LstmLayers['layers'] = units.map((own, index) => {
    const below = index === 0 ? inputs : directions * units[index - 1];
    const forward = addLstmSlots(arena, `${name}/${index}`, below, own);
    return bidirectional
      ? { forward, reverse: addLstmSlots(arena, `${name}/${index}/reverse`, below, own) }
      : { forward };
  });
  const stateCount = 2 * directions * units.length;
  return {
    layers,
    features: directions * units[units.length - 1],
    stateShapes: (batch) => units.flatMap((own) => Array.from({ length: 2 * directions }, (): Shape => [batch, own])),
    apply(x, { state, dropout } = {}) {
      if (state !== undefined && state.length !== stateCount) {
        throw new KernelError('shape', `${name}: ${stateCount} states are needed, got ${state.length}.`);
      }
      const weights = layers.map(({ forward, reverse }) => ({
        forward: lstmVariables(x.graph, forward),
        ...(reverse && { reverse: lstmVariables(x.graph, reverse) }),
      }));
      const initial =
        state &&
        Array.from({ length: stateCount / 2 }, (_, index) => ({
          hidden: state[2 * index],
          cell: state[2 * index + 1],
        }));
      const { output, final } = lstmStack(x, weights, { initial, dropout: dropout && ownStreams(dropout, firstSlot) });
      return { output, state: final.flatMap(({ hidden, cell }) => [hidden, cell]) };
    },
  };
}

/** Slots of one direction of a layer, starting as `lstmLayers` says. */
export function addLstmSlots(arena: Arena, name: string, inputs: number, units: number): LstmSlots {
  const joint = glorotUniform(inputs + units, 4 * units);
  return {
    input: arena.add(`${name}/input`, [inputs, 4 * units], joint),
    recurrent: arena.add(`${name}/recurrent`, [units, 4 * units], joint),
    bias: arena.add(`${name}/bias`, [4 * units], forgetBias),
  };
}

/** BasicLSTMCell adds a forget bias of 1 in the cell; here it is where the bias starts. */
const forgetBias: Initialiser = (shape) => {
  const units = elementCount(shape) / 4;
  return new Float32Array(4 * units).fill(1, 2 * units, 3 * units);
};

/** The tensors that stand for the slots. */
export function lstmVariables(graph: Graph, { input, recurrent, bias }: LstmSlots): LstmWeights {
  return { input: graph.variable(input), recurrent: graph.variable(recurrent), bias: graph.variable(bias) };
}
