import { read, wgslFloat, write } from '../../kernels/kernel.ts';
import { overwritable, type RowLoops, rowElement, rowLayout, rowsDispatch } from '../../kernels/row-kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { onceDifferentiable, overwritesFirst } from '../../trace/operation.ts';
import type { Operation, Tensor } from '../../trace/trace.ts';
import { axisSums } from '../axis-sums.ts';

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
      // Distances from the row's first value: the mean of equal values is that value to the last bit.
      body: ({ sums, each }: RowLoops) => `  let pivot = ${rowElement(layout, source, '0u')};
${sums({ total: `load_${source}(start + c) - pivot` })}
  let mean = pivot + total / columns;
${sums({ squares: 'distance * distance' }, `let distance = load_${source}(start + c) - mean;`)}
  let inverse_deviation = 1.0 / sqrt(squares / columns + ${wgslFloat(EPSILON)});
${each(`    store_result(start + c, (load_${source}(start + c) - mean) * inverse_deviation * load_scale(c) + load_shift(c));`)}
  if (lane == 0u) {
    store_means(row, mean);
    store_inverse_deviations(row, inverse_deviation);
  }`,
    };
    return [rowsDispatch(layout, kernel, [scale, shift, mean, deviation, y, ...(inPlace ? [] : [x])])];
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
    const slope = `let slope = load_${inPlace ? 'result' : 'dy'}(start + c) * load_scale(c);`;
    const kernel = {
      label: 'layerNormGradient',
      bindings: [
        read('x', vector),
        read('scale', vector),
        read('means'),
        read('inverse_deviations'),
        ...overwritable('dy', vector, inPlace),
      ],
      body: ({ sums, each }: RowLoops) => `  let mean = load_means(row);
  let inverse_deviation = load_inverse_deviations(row);
${sums({ slopes: 'slope', products: 'slope * (load_x(start + c) - mean)' }, slope)}
  let mean_slope = slopes / columns;
  let mean_product = products / columns * inverse_deviation * inverse_deviation;
${each(`    ${slope}
    store_result(start + c, inverse_deviation * (slope - mean_slope - (load_x(start + c) - mean) * mean_product));`)}`,
    };
    return [rowsDispatch(layout, kernel, [x, scale, mean, deviation, dx, ...(inPlace ? [] : [dy])])];
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
    const [x, means, inverseDeviations, dy] = node.inputs;
    const { rows, columns, vector } = rowLayout(x.shape);
    return axisSums(
      {
        label: 'layerNormParameterGradient',
        bindings: [read('x', vector), read('means'), read('inverse_deviations'), read('dy', vector)],
        operands: [x, means, inverseDeviations, dy],
        before: 'let slope = load_dy(at);',
        ofRow: { mean: 'load_means(row)', inverse_deviation: 'load_inverse_deviations(row)' },
        terms: ['slope * (load_x(at) - mean) * inverse_deviation', 'slope'],
      },
      { outer: 1, length: rows, inner: columns },
      node.outputs,
      scratch,
    );
  },
  backward: onceDifferentiable,
};
