import { ONSET_BITMAP_SHAPE, onsetBitmapOf } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { compose, evaluateCheckpoint } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { learntTunes, valuesOf } from './support/learnt.ts';

const device = await testDevice();
const cellsOf = (events: Uint16Array) => events.filter((event) => event > 0).length;
const onsetsOf = (events: Uint16Array) => events.filter((event, index) => event > 0 && !events[index - 1]).length;
const stepsOf = (events: Uint16Array) => events.filter((event) => event === 0).length;
/** Share of the notes of a piece that another one has in the same places. */
const sharedCells = (piece: Uint16Array, other: Uint16Array) => {
  const there = onsetBitmapOf(other);
  return onsetBitmapOf(piece).reduce((sum, cell, index) => sum + cell * there[index], 0) / cellsOf(piece);
};

describe.each([
  ['bitmap-autoencoder', { barUnits: 24, barCode: 12, songUnits: 24, code: 6 }],
  ['convolutional-autoencoder', { channels: 6, code: 6 }],
])('%s', (name, settings) => {
  it('gives learnt pieces back, and varies and joins them, with as many notes as they have', async () => {
    const { encoding, sequences, checkpoint } = await learntTunes(device, name, settings, { steps: 120, length: 1 });
    const [first, second] = sequences.map((sequence) => sequence.read());
    const options = { encoding, length: 1000 };
    const pieces = [first, second].map((events, seed) => ({ events, seed }));
    const back = await compose(device, checkpoint, 'reconstruct', pieces, options);
    for (const [index, { events }] of back.entries()) {
      expect(cellsOf(events)).toBe(cellsOf(pieces[index].events));
      const { events: otherBack } = back[1 - index];
      expect(sharedCells(pieces[index].events, events)).toBeGreaterThan(
        1.2 * sharedCells(pieces[index].events, otherBack),
      );
    }

    // The likeliest of its notes lie where they lie among all, whether or not the first one is of them; in steps with
    // several notes, rounding counts.
    const few = await compose(device, checkpoint, 'reconstruct', pieces, { ...options, settings: { density: 0.1 } });
    for (const [index, { events }] of few.entries())
      expect(sharedCells(events, back[index].events)).toBeGreaterThan(0.8);
    // Whole bars: what rests at the end is not cut off.
    for (const { events } of [...back, ...few]) expect(stepsOf(events) % ONSET_BITMAP_SHAPE.stepsPerBar).toBe(0);

    const still = { ...options, settings: { distance: 0 } };
    expect(await compose(device, checkpoint, 'vary', pieces, still)).toEqual(back);
    const [varied, other] = await compose(
      device,
      checkpoint,
      'vary',
      [1, 2].map((seed) => ({ events: first, seed })),
      { ...options, settings: { distance: 1 } },
    );
    expect(varied.events).not.toEqual(other.events);

    const ends: [Uint16Array, Uint16Array] = [first, second];
    const shares = [0, 0.5, 1].map((share) => ({ ends, share, seed: 1 }));
    const [from, between, to] = await compose(device, checkpoint, 'interpolate', shares, options);
    expect([from, to]).toEqual(back);
    expect(cellsOf(between.events)).toBe(Math.round((cellsOf(first) + cellsOf(second)) / 2));

    const [sampled, denser] = await Promise.all([
      compose(device, checkpoint, 'sample', [{ seed: 1 }], options),
      compose(device, checkpoint, 'sample', [{ seed: 1 }], { ...options, settings: { density: 2 } }),
    ]);
    const { notesOfPiece, onsetsOfPiece } = checkpoint.metadata.facts;
    expect(notesOfPiece).toBe((cellsOf(first) + cellsOf(second)) / 2);
    expect(onsetsOf(sampled[0].events)).toBe(Math.round(onsetsOfPiece));
    expect(onsetsOf(back[0].events)).toBe(onsetsOf(first));
    expect(cellsOf(sampled[0].events)).toBe(Math.round(notesOfPiece));
    expect(cellsOf(denser[0].events)).toBe(Math.round(2 * notesOfPiece));
  });
});

describe('the loss', () => {
  const steps = { steps: 10, length: 1 };

  it('is that of a plain float64 network, fully connected; empty lanes weigh nothing', async () => {
    const settings = { barUnits: 7, barCode: 5, songUnits: 6, code: 4 };
    const { sequences, checkpoint } = await learntTunes(device, 'bitmap-autoencoder', settings, steps);
    const values = valuesOf(checkpoint);
    const layer = (x: Float64Array, layerName: string) =>
      dense(x, values(`${layerName}/kernel`), values(`${layerName}/bias`));
    const norm = (x: Float64Array, layerName: string) => normalised(x, layerName, values);
    const expected = sequences.map((sequence) => {
      const bitmap = Float64Array.from(onsetBitmapOf(sequence.read()));
      const barCodes = relu(layer(relu(layer(bitmap, 'encoder/bar')), 'encoder/bar-code'));
      const code = norm(layer(relu(layer(barCodes, 'encoder/song')), 'encoder/code'), 'encoder/norm');
      const song = relu(norm(layer(code, 'decoder/song'), 'decoder/song-norm'));
      const bars = relu(norm(layer(song, 'decoder/bar-codes'), 'decoder/bar-code-norm'));
      const cells = layer(relu(norm(layer(bars, 'decoder/bar'), 'decoder/bar-norm')), 'decoder/cells');
      return crossEntropy(cells, bitmap);
    });
    const { loss, weight } = await evaluateCheckpoint(device, checkpoint, sequences);
    expect(weight).toBe(2);
    expect(loss / ((expected[0] + expected[1]) / 2)).toBeCloseTo(1, 4);
  });

  it('is that of a plain float64 network, of convolutions', async () => {
    const settings = { channels: 2, code: 3 };
    const { sequences, checkpoint } = await learntTunes(device, 'convolutional-autoencoder', settings, steps);
    const values = valuesOf(checkpoint);
    const norm = (x: Float64Array, layerName: string) => normalised(x, layerName, values);
    const shapes: Shape[] = [
      { from: [768, 88, 1], to: [256, 22, 2], size: [5, 6], stride: [3, 4], padding: [1, 1] },
      { from: [256, 22, 2], to: [64, 11, 4], size: [6, 4], stride: [4, 2], padding: [1, 1] },
      { from: [64, 11, 4], to: [16, 1, 8], size: [6, 11], stride: [4, 1], padding: [1, 0] },
    ];
    const expected = sequences.map((sequence) => {
      const bitmap = Float64Array.from(onsetBitmapOf(sequence.read()));
      let x: Float64Array = bitmap;
      for (const [index, shape] of shapes.entries()) {
        x = relu(norm(convolve(x, values(`encoder/${index}/kernel`), shape, false), `encoder/${index}/norm`));
      }
      const code = dense(x, values('encoder/code/kernel'), values('encoder/code/bias'));
      const bars = dense(norm(code, 'encoder/code/norm'), values('decoder/bars/kernel'), values('decoder/bars/bias'));
      x = relu(norm(bars, 'decoder/bars/norm'));
      for (const [index, shape] of shapes.slice(1).reverse().entries()) {
        x = relu(norm(convolve(x, values(`decoder/${index}/kernel`), shape, true), `decoder/${index}/norm`));
      }
      const bias = values('decoder/pitches');
      return crossEntropy(
        convolve(x, values('decoder/2/kernel'), shapes[0], true).map((cell, index) => cell + bias[index % 88]),
        bitmap,
      );
    });
    const { loss } = await evaluateCheckpoint(device, checkpoint, sequences);
    expect(loss / ((expected[0] + expected[1]) / 2)).toBeCloseTo(1, 4);
  });

  it('has counting as baselines, below an even chance by far: of starts, and of starts a quarter after a start', async () => {
    const { sequences, checkpoint } = await learntTunes(
      device,
      'convolutional-autoencoder',
      { channels: 1, code: 1 },
      { steps: 1, length: 1 },
    );
    const { unigram, bigram } = checkpoint.model.examples.baselines?.(sequences, sequences) ?? {};
    expect(bigram).toBeGreaterThan(100);
    expect(unigram).toBeGreaterThan(bigram);
    expect(unigram).toBeLessThan(0.1 * 768 * 88 * Math.LN2);
  });
});

function relu(x: Float64Array): Float64Array {
  return x.map((value) => Math.max(0, value));
}

/** Rows of a matrix's height through it. */
function dense(x: Float64Array, kernel: Float32Array, bias: Float32Array): Float64Array {
  const [inputs, outputs] = [kernel.length / bias.length, bias.length];
  const y = new Float64Array((x.length / inputs) * outputs);
  for (let cell = 0; cell < y.length; cell++) {
    const [row, column] = [Math.floor(cell / outputs), cell % outputs];
    y[cell] = bias[column];
    for (let input = 0; input < inputs; input++) y[cell] += x[row * inputs + input] * kernel[input * outputs + column];
  }
  return y;
}

/** Batch norm by the running statistics. */
function normalised(x: Float64Array, name: string, values: (name: string) => Float32Array): Float64Array {
  const [scale, shift, mean, variance] = ['scale', 'shift', 'mean', 'variance'].map((each) =>
    values(`${name}/${each}`),
  );
  return x.map((value, index) => {
    const channel = index % scale.length;
    return ((value - mean[channel]) / Math.sqrt(variance[channel] + 1e-5)) * scale[channel] + shift[channel];
  });
}

interface Shape {
  /** Height, width and channels: of the larger picture, then of the smaller. */
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  readonly size: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** A convolution from the larger picture to the smaller, or transposed, back. */
function convolve(
  x: Float64Array,
  kernel: Float32Array,
  { from, to, size, stride, padding }: Shape,
  transposed: boolean,
) {
  const y = new Float64Array((transposed ? from : to).reduce((product, side) => product * side));
  const [height, width, outer] = from;
  const [rows, columns, inner] = to;
  for (let v = 0; v < rows; v++) {
    for (let u = 0; u < columns; u++) {
      for (let i = 0; i < size[0]; i++) {
        for (let j = 0; j < size[1]; j++) {
          const [row, column] = [v * stride[0] + i - padding[0], u * stride[1] + j - padding[1]];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          for (let c = 0; c < outer; c++) {
            for (let o = 0; o < inner; o++) {
              const [large, small] = [(row * width + column) * outer + c, (v * columns + u) * inner + o];
              const weight = kernel[((i * size[1] + j) * outer + c) * inner + o];
              if (transposed) y[large] += weight * x[small];
              else y[small] += weight * x[large];
            }
          }
        }
      }
    }
  }
  return y;
}

function crossEntropy(logits: Float64Array, targets: Float64Array): number {
  return logits.reduce(
    (sum, x, cell) => sum + Math.max(x, 0) - x * targets[cell] + Math.log1p(Math.exp(-Math.abs(x))),
    0,
  );
}
