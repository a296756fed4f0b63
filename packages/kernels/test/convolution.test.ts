import { describe, expect, it } from 'vitest';
import {
  conv2d,
  conv2dTranspose,
  type Device,
  elementCount,
  evaluate,
  Graph,
  gradients,
  multiply,
  type Shape,
  sum,
} from '../src/index.ts';
import type { Operation, Variant } from '../src/operation.ts';
import { pixelVariant } from '../src/operations/convolution/pixels.ts';
import { CONVOLUTION_TILES, type ConvolutionTile, convolutionProblem } from '../src/operations/convolution/problem.ts';
import { weightVariant } from '../src/operations/convolution/weights.ts';
import { expectSameBits } from './support/bits.ts';
import { hasTextures, testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();
const textureReaders = [await testDevice(undefined, false, 'storage'), await testDevice(undefined, false, 'sampled')];

/** An operation of one launch of one kernel, which reads pictures and weights from textures where the device does. */
function fixed(name: string, shape: Shape, { kernel, workgroups }: Variant): Operation<object> {
  return {
    name,
    outputs: () => [{ shape, dtype: 'f32' }],
    kernels: ({ inputs, outputs }, { image }) => {
      const operands = inputs.map((input, index) => {
        if (kernel.bindings[index].columns === undefined) return input;
        const row = input.shape[3];
        return image(input, { lines: elementCount(input.shape) / row, row }) ?? input;
      });
      return [{ kernel, workgroups, operands: [...operands, outputs[0]], uniforms: [] }];
    },
    backward: () => [],
  };
}

async function run(on: Device, shape: Shape, variant: Variant, shapes: readonly Shape[]): Promise<Uint32Array> {
  const graph = new Graph();
  const inputs = shapes.map((each, seed) => graph.constant(randomNumbers(elementCount(each), seed), each));
  const [values] = await evaluate(on, graph.apply(fixed('fixed', shape, variant), inputs, {}));
  return new Uint32Array(values.buffer);
}

describe('tiles', () => {
  // 3 x 5 x 7 pixels and 12 or 5 channels leave rows and columns over in every tile.
  it.each([
    { channelsX: 12, channelsY: 4 },
    { channelsX: 5, channelsY: 12 },
    { channelsX: 4, channelsY: 7 },
  ])(
    'of $channelsX to $channelsY channels give the same bits in all three products',
    async ({ channelsX, channelsY }) => {
      const x: Shape = [3, 5, 7, channelsX];
      const w: Shape = [3, 2, channelsX, channelsY];
      const problem = convolutionProblem(x, w, { stride: [2, 1], padding: [1, 0] });
      const y: Shape = [3, ...problem.sizeY, channelsY];
      const products = (on: Device, tile: ConvolutionTile) => [
        () => run(on, y, pixelVariant(problem, tile, false, true), [x, w, [channelsY]]),
        () => run(on, x, pixelVariant(problem, tile, true, true), [y, w, [channelsX]]),
        () => run(on, [2, ...w], weightVariant(problem, tile, 2), [x, y]),
      ];
      for (const [product, channels] of [channelsY, channelsX, channelsY].entries()) {
        const tiles = CONVOLUTION_TILES.filter(({ columns }) => columns === 4 || channels % 4 === 0);
        const expected = await products(device, tiles[0])[product]();
        for (const tile of tiles.slice(1)) {
          const actual = await products(device, tile)[product]();
          expect(actual, `product ${product}, ${tile.rows}x${tile.columns}`).toEqual(expected);
        }
        for (const reader of textureReaders) {
          const actual = await products(reader, tiles[1])[product]();
          expect(actual, `product ${product} from ${reader.textures?.reading} textures`).toEqual(expected);
        }
      }
    },
  );
});

describe('textures', () => {
  it('give the bits of buffers, output and gradients', async () => {
    const shapes = [
      [2, 9, 11, 12],
      [3, 4, 12, 8],
    ];
    const results = () => {
      const graph = new Graph();
      const [x, w] = shapes.map((shape, seed) => graph.constant(randomNumbers(elementCount(shape), seed), shape));
      const y = conv2d(x, w, { stride: [2, 1], padding: [1, 2], bias: graph.constant(randomNumbers(8, 2), [8]) });
      const upstream = graph.constant(randomNumbers(elementCount(y.shape), 3), y.shape);
      return [y, ...gradients(sum(multiply(y, upstream)), [x, w])];
    };
    const expected = await evaluate(device, results());
    for (const reader of textureReaders) {
      expect(hasTextures(results(), reader)).toBe(true);
      for (const [index, actual] of (await evaluate(reader, results())).entries()) {
        expectSameBits(actual, expected[index], `output ${index} from ${reader.textures?.reading} textures`);
      }
    }
  });
});

describe('gradients of weights', () => {
  it('add up many pixels in chains, whose errors do not grow with the picture', async () => {
    const problem = convolutionProblem([1, 256, 256, 1], [1, 1, 1, 1], { stride: [1, 1], padding: [0, 0] });
    const graph = new Graph();
    const [tenths, ones] = [0.1, 1].map((value) =>
      graph.constant(new Float32Array(2 ** 16).fill(value), [1, 256, 256, 1]),
    );
    const operation = fixed('one part', [1, 1, 1, 1], weightVariant(problem, CONVOLUTION_TILES[3], 1));
    const [[total]] = await evaluate(device, graph.apply(operation, [tenths, ones], {}));
    // A plain chain is off by 6e-4.
    expect(Math.abs(total / (2 ** 16 * Math.fround(0.1)) - 1)).toBeLessThan(5e-6);
  });
});

describe('refusals', () => {
  const graph = new Graph();
  const x = graph.input([1, 5, 5, 2]);
  const w = graph.input([3, 3, 2, 4]);
  it.each([
    ['unequal channels', () => conv2d(graph.input([1, 5, 5, 3]), w), 'conv2d: channels 3 and 2 must be equal, got'],
    ['a flat picture', () => conv2d(graph.input([5, 5]), w), 'conv2d: pictures must be (B, H, W, C) and weights'],
    [
      'a kernel too large',
      () => conv2d(graph.input([1, 2, 5, 2]), w),
      'conv2d: the kernel must fit in the padded picture',
    ],
    [
      'a stride of zero',
      () => conv2d(x, w, { stride: 0 }),
      'conv2d: stride must be whole from 1 on and padding from 0 on',
    ],
    ['half a pixel of padding', () => conv2d(x, w, { padding: 0.5 }), 'got 1 x 1 and 0.5 x 0.5.'],
    ['a bias of another size', () => conv2d(x, w, { bias: graph.input([2]) }), 'conv2d: bias must be [4], got [2].'],
    ['integers', () => conv2d(graph.input([1, 5, 5, 2], 'u32'), w), 'conv2d: x must be f32, got u32 [1, 5, 5, 2].'],
    ['unequal channels, transposed', () => conv2dTranspose(x, w), 'conv2dTranspose: channels 2 and 4 must be equal'],
    [
      'an output padding of the stride',
      () => conv2dTranspose(graph.input([1, 2, 2, 4]), w, { stride: 2, outputPadding: [0, 2] }),
      'conv2dTranspose: 0 <= outputPadding 0 x 2 < stride must hold, got [1, 2, 2, 4] and [3, 3, 2, 4].',
    ],
    [
      'a padding that leaves nothing',
      () => conv2dTranspose(graph.input([1, 1, 1, 4]), w, { padding: 2 }),
      'conv2dTranspose: the padding must leave a picture',
    ],
  ])('%s', (_name, build, message) => {
    expect(build).toThrow(message);
  });
});
