import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApuError, writeWav } from '../src/index.ts';

/** A reader of its own: walks the chunks and gives the samples scaled to -1..1. */
function readWav(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const name = (at: number) => String.fromCharCode(...file.subarray(at, at + 4));
  expect([name(0), name(8), view.getUint32(4, true)]).toEqual(['RIFF', 'WAVE', file.length - 8]);
  const chunks = new Map<string, DataView>();
  for (let at = 12; at < file.length; ) {
    const size = view.getUint32(at + 4, true);
    chunks.set(name(at), new DataView(file.buffer, at + 8, size));
    at += 8 + size + (size % 2);
  }
  const [format, data] = [chunks.get('fmt '), chunks.get('data')];
  if (format === undefined || data === undefined) throw new Error('a chunk is missing');
  const bytes = format.getUint16(12, true);
  const samples = Array.from({ length: data.byteLength / bytes }, (_, i) => {
    if (bytes === 2) return data.getInt16(2 * i, true) / 32_767;
    if (bytes === 4) return data.getFloat32(4 * i, true);
    return ((data.getInt8(3 * i + 2) << 16) | data.getUint16(3 * i, true)) / 8_388_607;
  });
  return {
    tag: format.getUint16(0, true),
    channels: format.getUint16(2, true),
    rate: format.getUint32(4, true),
    byteRate: format.getUint32(8, true),
    bits: format.getUint16(14, true),
    samples,
  };
}

const floats = fc.float32Array({ min: -1, max: 1, noNaN: true, maxLength: 50 });

describe('WAV', () => {
  it.each([
    [16, 1, 0.5 / 32_767],
    [24, 1, 0.5 / 8_388_607],
    [32, 3, 0],
  ] as const)('%i bits: format %i, read back within half a step', (bits, tag, tolerance) => {
    fc.assert(
      fc.property(floats, fc.constantFrom(8000, 44_100, 48_000), (samples, rate) => {
        const wav = readWav(writeWav(samples, rate, { bits }));
        expect(wav).toMatchObject({ tag, channels: 1, rate, byteRate: (rate * bits) / 8, bits });
        expect(wav.samples).toHaveLength(samples.length);
        wav.samples.forEach((sample, i) => {
          expect(Math.abs(sample - samples[i])).toBeLessThanOrEqual(tolerance * 1.0001);
        });
      }),
      { seed: 50 },
    );
  });

  it('is 16 bits by default', () => {
    expect(readWav(writeWav(Float32Array.of(1, -1, 0), 48_000))).toMatchObject({ bits: 16, samples: [1, -1, 0] });
  });

  it('refuses what it cannot hold', () => {
    expect(() => writeWav(Float32Array.of(0, Number.NaN), 48_000)).toThrow(/sample 1 is NaN/);
    expect(() => writeWav(Float32Array.of(0, 1.5), 48_000)).toThrow(/sample 1 is 1.5, outside -1..1/);
    expect(() => writeWav(Float32Array.of(0), 0)).toThrow(ApuError);
    expect(() => writeWav(Float32Array.of(0), 44_100.5)).toThrow(ApuError);
    expect(readWav(writeWav(Float32Array.of(1.5), 48_000, { bits: 32 })).samples).toEqual([1.5]);
  });
});
