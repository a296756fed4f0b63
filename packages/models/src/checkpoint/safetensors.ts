import { parseJson } from '@chipsmith/data';
import { ModelError } from '../error.ts';

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

/**
 * The format allows 100 MB. A checkpoint of 65,536 classes has less than 1 MB, and what is larger must not be parsed to
 * find out that it is none of ours.
 */
const MAX_HEADER_BYTES = 2 ** 24;

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/**
 * Writes the safetensors format: a little-endian u64 with the header's length, the header as JSON padded with spaces to
 * a multiple of 8, then the arrays one after the other. https://huggingface.co/docs/safetensors
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

/** A tensor of a file, and where its values lie. */
interface PlacedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes of the file, the end excluded. */
  readonly start: number;
  readonly end: number;
}

/** What the header of a file says, checked against the length of the file. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly PlacedTensor[];
}

/**
 * Bytes from the start of a file up to the end of its header.
 *
 * @param start the first bytes of the file, 8 if it has as many
 * @param length of the whole file
 * @throws ModelError if the file cannot hold such a header
 */
export function headerEnd(start: Uint8Array, length: number, source: string): number {
  if (length < 8) throw damaged(source, `only ${length} bytes long`);
  const headerLength = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (headerLength <= MAX_HEADER_BYTES && 8 + headerLength <= length) return 8 + headerLength;
  const why =
    headerLength > MAX_HEADER_BYTES && 8 + headerLength <= length
      ? 'is larger than that of any checkpoint'
      : `does not fit into ${length} bytes`;
  throw damaged(source, `byte 0: a header of ${headerLength} bytes ${why}`);
}

/**
 * Reads the header, without the values: a damaged or foreign file is known before all of it is in memory.
 *
 * @param start the file up to `headerEnd`, or more
 * @param length of the whole file
 * @throws ModelError if it is not a safetensors header, or its ranges overlap, leave holes or do not end with the file
 */
export function readHeader(start: Uint8Array, length: number, source: string): SafetensorsHeader {
  const fail = (why: string): never => {
    throw damaged(source, why);
  };
  const dataStart = headerEnd(start, length, source);
  const header = parseHeader(start.subarray(8, dataStart)) ?? fail('byte 8: the header is not a JSON object');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isStringRecord(metadata)) return fail('byte 8: __metadata__ holds something else than text');

  const described = Object.entries(entries).map(([name, entry]): [string, HeaderEntry] => {
    return isHeaderEntry(entry) ? [name, entry] : fail(`byte 8: tensor ${name} is not described as the format asks`);
  });
  described.sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  // The format allows neither overlaps nor holes: in the order of their places each tensor starts where the last one
  // ended.
  let position = dataStart;
  const tensors = described.map(([name, { dtype, shape, data_offsets: offsets }]): PlacedTensor => {
    const [start, end] = offsets.map((offset) => dataStart + offset);
    if (dtype !== 'F32') fail(`tensor ${name} is ${dtype}, only F32 is read`);
    const count = shape.reduce((product, size) => product * size, 1);
    if (end - start !== 4 * count) fail(`tensor ${name}: its range does not fit its shape`);
    if (start !== position) fail(`tensor ${name} overlaps another or leaves a hole at byte ${position}`);
    position = end;
    if (end > length) fail(`cut short: tensor ${name} ends at byte ${end} of ${length}`);
    return { name, shape, start, end };
  });
  if (position < length) fail(`the ${length - position} bytes from byte ${position} on belong to no tensor`);
  return { metadata, tensors };
}

/**
 * Reads f32 tensors of a safetensors file.
 *
 * @param source names the file in errors
 * @throws ModelError as `readHeader`
 */
export function readSafetensors(bytes: Uint8Array, source: string): SafetensorsFile {
  const { metadata, tensors } = readHeader(bytes, bytes.length, source);
  return {
    metadata,
    tensors: tensors.map(({ name, shape, start, end }) => {
      // A copy, because a tensor need not start at a multiple of 4 bytes.
      return { name, shape, data: new Float32Array(new Uint8Array(bytes.subarray(start, end)).buffer) };
    }),
  };
}

function damaged(source: string, why: string): ModelError {
  return new ModelError(`${source}: ${why}; it is damaged or not a checkpoint, use another one.`);
}

/** Undefined for bytes that are not a JSON object in UTF-8. */
function parseHeader(bytes: Uint8Array): Record<string, unknown> | undefined {
  // Bytes that are not UTF-8 become U+FFFD, at worst within a name, which then names no tensor of a model.
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
