/**
 * An operation of one's own, from outside the package: swish with a slope that is learnt (Ramachandran et al., arXiv
 * 1710.05941),
 *
 *     y = x s      s = 1 / (1 + exp(-slope x))      x (N, D), one slope for each of D columns
 *
 * and a program that learns the slopes of an unknown swish from what goes in and what comes out.
 */
import {
  Arena,
  elementCount,
  Graph,
  gradients,
  mean,
  Program,
  plan,
  scale,
  store,
  subtract,
  sum,
  type Tensor,
  unary,
  uniformArray,
} from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import {
  type Dispatch,
  linearDispatch,
  type Operation,
  onceDifferentiable,
  read,
  requireShape,
  requireType,
  write,
} from '@chipsmith/kernels/operation';

/** What users call: appends the operation to the graph and returns its output. */
export function swish(x: Tensor, slope: Tensor): Tensor {
  return x.graph.apply(swishOperation, [x, slope], {})[0];
}

const swishOperation: Operation<object> = {
  name: 'swish',
  // The shape rule: what comes out, or an error that says what does not fit.
  outputs([x, slope]) {
    requireType(x, 'f32', 'swish', 'x');
    requireType(slope, 'f32', 'swish', 'slope');
    const fits = x.shape.length === 2 && slope.shape.length === 1 && slope.shape[0] === x.shape[1];
    requireShape(fits, 'swish', 'x must be (N, D) and slope (D)', x, slope);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  kernels: ({ inputs: [x, slope], outputs: [y] }) => [
    eachElement('swish', { x, slope }, { y }, 'store_y(index, v * s);'),
  ],
  // Given dloss/dy, dloss/dx and dloss/dslope: one kernel for both, and the package's own sum over the rows.
  backward(node, [dy], [wantsX, wantsSlope]) {
    if (dy === undefined) return [undefined, undefined];
    const [dx, slopes] = dy.graph.apply(swishGradientOperation, [dy, ...node.inputs], {});
    return [wantsX ? dx : undefined, wantsSlope ? sum(slopes, [0]) : undefined];
  },
};

/** dx = dy (s + slope x s (1 - s)), and what each element adds to its column's slope: dy x^2 s (1 - s). */
const swishGradientOperation: Operation<object> = {
  name: 'swishGradient',
  outputs: ([dy]) => [
    { shape: dy.shape, dtype: 'f32' },
    { shape: dy.shape, dtype: 'f32' },
  ],
  kernels({ inputs: [dy, x, slope], outputs: [dx, slopes] }) {
    const code = `let rise = v * s * (1.0 - s);
  store_dx(index, load_dy(index) * (s + load_slope(column) * rise));
  store_slopes(index, load_dy(index) * v * rise);`;
    return [eachElement('swishGradient', { x, slope, dy }, { dx, slopes }, code)];
  },
  backward: onceDifferentiable,
};

/** One thread for each element of x, in which `v` is the element and `s` its sigmoid; tensors are bound by name. */
function eachElement(
  label: string,
  inputs: { x: Tensor; slope: Tensor } & Record<string, Tensor>,
  outputs: Record<string, Tensor>,
  code: string,
): Dispatch {
  const threads = elementCount(inputs.x.shape);
  return linearDispatch({
    label,
    bindings: [...Object.keys(inputs).map((name) => read(name)), ...Object.keys(outputs).map((name) => write(name))],
    operands: [...Object.values(inputs), ...Object.values(outputs)],
    threads,
    body: `  let column = index % ${inputs.x.shape[1]}u;
  let v = load_x(index);
  let s = 1.0 / (1.0 + exp(-load_slope(column) * v));
  ${code}`,
  });
}

const device = await openDevice();
const graph = new Graph();
const parameters = new Arena('parameters', 'parameters');
const slot = parameters.add('slope', [2]);
device.write(slot, Float32Array.of(1, 1));
const slope = graph.variable(slot);

const x = graph.constant(uniformArray(200, 3, 0, 1), [100, 2]);
const unknown = swish(x, graph.constant(Float32Array.of(0.5, 2), [2]));
const loss = mean(unary('square', subtract(swish(x, slope), unknown)));
const [direction] = gradients(loss, [slope]);
store(subtract(slope, scale(direction, 2)), slot);

const program = await Program.create(device, plan(graph, { history: [loss] }));
for (let step = 0; step < 500; step++) program.run();
console.log(await device.read(slot)); // close to 0.5, 2
device.destroy();
