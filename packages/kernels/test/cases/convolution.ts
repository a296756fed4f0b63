import { conv2d, conv2dTranspose, type Shape } from '../../src/index.ts';
import { operations } from '../../src/operation.ts';
import { TOLERANCE } from '../support/numbers.ts';
import { biased, convolvedShape, type Geometry, products } from '../support/pictures.ts';
import type { OperationCase } from '../support/verify.ts';

/** With and without vec4 channels on either side, kernels of 1 and larger than the picture, all residues of strides. */
export const geometries: readonly Geometry[] = [
  { x: [1, 1, 1, 1], w: [1, 1, 1], stride: [1, 1], padding: [0, 0] },
  { x: [2, 5, 4, 3], w: [3, 2, 5], stride: [1, 1], padding: [1, 1] },
  { x: [1, 6, 7, 4], w: [3, 3, 8], stride: [2, 2], padding: [1, 1] },
  { x: [2, 4, 5, 4], w: [2, 3, 6], stride: [2, 1], padding: [0, 1] },
  { x: [1, 3, 2, 5], w: [1, 1, 4], stride: [1, 1], padding: [0, 0] },
  { x: [1, 4, 8, 2], w: [5, 2, 4], stride: [3, 3], padding: [2, 0] },
  { x: [1, 2, 7, 1], w: [1, 2, 2], stride: [1, 4], padding: [2, 1] },
];

function name({ x, w, stride, padding }: Geometry): string {
  return `[${x}] by ${w.join('x')}, stride ${stride}, padding ${padding}`;
}

const weightShape = ({ x, w }: Geometry): Shape => [w[0], w[1], x[3], w[2]];

export function conv2dCases(): OperationCase[] {
  return geometries.map((geometry, index) => {
    const { x, w, stride, padding } = geometry;
    const terms = products(geometry);
    const hasBias = index % 2 === 1;
    return {
      name: `${name(geometry)}${hasBias ? ', bias' : ''}`,
      shapes: [x, weightShape(geometry), ...(hasBias ? [[w[2]]] : [])],
      build: ([picture, weights, bias]) => conv2d(picture, weights, { stride, padding, ...(hasBias && { bias }) }),
      reference: ([picture, weights, bias]) => {
        const y = biased(convolvedShape(geometry), bias);
        for (const at of terms) y[at.y] += picture.data[at.x] * weights.data[at.w];
        return y;
      },
      tolerance: TOLERANCE.reduction,
    };
  });
}

export function conv2dTransposeCases(): OperationCase[] {
  return geometries.map((geometry, index) => {
    const { x, w, stride, padding } = geometry;
    const terms = products(geometry);
    const y = convolvedShape(geometry);
    const hasBias = index % 2 === 0;
    // What the convolution loses at the right and bottom edge where the stride does not divide the rest.
    const lost = (axis: 0 | 1) => x[axis + 1] - ((y[axis + 1] - 1) * stride[axis] - 2 * padding[axis] + w[axis]);
    return {
      name: `to ${name(geometry)}${hasBias ? ', bias' : ''}`,
      shapes: [y, weightShape(geometry), ...(hasBias ? [[x[3]]] : [])],
      build: ([small, weights, bias]) => {
        const outputPadding = [lost(0), lost(1)] as const;
        return conv2dTranspose(small, weights, { stride, padding, outputPadding, ...(hasBias && { bias }) });
      },
      reference: ([small, weights, bias]) => {
        const picture = biased(x, bias);
        for (const at of terms) picture[at.x] += small.data[at.y] * weights.data[at.w];
        return picture;
      },
      tolerance: TOLERANCE.reduction,
    };
  });
}

export function conv2dWeightsCases(): OperationCase[] {
  const large: Geometry = { x: [5, 9, 18, 1], w: [2, 1, 1], stride: [1, 1], padding: [1, 0] };
  return [...geometries, large].map((geometry) => {
    const { x, w, stride, padding } = geometry;
    const terms = products(geometry);
    return {
      name: `of ${name(geometry)}`,
      shapes: [x, convolvedShape(geometry)],
      build: ([picture, y]) =>
        picture.graph.apply(operations.conv2dWeights, [picture, y], { stride, padding, kernelSize: [w[0], w[1]] })[0],
      reference: ([picture, y]) => {
        const weights = new Float64Array(w[0] * w[1] * x[3] * w[2]);
        for (const at of terms) weights[at.w] += picture.data[at.x] * y.data[at.y];
        return weights;
      },
      tolerance: TOLERANCE.reduction,
      // Central differences of the large one would take a thousand passes over its pixels.
      differentiable: geometry !== large,
    };
  });
}
