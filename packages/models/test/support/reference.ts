import type { Checkpoint } from '../../src/index.ts';

/** What the reference says of the events 1..L-1 of a sequence. */
export interface Prediction {
  /** Negative log-likelihood of each event, in nats. */
  readonly nll: number[];
  /** Scores at each position 0..L-1. */
  readonly logits: Float64Array[];
}

/**
 * Basic RNN written down plainly in float64: one sequence, one step after the other, nothing shared with the kernels.
 */
export function predict({ model, state }: Checkpoint, events: ArrayLike<number>): Prediction {
  const values = new Map(model.parameters.slots.map(({ name }, index) => [name, state.parameters[index]]));
  const matrix = (name: string) => {
    const found = values.get(name);
    if (found === undefined) throw new Error(`The model has no parameter ${name}.`);
    return found;
  };
  const layers: { units: number; hidden: Float64Array; cell: Float64Array }[] = [];
  for (let layer = 0; values.has(`lstm/${layer}/bias`); layer++) {
    const units = matrix(`lstm/${layer}/bias`).length / 4;
    layers.push({ units, hidden: new Float64Array(units), cell: new Float64Array(units) });
  }

  const classes = matrix('output/bias').length;
  const logits: Float64Array[] = [];
  for (let position = 0; position < events.length; position++) {
    let input = Float64Array.from({ length: classes }, (_, event) => (event === events[position] ? 1 : 0));
    for (const [index, layer] of layers.entries()) {
      const { units } = layer;
      const gates = Float64Array.from(matrix(`lstm/${index}/bias`));
      addProduct(gates, input, matrix(`lstm/${index}/input`));
      addProduct(gates, layer.hidden, matrix(`lstm/${index}/recurrent`));
      const gate = (number: number, unit: number) => gates[number * units + unit];
      layer.cell = layer.cell.map(
        (cell, unit) => cell * sigmoid(gate(2, unit)) + sigmoid(gate(0, unit)) * Math.tanh(gate(1, unit)),
      );
      layer.hidden = layer.cell.map((cell, unit) => sigmoid(gate(3, unit)) * Math.tanh(cell));
      input = Float64Array.from(layer.hidden);
    }
    const scores = Float64Array.from(matrix('output/bias'));
    addProduct(scores, input, matrix('output/kernel'));
    logits.push(scores);
  }
  const nll = logits.slice(0, -1).map((scores, position) => {
    const highest = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
    return highest + Math.log(total) - scores[events[position + 1]];
  });
  return { nll, logits };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** result += vector times a row-major matrix (rows of vector.length, columns of result.length). */
function addProduct(result: Float64Array, vector: Float64Array, matrix: Float32Array): void {
  for (let row = 0; row < vector.length; row++) {
    for (let column = 0; column < result.length; column++) {
      result[column] += vector[row] * matrix[row * result.length + column];
    }
  }
}
