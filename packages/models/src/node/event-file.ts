import { appendFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, writeFileAtomic } from '@chipsmith/data/node';
import type { Metrics } from '../training/run-store.ts';

/** How TensorBoard knows its files. */
const PREFIX = 'events.out.tfevents.';

/**
 * The metrics of a run as scalars for TensorBoard, which reads on while records are added. Each record is written in
 * one piece: of one that was cut off, TensorBoard waits for the rest.
 */
export class EventFile {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Starts the one event file of a folder. It has a new name, for TensorBoard goes on in a file where it stood.
   *
   * @param metrics what it begins with
   * @throws DataError if it cannot be written
   */
  static async create(folder: string, metrics: readonly Metrics[]): Promise<EventFile> {
    const seconds = Math.floor(Date.now() / 1000);
    const name = `${PREFIX}${seconds}.chipsmith`;
    const file = new EventFile(join(folder, name));
    const records = [versionRecord(Date.now()), ...metrics.map(scalarsRecord)];
    await writeFileAtomic(file.#path, Buffer.concat(records));
    const earlier = (await readdir(folder)).filter((other) => other.startsWith(PREFIX) && other !== name);
    for (const other of earlier) await rm(join(folder, other), { force: true });
    return file;
  }

  async append(metrics: Metrics): Promise<void> {
    try {
      await appendFile(this.#path, scalarsRecord(metrics));
    } catch (error) {
      throw fileError(this.#path, error);
    }
  }
}

/** The first record of a file. @param time milliseconds since 1970 */
export function versionRecord(time: number): Buffer {
  return record([double(1, time / 1000), bytes(3, Buffer.from('brain.Event:2'))]);
}

/** A record of the scalars of one line of metrics. */
export function scalarsRecord({ step, time, valid = {}, ...training }: Metrics): Buffer {
  const validation = Object.entries(valid).map(([name, value]) => [`valid/${name}`, value] as const);
  const values = [...Object.entries(training), ...validation].map(([name, value]) => {
    const tag = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return bytes(1, Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)]));
  });
  return record([double(1, time / 1000), integer(2, step), bytes(5, Buffer.concat(values))]);
}

/**
 * Fields of a protocol buffer, as event.proto and summary.proto of TensorBoard number them; they begin with number and
 * wire type.
 */
function double(field: number, value: number): Buffer {
  const buffer = Buffer.alloc(9, (field << 3) | 1);
  buffer.writeDoubleLE(value, 1);
  return buffer;
}

function float(field: number, value: number): Buffer {
  const buffer = Buffer.alloc(5, (field << 3) | 5);
  buffer.writeFloatLE(value, 1);
  return buffer;
}

function integer(field: number, value: number): Buffer {
  return Buffer.of(field << 3, ...varint(value));
}

function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of((field << 3) | 2, ...varint(content.length)), content]);
}

/** @param value a whole number of at least 0 */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/**
 * A message in TensorFlow's TFRecord format: length and content, each with its checksum behind it, in little-endian
 * order.
 */
function record(fields: readonly Buffer[]): Buffer {
  const content = Buffer.concat(fields);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(content.length));
  return Buffer.concat([length, maskedChecksum(length), content, maskedChecksum(content)]);
}

/** TFRecord turns checksums round and adds a number, so that one of data that holds checksums is sound too. */
function maskedChecksum(content: Uint8Array): Buffer {
  const sum = crc32c(content);
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE((((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0);
  return buffer;
}

/** Castagnoli's polynomial, of RFC 3720, with its bits turned round. */
const POLYNOMIAL = 0x82f63b78;

/** Checksums of single bytes. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? POLYNOMIAL : 0);
  return sum;
});

/** CRC32C, which `zlib.crc32` is not: it has another polynomial. */
export function crc32c(content: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of content) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}
