import {
  type Device,
  elementCount,
  evaluate,
  Graph,
  gradients,
  multiply,
  type Shape,
  sum,
  type Tensor,
} from '../../src/index.ts';
import { expectClose, randomNumbers, TOLERANCE } from './numbers.ts';

/** An array in float64 with its shape: what references take and give. */
export interface Reference {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export interface OperationCase {
  readonly name: string;
  /** Shapes of the f32 inputs. */
  readonly shapes: readonly Shape[];
  /** Range of input values; default [-1, 1). */
  readonly range?: readonly [number, number];
  /** Builds the operation; other tensors (ids, seeds) may be added to the graph as constants. */
  readonly build: (inputs: readonly Tensor[], graph: Graph) => Tensor;
  readonly reference: (inputs: readonly Reference[]) => Float64Array;
  readonly tolerance?: { absolute: number; relative: number };
  /** Left out where the operation has no gradient. */
  readonly differentiable?: boolean;
}

/** Values and gradients of one case against its float64 reference and central differences of that reference. */
export async function verify(device: Device, test: OperationCase): Promise<void> {
  const graph = new Graph();
  const [low, high] = test.range ?? [-1, 1];
  const values = test.shapes.map((shape, index) => randomNumbers(elementCount(shape), index + 1, low, high));
  const inputs = values.map((data, index) => graph.constant(data, test.shapes[index]));
  const output = test.build(inputs, graph);
  const asReference = (): { shape: Shape; data: Float64Array }[] =>
    values.map((data, index) => ({ shape: test.shapes[index], data: Float64Array.from(data) }));
  const expected = test.reference(asReference());

  if (test.differentiable === false) {
    const [actual] = await evaluate(device, [output]);
    expectClose(actual, expected, test.tolerance ?? TOLERANCE.elementwise, test.name);
    return;
  }
  // Any scalar function of the output shows its gradient; random weights show every element.
  const weights = randomNumbers(elementCount(output.shape), 99);
  const loss = sum(multiply(output, graph.constant(weights, output.shape)));
  const analytic = gradients(loss, inputs);
  const [actual, ...actualGradients] = await evaluate(device, [output, ...analytic]);
  expectClose(actual, expected, test.tolerance ?? TOLERANCE.elementwise, test.name);

  const weighted = (references: readonly Reference[]) =>
    test.reference(references).reduce((total, value, index) => total + value * weights[index], 0);
  for (const [input, { shape }] of asReference().entries()) {
    const numeric = Float64Array.from({ length: elementCount(shape) }, (_, element) => {
      const step = 1e-5;
      const shifted = (by: number) => {
        const references = asReference();
        references[input].data[element] += by;
        return weighted(references);
      };
      return (shifted(step) - shifted(-step)) / (2 * step);
    });
    expectClose(actualGradients[input], numeric, TOLERANCE.gradient, `${test.name}: gradient of input ${input}`);
  }
}
