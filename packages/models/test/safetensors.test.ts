import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from '../src/checkpoint/safetensors.ts';
import { ModelError } from '../src/index.ts';

/** A file of the format, put together by hand. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const arbitraryFile: fc.Arbitrary<SafetensorsFile> = fc.record({
  metadata: fc.dictionary(fc.string(), fc.string({ unit: 'binary' }), { maxKeys: 3 }),
  tensors: fc.uniqueArray(
    fc
      .tuple(
        fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
        fc.array(fc.nat(4), { maxLength: 3 }),
      )
      .chain(([name, shape]) => {
        const length = shape.reduce((product, size) => product * size, 1);
        return fc.float32Array({ minLength: length, maxLength: length }).map((data) => ({
          name,
          shape,
          data: Float32Array.from(data),
        }));
      }),
    { selector: ({ name }) => name, maxLength: 5 },
  ),
});

const sample: SafetensorsFile = {
  metadata: { chipsmith: '{"a":1}' },
  tensors: [
    { name: 'weights', shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, Number.NaN, 1e-30) },
    { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
    { name: 'scalar', shape: [], data: Float32Array.of(7) },
  ],
};

describe('safetensors', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(arbitraryFile, (file) => {
        const read = readSafetensors(writeSafetensors(file), 'file');
        expect({ ...read.metadata }).toEqual({ ...file.metadata });
        const byName = new Map(read.tensors.map((tensor) => [tensor.name, tensor]));
        expect(byName.size).toBe(file.tensors.length);
        for (const tensor of file.tensors) expect(byName.get(tensor.name)).toEqual(tensor);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('have the layout of the format: length, JSON padded with spaces to 8 bytes, then little-endian values', () => {
    const bytes = writeSafetensors(sample);
    const view = new DataView(bytes.buffer);
    const length = Number(view.getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(text).toMatch(/^\{.*\} {0,7}$/);
    expect(JSON.parse(text)).toEqual({
      __metadata__: { chipsmith: '{"a":1}' },
      weights: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      empty: { dtype: 'F32', shape: [0, 4], data_offsets: [24, 24] },
      scalar: { dtype: 'F32', shape: [], data_offsets: [24, 28] },
    });
    expect(bytes.length).toBe(8 + length + 28);
    expect(view.getFloat32(8 + length + 8, true)).toBe(3.5);
    // 1.0 is 0x3f800000.
    expect([...bytes.subarray(8 + length, 12 + length)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it('of other writers are read: no padding, no metadata, any order, data at odd bytes, a view into a larger buffer', () => {
    const header = `{"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`;
    const file = fileOf(header, 12);
    const start = 8 + header.length;
    const view = new DataView(file.buffer);
    for (const index of [0, 1, 2]) view.setFloat32(start + 4 * index, index + 0.5, true);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    const { metadata, tensors } = readSafetensors(shifted.subarray(3), 'file');
    expect(metadata).toEqual({});
    expect(tensors).toEqual([
      { name: 'a', shape: [2], data: Float32Array.of(0.5, 1.5) },
      { name: 'b', shape: [1], data: Float32Array.of(2.5) },
    ]);
  });

  it('cut anywhere are refused', () => {
    const bytes = writeSafetensors(sample);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSafetensors(bytes.subarray(0, length), 'file'), `${length} bytes`).toThrow(ModelError);
    }
  });

  const tensor = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') => ({
    dtype,
    shape,
    data_offsets: offsets,
  });
  it.each([
    ['overlapping ranges', fileOf({ a: tensor([2], [0, 8]), b: tensor([2], [4, 12]) }, 12), 'overlaps another'],
    ['one range twice', fileOf({ a: tensor([2], [0, 8]), b: tensor([2], [0, 8]) }, 8), 'overlaps another'],
    ['a hole', fileOf({ a: tensor([1], [0, 4]), b: tensor([1], [8, 12]) }, 12), 'leaves a hole'],
    ['bytes before the first tensor', fileOf({ a: tensor([1], [4, 8]) }, 8), 'leaves a hole'],
    ['bytes after the last tensor', fileOf({ a: tensor([1], [0, 4]) }, 9), '5 bytes from byte'],
    ['a range beyond the end', fileOf({ a: tensor([4], [0, 16]) }, 12), 'cut short'],
    ['a range that runs backwards', fileOf({ a: tensor([1], [4, 0]) }, 4), 'does not fit its shape'],
    ['a negative range', fileOf({ a: tensor([1], [-4, 0]) }, 4), 'is not described'],
    ['a shape too large for memory', fileOf({ a: tensor([2 ** 40, 2 ** 40], [0, 4]) }, 4), 'does not fit its shape'],
    [
      'a shape of infinity times nothing',
      fileOf({ a: tensor([...new Array(30).fill(2 ** 52), 0], [0, 0]) }, 0),
      'shape',
    ],
    ['half a row', fileOf({ a: tensor([0.5], [0, 2]) }, 2), 'is not described'],
    ['another data type', fileOf({ a: tensor([1], [0, 2], 'F16') }, 2), 'only F32 is read'],
    ['no shape', fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), 'is not described'],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }, 0), '__metadata__'],
    ['a header larger than that of any checkpoint', fileOf(' '.repeat(2 ** 24 + 1), 0), 'is larger than'],
    ['a header that is a list', fileOf([], 0), 'not a JSON object'],
    ['a header that is not JSON', fileOf('{"a":', 0), 'not a JSON object'],
    ['a header nested very deeply', fileOf('['.repeat(100_000), 0), 'not a JSON object'],
    ['an empty file', new Uint8Array(0), 'only 0 bytes'],
    ['a header of 2^64 - 1 bytes', new Uint8Array(64).fill(0xff, 0, 8), 'does not fit'],
    ['a header one byte too long', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d), 'does not fit'],
  ])('with %s are refused in one line', (_, bytes, why) => {
    let message = '';
    try {
      readSafetensors(bytes, 'my.safetensors');
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
      message = error instanceof ModelError ? error.message : '';
    }
    expect(message).toMatch(/^my\.safetensors: .+; it is damaged or not a checkpoint, use another one\.$/);
    expect(message).toContain(why);
  });
});
