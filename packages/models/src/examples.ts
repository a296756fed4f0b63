import type { Cutting, EventSequence, Window } from '@chipsmith/data';
import type { DataType, Graph, Shape, Tensor } from '@chipsmith/kernels';

/** One kind of numbers that a model gets of each example. */
export interface Field {
  readonly dtype: DataType;
  /**
   * Whether there is an entry for each unit of a window, time-major, (T, B, ...), or one for each example, (B, ...).
   */
  readonly per: 'unit' | 'example';
  /** Of an entry. */
  readonly shape: Shape;
}

export type Fields = Readonly<Record<string, Field>>;

/** How a model sees sequences: on the host only, in plain numbers. */
export interface Examples {
  readonly fields: Fields;
  /** How sequences are cut into windows, one for each example. */
  readonly cutting: Cutting;
  /**
   * Writes a window as example `lane` of a batch, whose fields are zero.
   *
   * @returns its weight: the predicted events of it, or 1, whatever the loss is the mean of
   * @throws ModelError if an event is not one of the model's encoding
   */
  fill(batch: Batch, lane: number, window: Window): number;
  /** Numbers about the training data that making music needs; kept in checkpoints. */
  facts?(train: readonly EventSequence[]): Readonly<Record<string, number>>;
  /** What predicting without a network reaches on held-out sequences, in the unit of the model's loss, by name. */
  baselines?(train: readonly EventSequence[], heldOut: readonly EventSequence[]): Readonly<Record<string, number>>;
}

/** Examples side by side. */
export interface Batch {
  /** B. */
  readonly lanes: number;
  /** T, units of a window. */
  readonly length: number;
  readonly fields: Readonly<Record<string, Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>>>;
  /** Of all examples together, 1 or more. */
  readonly weight: number;
}

/** The shape of a field in a batch. */
export function fieldShape({ per, shape }: Field, length: number, lanes: number): Shape {
  return per === 'unit' ? [length, lanes, ...shape] : [lanes, ...shape];
}

/** The axis of a field along which the examples of a batch lie. */
export function laneAxis({ per }: Field): number {
  return per === 'unit' ? 1 : 0;
}

/** Inputs of a graph for the fields of a batch. */
export function fieldInputs(graph: Graph, fields: Fields, length: number, lanes: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, graph.input(fieldShape(field, length, lanes), field.dtype)]),
  );
}

/** A batch of windows; lanes without one stay empty. */
export function batchOf(examples: Examples, length: number, windows: readonly (Window | undefined)[]): Batch {
  const lanes = windows.length;
  const fields = Object.fromEntries(
    Object.entries(examples.fields).map(([name, field]) => {
      const size = fieldShape(field, length, lanes).reduce((product, side) => product * side, 1);
      return [name, field.dtype === 'u32' ? new Uint32Array(size) : new Float32Array(size)];
    }),
  );
  const batch = { lanes, length, fields, weight: 1 };
  let weight = 0;
  for (const [lane, window] of windows.entries()) if (window) weight += examples.fill(batch, lane, window);
  return { ...batch, weight: Math.max(1, weight) };
}
