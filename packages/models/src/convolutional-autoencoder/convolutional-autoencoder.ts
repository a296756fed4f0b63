import { ONSET_BITMAP_SHAPE } from '@chipsmith/data';
import {
  Arena,
  add,
  batchNormLayer,
  convolutionLayer,
  filled,
  linearLayer,
  reshape,
  type Size2d,
  type Tensor,
  transposedConvolutionLayer,
  unary,
} from '@chipsmith/kernels';
import { z } from 'zod';
import { bitmapExamples, CELLS } from '../bitmap/examples.ts';
import { bitmapModel } from '../bitmap/model.ts';
import type { BitmapNetwork } from '../bitmap/network.ts';
import type { ModelDefinition } from '../model.ts';
import { optimiserSettings } from '../training/optimiser.ts';

const { steps, pitches } = ONSET_BITMAP_SHAPE;
/**
 * What the convolutions make of 768 steps x 88 pitches: 256 x 22, 64 x 11, and 16 bars x 1. Kernels are (steps,
 * pitches).
 */
const FIRST: Shrinking = { size: [5, 6], stride: [3, 4], padding: [1, 1] };
const SECOND: Shrinking = { size: [6, 4], stride: [4, 2], padding: [1, 1] };
const THIRD: Shrinking = { size: [6, 11], stride: [4, 1], padding: [1, 0] };
const BARS = 16;

interface Shrinking {
  readonly size: Size2d;
  readonly stride: Size2d;
  readonly padding: Size2d;
}

const settings = z.strictObject({
  channels: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('channels of the first convolution; the next two have twice and four times as many'),
  code: z.int().min(1).max(8192).default(64).describe('numbers that stand for a song'),
  optimiser: optimiserSettings({ learningRate: 0.005 }),
});

type ConvolutionalAutoencoderSettings = z.infer<typeof settings>;

/** An autoencoder of the same bitmaps as `bitmap-autoencoder`, of convolutions over time and pitch. */
export const convolutionalAutoencoder: ModelDefinition<ConvolutionalAutoencoderSettings> = {
  name: 'convolutional-autoencoder',
  summary: 'an autoencoder of where notes start in 16 bars, of convolutions over time and pitch',
  encodings: ['onset-bitmap'],
  settings,
  training: { batch: 16, length: 1 },
  lossUnit: 'nats a piece',
  units: 'pieces',
  examples: (_, encoding) => bitmapExamples(encoding),
  create: (chosen, encoding) => bitmapModel(convolutionalNetwork(chosen), encoding),
};

function convolutionalNetwork({ channels, code }: ConvolutionalAutoencoderSettings): BitmapNetwork {
  const parameters = new Arena('parameters', 'parameters');
  const statistics = new Arena('statistics', 'parameters');
  const [few, more, most] = [channels, 2 * channels, 4 * channels];
  const normalised = (name: string, layer: { apply(x: Tensor): Tensor }, features: number) => {
    const norm = batchNormLayer(parameters, statistics, `${name}/norm`, features);
    return (x: Tensor, training: boolean) => norm.apply(layer.apply(x), { training });
  };
  // Batch norm shifts what they give, so that they need no bias.
  const down = (name: string, inputs: number, outputs: number, shape: Shrinking) =>
    normalised(name, convolutionLayer(parameters, name, inputs, outputs, { ...shape, bias: false }), outputs);
  const up = (name: string, inputs: number, outputs: number, shape: Shrinking) =>
    normalised(name, transposedConvolutionLayer(parameters, name, inputs, outputs, { ...shape, bias: false }), outputs);
  const encoder = {
    convolutions: [
      down('encoder/0', 1, few, FIRST),
      down('encoder/1', few, more, SECOND),
      down('encoder/2', more, most, THIRD),
    ],
    code: normalised('encoder/code', linearLayer(parameters, 'encoder/code', BARS * most, code), code),
  };
  const decoder = {
    bars: linearLayer(parameters, 'decoder/bars', code, BARS * most),
    barNorm: batchNormLayer(parameters, statistics, 'decoder/bars/norm', most),
    convolutions: [up('decoder/0', most, more, THIRD), up('decoder/1', more, few, SECOND)],
    cells: transposedConvolutionLayer(parameters, 'decoder/2', few, 1, { ...FIRST, bias: false }),
    // About one cell in 400 is set: training need not begin by finding that out.
    pitches: parameters.add('decoder/pitches', [pitches], filled(-6)),
  };
  const relu = (x: Tensor) => unary('relu', x);
  return {
    parameters,
    statistics,
    code,
    encode(bitmap, training) {
      const [batch] = bitmap.shape;
      let x = reshape(bitmap, [batch, steps, pitches, 1]);
      for (const convolution of encoder.convolutions) x = relu(convolution(x, training));
      return encoder.code(reshape(x, [batch, BARS * most]), training);
    },
    decode(z, training) {
      const [batch] = z.shape;
      const bars = reshape(decoder.bars.apply(z), [batch, BARS, 1, most]);
      let x = relu(decoder.barNorm.apply(bars, { training }));
      for (const convolution of decoder.convolutions) x = relu(convolution(x, training));
      const cells = reshape(decoder.cells.apply(x), [batch, steps, pitches]);
      return reshape(add(cells, z.graph.variable(decoder.pitches)), [batch, CELLS]);
    },
  };
}
