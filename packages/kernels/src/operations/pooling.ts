import { KernelError } from '../errors.ts';
import { linearDispatch } from '../kernels/dispatch.ts';
import { type Binding, read, rowVectors, write } from '../kernels/kernel.ts';
import { outranks } from '../kernels/outranks.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import type { Dispatch, Operation, Tensor } from '../trace/trace.ts';
import { pair, type Size2d } from './convolution/problem.ts';

/** The windows of `maxPool2d` and `averagePool2d`. */
export interface PoolingOptions {
  /** Pixels under the window, one number or (vertical, horizontal). */
  readonly size: number | Size2d;
  /** Pixels from one window to the next; default: the size, so that windows lie side by side. */
  readonly stride?: number | Size2d;
  /** Pixels by which the first windows reach beyond the picture, below the size; default 0. They never count. */
  readonly padding?: number | Size2d;
}

export interface Windows {
  readonly size: Size2d;
  readonly stride: Size2d;
  readonly padding: Size2d;
}

/**
 * Largest value of each window and channel; NaN where one is NaN. The gradient goes to the first maximum in reading
 * order.
 *
 * @param x (B, H, W, C) f32
 * @returns (B, V, U, C) with V = floor((H + 2 padding - size) / stride) + 1, and U from W in the same way
 * @throws KernelError `shape` if the window is larger than the padded picture or an option is out of its range
 */
export function maxPool2d(x: Tensor, options: PoolingOptions): Tensor {
  return x.graph.apply(maxPool2dOperation, [x], windowsOf(options))[0];
}

/** Mean of each window and channel over the pixels inside the picture; shapes and errors as `maxPool2d`. */
export function averagePool2d(x: Tensor, options: PoolingOptions): Tensor {
  return x.graph.apply(averagePool2dOperation, [x], windowsOf(options))[0];
}

/** Outputs: the maxima, and the place in its window (counted in reading order) at which each was found. */
export const maxPool2dOperation: Operation<Windows> = {
  name: 'maxPool2d',
  outputs([x], windows) {
    const shape = pooledShape('maxPool2d', x, windows);
    return [
      { shape, dtype: 'f32' },
      { shape, dtype: 'u32' },
    ];
  },
  kernels(node) {
    const [x] = node.inputs;
    const [y, places] = node.outputs;
    const { type, vector } = rowVectors(x.shape[3]);
    const places4 = vector === 4 ? 'vec4u' : 'u32';
    const body = `
  var highest = ${type}(0.0);
  var place = ${places4}(0u);
  var found = false;
  ${eachPixel(
    x.shape,
    node.attributes,
    `let value = load_x(pixel * ${x.shape[3] / vector}u + channel);
      let larger = outranks(value, highest) | ${vector === 4 ? 'vec4<bool>' : 'bool'}(!found);
      place = select(place, ${places4}(i * ${node.attributes.size[1]}u + j), larger);
      highest = select(highest, value, larger);
      found = true;`,
  )}
  store_result(index, highest);
  store_places(index, place);`;
    const operands: [Binding, Tensor][] = [
      [read('x', vector), x],
      [write('result', vector), y],
      [write('places', vector, 'u32'), places],
    ];
    return [pooling('maxPool2d', y.shape, body, operands, outranks(type))];
  },
  backward(node, [dy], [wanted]) {
    if (dy === undefined || !wanted) return [undefined];
    const attributes = { ...node.attributes, shape: node.inputs[0].shape };
    return dy.graph.apply(maxPool2dGradientOperation, [dy, node.outputs[1]], attributes);
  },
};

/**
 * dx[pixel] = sum of dy over the windows whose maximum it is. Each pixel asks the windows that contain it: no atomics.
 */
export const maxPool2dGradientOperation: Operation<Windows & { shape: Shape }> = {
  name: 'maxPool2dGradient',
  outputs: (_inputs, { shape }) => [{ shape, dtype: 'f32' }],
  kernels(node) {
    const [dy, places] = node.inputs;
    const [dx] = node.outputs;
    const { type, vector } = rowVectors(dx.shape[3]);
    const body = `
  var total = ${type}(0.0);
  ${eachWindow(
    dy.shape,
    node.attributes,
    `let at = window * ${dy.shape[3] / vector}u + channel;
      total += select(${type}(0.0), load_dy(at), load_places(at) == ${vector === 4 ? 'vec4u' : 'u32'}(i * ${node.attributes.size[1]}u + j));`,
  )}
  store_result(index, total);`;
    const operands: [Binding, Tensor][] = [
      [read('dy', vector), dy],
      [read('places', vector, 'u32'), places],
      [write('result', vector), dx],
    ];
    return [pooling('maxPool2dGradient', dx.shape, body, operands)];
  },
  backward: onceDifferentiable,
};

export const averagePool2dOperation: Operation<Windows> = {
  name: 'averagePool2d',
  outputs: ([x], windows) => [{ shape: pooledShape('averagePool2d', x, windows), dtype: 'f32' }],
  kernels(node) {
    const [x] = node.inputs;
    const { type, vector } = rowVectors(x.shape[3]);
    const body = `
  var total = ${type}(0.0);
  var count = 0.0;
  ${eachPixel(
    x.shape,
    node.attributes,
    `total += load_x(pixel * ${x.shape[3] / vector}u + channel);
      count += 1.0;`,
  )}
  store_result(index, total / count);`;
    const [y] = node.outputs;
    const operands: [Binding, Tensor][] = [
      [read('x', vector), x],
      [write('result', vector), y],
    ];
    return [pooling('averagePool2d', y.shape, body, operands)];
  },
  backward(node, [dy]) {
    if (dy === undefined) return [undefined];
    const attributes = { ...node.attributes, shape: node.inputs[0].shape };
    return dy.graph.apply(averagePool2dGradientOperation, [dy], attributes);
  },
};

/**
 * dx[pixel] = sum of dy / (pixels of the window) over the windows that contain it: linear, so its backward is the mean.
 */
export const averagePool2dGradientOperation: Operation<Windows & { shape: Shape }> = {
  name: 'averagePool2dGradient',
  outputs: (_inputs, { shape }) => [{ shape, dtype: 'f32' }],
  kernels(node) {
    const [dy] = node.inputs;
    const [dx] = node.outputs;
    const { size, stride, padding } = node.attributes;
    const { type, vector } = rowVectors(dx.shape[3]);
    // Pixels of a window inside the picture along one axis.
    const inside = (axis: 0 | 1, at: string) =>
      `min(i32(${at} * ${stride[axis]}u) - ${padding[axis]} + ${size[axis]}, ${dx.shape[axis + 1]}) - max(i32(${at} * ${stride[axis]}u) - ${padding[axis]}, 0)`;
    const body = `
  var total = ${type}(0.0);
  ${eachWindow(
    dy.shape,
    node.attributes,
    `let count = (${inside(0, 'v')}) * (${inside(1, 'u')});
      total += load_dy(window * ${dy.shape[3] / vector}u + channel) / f32(count);`,
  )}
  store_result(index, total);`;
    const operands: [Binding, Tensor][] = [
      [read('dy', vector), dy],
      [write('result', vector), dx],
    ];
    return [pooling('averagePool2dGradient', dx.shape, body, operands)];
  },
  backward(node, [ddx]) {
    const { size, stride, padding } = node.attributes;
    return [ddx === undefined ? undefined : averagePool2d(ddx, { size, stride, padding })];
  },
};

/** WGSL that runs `body` for each `pixel` of the input x under output (row, column), at place (i, j) of the window. */
function eachPixel([, height, width]: Shape, { size, stride, padding }: Windows, body: string): string {
  return `for (var i = 0u; i < ${size[0]}u; i++) {
    for (var j = 0u; j < ${size[1]}u; j++) {
      // Positions before the first pixel wrap round to large numbers.
      let v = row * ${stride[0]}u + i - ${padding[0]}u;
      let u = column * ${stride[1]}u + j - ${padding[1]}u;
      if (v >= ${height}u || u >= ${width}u) { continue; }
      let pixel = (image * ${height}u + v) * ${width}u + u;
      ${body}
    }
  }`;
}

/** WGSL that runs `body` for each `window` (v, u) of y that has the pixel (row, column) of x at its place (i, j). */
function eachWindow([, rows, columns]: Shape, { size, stride, padding }: Windows, body: string): string {
  return `for (var i = (row + ${padding[0]}u) % ${stride[0]}u; i < ${size[0]}u; i += ${stride[0]}u) {
    for (var j = (column + ${padding[1]}u) % ${stride[1]}u; j < ${size[1]}u; j += ${stride[1]}u) {
      // Windows before the first wrap round to large numbers.
      let v = (row + ${padding[0]}u - i) / ${stride[0]}u;
      let u = (column + ${padding[1]}u - j) / ${stride[1]}u;
      if (v >= ${rows}u || u >= ${columns}u) { continue; }
      let window = (image * ${rows}u + v) * ${columns}u + u;
      ${body}
    }
  }`;
}

/**
 * One thread for each element (or vec4 of channels) of the result, of this shape; `body` finds its image, row, column
 * and channel.
 *
 * @param functions WGSL outside of the body
 */
function pooling(
  label: string,
  shape: Shape,
  body: string,
  operands: readonly [Binding, Tensor][],
  functions = '',
): Dispatch {
  const [, height, width, depth] = shape;
  const { vector } = rowVectors(depth);
  const threads = elementCount(shape) / vector;
  return linearDispatch({
    label,
    bindings: operands.map(([binding]) => binding),
    operands: operands.map(([, tensor]) => tensor),
    threads,
    functions,
    body: `  let channel = index % ${depth / vector}u;
  let column = index / ${depth / vector}u % ${width}u;
  let row = index / ${(depth / vector) * width}u % ${height}u;
  let image = index / ${(depth / vector) * width * height}u;
${body}`,
  });
}

function pooledShape(operation: string, x: Tensor, { size, stride, padding }: Windows): Shape {
  requireType(x, 'f32', operation, 'x');
  requireShape(x.shape.length === 4, operation, 'x must be (B, H, W, C)', x);
  const whole = [...size, ...stride, ...padding].every(Number.isInteger);
  const inRange = padding.every((each, axis) => each >= 0 && each < size[axis]) && Math.min(...stride) >= 1;
  if (!whole || !inRange) {
    const got = [size, stride, padding].map((each) => each.join(' x ')).join(', ');
    throw new KernelError(
      'shape',
      `${operation}: size and stride must be whole from 1 on and padding below the size, got ${got}.`,
    );
  }
  const pooled = [0, 1].map(
    (axis) => Math.floor((x.shape[axis + 1] + 2 * padding[axis] - size[axis]) / stride[axis]) + 1,
  );
  requireShape(
    Math.min(...pooled) >= 1,
    operation,
    `a window of ${size.join(' x ')} must fit in the padded picture`,
    x,
  );
  return [x.shape[0], ...pooled, x.shape[3]];
}

function windowsOf({ size, stride = size, padding = 0 }: PoolingOptions): Windows {
  return { size: pair(size), stride: pair(stride), padding: pair(padding) };
}
