import { describe, expect, it } from 'vitest';
import { averagePool2d, evaluate, Graph, gradients, maxPool2d, sum } from '../src/index.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

describe('maxPool2d', () => {
  it.each([1, 4])('gives the gradient to the first of equal maxima, %i channels', async (channels) => {
    const graph = new Graph();
    const x = graph.constant(new Float32Array(9 * channels).fill(-2), [1, 3, 3, channels]);
    // Windows of 2 x 2 at each place overlap: their upper left pixels are the four of the first two rows and columns.
    const [slope] = await evaluate(device, gradients(sum(maxPool2d(x, { size: 2, stride: 1 })), [x]));
    const expected = [1, 1, 0, 1, 1, 0, 0, 0, 0].flatMap((value) => Array.from({ length: channels }, () => value));
    expect(Array.from(slope)).toEqual(expected);
  });
});

describe('refusals', () => {
  const graph = new Graph();
  const x = graph.input([1, 4, 4, 2]);
  const rule = 'size and stride must be whole from 1 on and padding below the size, got';
  it.each([
    [
      'a padding of the size',
      () => maxPool2d(x, { size: 2, padding: [0, 2] }),
      `maxPool2d: ${rule} 2 x 2, 2 x 2, 0 x 2.`,
    ],
    ['a stride of zero', () => averagePool2d(x, { size: 2, stride: 0 }), `averagePool2d: ${rule} 2 x 2, 0 x 0, 0 x 0.`],
    ['half a pixel', () => maxPool2d(x, { size: 1.5 }), `maxPool2d: ${rule} 1.5 x 1.5`],
    [
      'too large a window',
      () => maxPool2d(x, { size: 5 }),
      'maxPool2d: a window of 5 x 5 must fit in the padded picture',
    ],
    [
      'a flat picture',
      () => averagePool2d(graph.input([4, 4]), { size: 2 }),
      'averagePool2d: x must be (B, H, W, C), got',
    ],
    [
      'integers',
      () => maxPool2d(graph.input([1, 4, 4, 2], 'u32'), { size: 2 }),
      'maxPool2d: x must be f32, got u32 [1, 4, 4, 2].',
    ],
  ])('%s', (_name, build, message) => {
    expect(build).toThrow(message);
  });
});

describe.each([1, 4])('maximum over windows of minus infinity, %i channels', (channels) => {
  it('is minus infinity, with the gradient on the first pixel inside the picture', async () => {
    const graph = new Graph();
    const x = graph.constant(new Float32Array(2 * channels).fill(Number.NEGATIVE_INFINITY), [1, 1, 2, channels]);
    const pooled = maxPool2d(x, { size: [1, 3], stride: [1, 2], padding: [0, 1] });
    const [slope] = gradients(sum(pooled), [x]);
    const [actual, actualSlope] = await evaluate(device, [pooled, slope]);
    expect([...actual]).toEqual(Array(channels).fill(Number.NEGATIVE_INFINITY));
    expect([...actualSlope]).toEqual([...Array(channels).fill(1), ...Array(channels).fill(0)]);
  });
});
