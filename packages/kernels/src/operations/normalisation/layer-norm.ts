import { linearDispatch } from '../../kernels/dispatch.ts';
import { read, wgslFloat, write } from '../../kernels/kernel.ts';
import { overwritable, rowDispatch, rowLayout } from '../../kernels/row-kernel.ts';
import { type Operation, onceDifferentiable, overwritesFirst } from '../../trace/operation.ts';
import { requireShape, requireType, type Tensor } from '../../trace/tensor.ts';
import { partCount } from '../reduction.ts';
import { partialSums } from '../sum.ts';

/** Added to the variance, so that rows of equal values do not divide by zero. */
const EPSILON = 1e-5;

/**
 * Layer normalisation over the last axis (Ba, Kiros and Hinton, arXiv 1607.06450):
 * y = (x - mean) / sqrt(variance + 1e-5) scale + shift, with mean and (biased) variance of each row.
 *
 * @param x (..., D) f32
 * @param scale (D)
 * @param shift (D)
 * @returns the shape of x
 */
export function layerNorm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  return x.graph.apply(layerNormOperation, [x, scale, shift], {})[0];
}

/** Outputs: y, and for each row its mean and 1 / sqrt(variance + 1e-5), which the backward pass needs. */
export const layerNormOperation: Operation<object> = {
  name: 'layerNorm',
  inPlace: overwritesFirst,
  outputs([x, scale, shift]) {
    for (const [name, tensor] of Object.entries({ x, scale, shift })) requireType(tensor, 'f32', 'layerNorm', name);
    const width = x.shape.at(-1);
    const fits = [scale, shift].every(({ shape }) => shape.length === 1 && shape[0] === width);
    requireShape(fits, 'layerNorm', 'x must be (..., D), scale and shift (D)', x, scale, shift);
    const { rows } = rowLayout(x.shape);
    return [
      { shape: x.shape, dtype: 'f32' },
      { shape: [rows], dtype: 'f32' },
      { shape: [rows], dtype: 'f32' },
    ];
  },
  kernels(node, { inPlace }) {
    const [x, scale, shift] = node.inputs;
    const [y, mean, deviation] = node.outputs;
    const layout = rowLayout(x.shape);
    const { vector } = layout;
    const source = inPlace ? 'result' : 'x';
    const kernel = {
      label: 'layerNorm',
      bindings: [
        read('scale', vector),
        read('shift', vector),
        write('means'),
        write('inverse_deviations'),
        ...overwritable('x', vector, inPlace),
      ],
      body: `  var total = Value(0.0);
  for (var c = lane; c < width; c += lanes) { total += load_${source}(start + c); }
  let mean = row_sum(total) / columns;
  var squares = Value(0.0);
  for (var c = lane; c < width; c += lanes) {
    let distance = load_${source}(start + c) - mean;
    squares += distance * distance;
  }
  let inverse_deviation = 1.0 / sqrt(row_sum(squares) / columns + ${wgslFloat(EPSILON)});
  for (var c = lane; c < width; c += lanes) {
    store_result(start + c, (load_${source}(start + c) - mean) * inverse_deviation * load_scale(c) + load_shift(c));
  }
  if (lane == 0u) {
    store_means(row, mean);
    store_inverse_deviations(row, inverse_deviation);
  }`,
    };
    return [rowDispatch(layout, kernel, [scale, shift, mean, deviation, y, ...(inPlace ? [] : [x])])];
  },
  backward(node, [dy], [wantsX, wantsScale, wantsShift]) {
    if (dy === undefined) return [undefined, undefined, undefined];
    const [x, scale] = node.inputs;
    const [, mean, deviation] = node.outputs;
    // The parameters' gradients first: then dx may be written over dy.
    const [dScale, dShift] =
      wantsScale || wantsShift
        ? dy.graph.apply(layerNormParameterGradientOperation, [x, mean, deviation, dy], {})
        : [undefined, undefined];
    const [dx] = wantsX ? dy.graph.apply(layerNormGradientOperation, [dy, x, scale, mean, deviation], {}) : [undefined];
    return [dx, dScale, dShift];
  },
};

/** With n = (x - mean) r and g = dy scale: dx = r (g - mean(g) - n mean(g n)), both means over the row. */
export const layerNormGradientOperation: Operation<object> = {
  name: 'layerNormGradient',
  inPlace: overwritesFirst,
  outputs: ([dy]) => [{ shape: dy.shape, dtype: 'f32' }],
  kernels(node, { inPlace }) {
    const [dy, x, scale, mean, deviation] = node.inputs;
    const [dx] = node.outputs;
    const layout = rowLayout(x.shape);
    const { vector } = layout;
    const source = inPlace ? 'result' : 'dy';
    const kernel = {
      label: 'layerNormGradient',
      bindings: [
        read('x', vector),
        read('scale', vector),
        read('means'),
        read('inverse_deviations'),
        ...overwritable('dy', vector, inPlace),
      ],
      body: `  let mean = load_means(row);
  let inverse_deviation = load_inverse_deviations(row);
  var slopes = Value(0.0);
  var products = Value(0.0);
  for (var c = lane; c < width; c += lanes) {
    let slope = load_${source}(start + c) * load_scale(c);
    slopes += slope;
    products += slope * (load_x(start + c) - mean);
  }
  let mean_slope = row_sum(slopes) / columns;
  let mean_product = row_sum(products) / columns * inverse_deviation * inverse_deviation;
  for (var c = lane; c < width; c += lanes) {
    let slope = load_${source}(start + c) * load_scale(c);
    store_result(start + c, inverse_deviation * (slope - mean_slope - (load_x(start + c) - mean) * mean_product));
  }`,
    };
    return [rowDispatch(layout, kernel, [x, scale, mean, deviation, dx, ...(inPlace ? [] : [dy])])];
  },
  backward: onceDifferentiable,
};

/** dScale = sum of dy (x - mean) r and dShift = sum of dy, both over all rows, in parts where rows are many. */
export const layerNormParameterGradientOperation: Operation<object> = {
  name: 'layerNormParameterGradient',
  outputs: ([x]) => {
    const shape = x.shape.slice(-1);
    return [
      { shape, dtype: 'f32' },
      { shape, dtype: 'f32' },
    ];
  },
  kernels(node, { scratch }) {
    const { rows, columns } = rowLayout(node.inputs[0].shape);
    const parts = partCount(columns, rows);
    const chunk = Math.ceil(rows / parts);
    const partial = parts === 1 ? node.outputs : node.outputs.map(() => scratch([parts, columns]));
    const threads = parts * columns;
    return [
      linearDispatch({
        label: 'layerNormParameterGradient',
        bindings: [
          read('x'),
          read('means'),
          read('inverse_deviations'),
          read('dy'),
          write('d_scale'),
          write('d_shift'),
        ],
        operands: [...node.inputs, ...partial],
        threads,
        body: `  let column = index % ${columns}u;
  let first = index / ${columns}u * ${chunk}u;
  var scale = 0.0;
  var shift = 0.0;
  for (var row = first; row < min(first + ${chunk}u, ${rows}u); row++) {
    let slope = load_dy(row * ${columns}u + column);
    scale += slope * (load_x(row * ${columns}u + column) - load_means(row)) * load_inverse_deviations(row);
    shift += slope;
  }
  store_d_scale(index, scale);
  store_d_shift(index, shift);`,
      }),
      ...(parts === 1
        ? []
        : partial.map((sums, index) =>
            partialSums(sums, node.outputs[index], { outer: 1, length: parts, inner: columns, parts: 1 }),
          )),
    ];
  },
  backward: onceDifferentiable,
};
