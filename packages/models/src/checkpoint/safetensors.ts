import { ModelError } from '../error.ts';
import { parseJson } from '../json.ts';

/** A named array of f32 values, row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly NamedTensor[];
}

/** The format's own cap, against headers that claim to be larger than memory. */
const MAX_HEADER_BYTES = 100_000_000;

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/**
 * Writes the safetensors format: a little-endian u64 with the header's length, the header as JSON padded with spaces to a
 * multiple of 8, then the arrays one after the other. https://huggingface.co/docs/safetensors
 */
export function writeSafetensors({ metadata, tensors }: SafetensorsFile): Uint8Array {
  const header: Record<string, HeaderEntry | Readonly<Record<string, string>>> = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + end).fill(0x20, 8, 8 + headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  let position = 8 + headerLength;
  for (const { data } of tensors) {
    // Little-endian as the format asks: every platform with WebGPU is.
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * Reads f32 tensors of a safetensors file.
 *
 * @param source names the file in errors
 * @throws ModelError if the file is cut short, is no safetensors file, or its ranges overlap, leave holes or leave the file
 */
export function readSafetensors(bytes: Uint8Array, source: string): SafetensorsFile {
  const fail = (why: string): never => {
    throw new ModelError(`${source}: ${why}; it is damaged or no checkpoint, use another one.`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) fail(`only ${bytes.length} bytes long`);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || 8 + headerLength > bytes.length) {
    fail(`byte 0: a header of ${headerLength} bytes does not fit into ${bytes.length} bytes`);
  }
  const dataStart = 8 + headerLength;
  const header = parseHeader(bytes.subarray(8, dataStart)) ?? fail('byte 8: the header is no JSON object');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isStringRecord(metadata)) return fail('byte 8: __metadata__ holds something else than text');

  const described = Object.entries(entries).map(([name, entry]): [string, HeaderEntry] => {
    return isHeaderEntry(entry) ? [name, entry] : fail(`byte 8: tensor ${name} is not described as the format asks`);
  });
  described.sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  // The format allows neither overlaps nor holes: in the order of their places each tensor starts where the last one ended.
  let position = dataStart;
  const tensors = described.map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [start, end],
      },
    ]): NamedTensor => {
      const count = shape.reduce((product, size) => product * size, 1);
      if (dtype !== 'F32') fail(`tensor ${name} is ${dtype}, only F32 is read`);
      if (end - start !== 4 * count) fail(`tensor ${name}: its range does not fit its shape`);
      if (dataStart + start !== position) fail(`tensor ${name} overlaps another or leaves a hole at byte ${position}`);
      position = dataStart + end;
      if (position > bytes.length) fail(`cut short: tensor ${name} ends at byte ${position} of ${bytes.length}`);
      // A copy, because a tensor need not start at a multiple of 4 bytes.
      const data = new Float32Array(new Uint8Array(bytes.subarray(position - 4 * count, position)).buffer);
      return { name, shape, data };
    },
  );
  if (position < bytes.length)
    fail(`the ${bytes.length - position} bytes from byte ${position} on belong to no tensor`);
  return { metadata, tensors };
}

/** Undefined for bytes that are no JSON object in UTF-8. */
function parseHeader(bytes: Uint8Array): Record<string, unknown> | undefined {
  // Bytes that are no UTF-8 become U+FFFD, at worst within a name, which then names no tensor of a model.
  const value = parseJson(new TextDecoder().decode(bytes));
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((entry) => typeof entry === 'string');
}

function isHeaderEntry(value: unknown): value is HeaderEntry {
  if (!isRecord(value)) return false;
  const { dtype, shape, data_offsets: offsets } = value;
  const sizes = (list: unknown) => Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);
  return typeof dtype === 'string' && sizes(shape) && sizes(offsets) && Array.isArray(offsets) && offsets.length === 2;
}
