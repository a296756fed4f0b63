import { Arena, batchNormLayer, linearLayer, reshape, type Tensor, unary } from '@chipsmith/kernels';
import { z } from 'zod';
import { bitmapExamples, CELLS } from '../bitmap/examples.ts';
import { bitmapModel } from '../bitmap/model.ts';
import type { BitmapNetwork } from '../bitmap/network.ts';
import type { ModelDefinition } from '../model.ts';
import { optimiserSettings } from '../training/optimiser.ts';

const BARS = 16;
const CELLS_OF_BAR = CELLS / BARS;

const size = z.int().min(1).max(8192);
const settings = z.strictObject({
  barUnits: size.default(1024).describe('units of the hidden layer of a bar'),
  barCode: size.default(128).describe('numbers that stand for a bar'),
  songUnits: size.default(512).describe('units of the hidden layer of a song'),
  code: size.default(128).describe('numbers that stand for a song'),
  optimiser: optimiserSettings({ algorithm: 'rmsprop', learningRate: 0.001 }),
});

type BitmapAutoencoderSettings = z.infer<typeof settings>;

/** The autoencoder of rotifyld/music-generation: one layer for all bars, fully connected within each. */
export const bitmapAutoencoder: ModelDefinition<BitmapAutoencoderSettings> = {
  name: 'bitmap-autoencoder',
  summary: 'an autoencoder of where notes start in 16 bars, fully connected',
  encodings: ['onset-bitmap'],
  settings,
  training: { batch: 32, length: 1 },
  lossUnit: 'nats a piece',
  units: 'pieces',
  examples: (_, encoding) => bitmapExamples(encoding),
  create: (chosen, encoding) => bitmapModel(connectedNetwork(chosen), encoding),
};

function connectedNetwork({ barUnits, barCode, songUnits, code }: BitmapAutoencoderSettings): BitmapNetwork {
  const parameters = new Arena('parameters', 'parameters');
  const statistics = new Arena('statistics', 'parameters');
  const linear = (name: string, inputs: number, outputs: number) => linearLayer(parameters, name, inputs, outputs);
  const norm = (name: string, features: number) => batchNormLayer(parameters, statistics, name, features);
  const encoder = {
    bar: linear('encoder/bar', CELLS_OF_BAR, barUnits),
    barCode: linear('encoder/bar-code', barUnits, barCode),
    song: linear('encoder/song', BARS * barCode, songUnits),
    code: linear('encoder/code', songUnits, code),
    norm: norm('encoder/norm', code),
  };
  const decoder = {
    song: linear('decoder/song', code, songUnits),
    songNorm: norm('decoder/song-norm', songUnits),
    barCodes: linear('decoder/bar-codes', songUnits, BARS * barCode),
    barCodeNorm: norm('decoder/bar-code-norm', barCode),
    bar: linear('decoder/bar', barCode, barUnits),
    barNorm: norm('decoder/bar-norm', barUnits),
    cells: linear('decoder/cells', barUnits, CELLS_OF_BAR),
  };
  const relu = (x: Tensor) => unary('relu', x);
  return {
    parameters,
    statistics,
    code,
    encode(bitmap, training) {
      const [batch] = bitmap.shape;
      // A row for each bar.
      const bars = reshape(bitmap, [batch * BARS, CELLS_OF_BAR]);
      const barCodes = relu(encoder.barCode.apply(relu(encoder.bar.apply(bars))));
      const song = relu(encoder.song.apply(reshape(barCodes, [batch, BARS * barCode])));
      return encoder.norm.apply(encoder.code.apply(song), { training });
    },
    decode(z, training) {
      const [batch] = z.shape;
      const song = relu(decoder.songNorm.apply(decoder.song.apply(z), { training }));
      const barCodes = reshape(decoder.barCodes.apply(song), [batch * BARS, barCode]);
      const bars = decoder.bar.apply(relu(decoder.barCodeNorm.apply(barCodes, { training })));
      return reshape(decoder.cells.apply(relu(decoder.barNorm.apply(bars, { training }))), [batch, CELLS]);
    },
  };
}
