import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { DataError, Random } from '../src/index.ts';
import { archiveInMemory } from '../src/node/archives/archive-file.ts';
import { Budget } from '../src/node/archives/budget.ts';
import { readTar } from '../src/node/archives/tar.ts';
import { readZip } from '../src/node/archives/zip.ts';
import { tarOf } from './support/archives.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const entries = [
  { path: 'a.mid', bytes: bytesOf('one'.repeat(500)) },
  { path: 'b.mid', bytes: bytesOf('two') },
];

/** What went wrong with a tar archive. */
async function faultOf(bytes: Uint8Array, compression: 'gzip' | 'plain'): Promise<unknown> {
  const read = async () => {
    for await (const file of readTar(archiveInMemory('x.tar', bytes), compression, new Budget(bytes.length))) void file;
  };
  const error = await read().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DataError);
  return error instanceof Error ? error.message : error;
}

const damaged = (bytes: Uint8Array, at: number) =>
  Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 0xff : byte)));

describe('readTar on damage', () => {
  /** The header of the second entry, after a header and three blocks of content. */
  const second = 4 * 512;
  const tar = tarOf(entries);

  it('names the block', async () => {
    expect(await faultOf(damaged(tar, second + 100), 'plain')).toMatch(
      new RegExp(`^x\\.tar, byte ${second}: damaged tar archive \\(.+\\); check the archive`),
    );
    expect(await faultOf(tar.subarray(0, second + 100), 'plain')).toMatch(new RegExp(`byte ${second}: `));
  });

  it('names the block of the unpacked bytes, or the byte of a damaged packing', async () => {
    expect(await faultOf(gzipSync(damaged(tar, second + 100)), 'gzip')).toMatch(
      new RegExp(`^x\\.tar, unpacked, byte ${second}: damaged tar archive`),
    );
    const random = new Random(1);
    const noise = Uint8Array.from({ length: 6000 }, () => random.nextInteger(256));
    const packed = gzipSync(tarOf([{ path: 'noise.mid', bytes: noise }]));
    expect(await faultOf(damaged(packed, packed.length - 6), 'gzip')).toMatch(
      /^x\.tar, byte \d+: damaged archive \(damaged gzip file: its content does not match its checksum/,
    );
    expect(await faultOf(packed.subarray(0, 60), 'gzip')).toMatch(
      /^x\.tar, byte 60: damaged archive \(the gzip file is cut short\)/,
    );
  });

  it('refuses what is packed twice', async () => {
    expect(await faultOf(gzipSync(gzipSync(tar)), 'gzip')).toMatch(/^x\.tar, unpacked, byte 0: it is packed twice/);
  });
});

describe('readZip', () => {
  const stored = Buffer.from(zipSync({ 'a.mid': bytesOf('first'), 'b.mid': bytesOf('second') }, { level: 0 }));
  const packed = Buffer.from(zipSync({ 'a.mid': bytesOf('first '.repeat(50)), 'b.mid': bytesOf('second') }));
  const secondHeader = stored.indexOf('PK\x03\x04', 10, 'latin1');
  const directory = stored.indexOf('PK\x01\x02', 0, 'latin1');
  const end = stored.length - 22;

  /** Files and refusals by path, or the message of the error that ended reading. */
  async function read(bytes: Buffer): Promise<Record<string, string> | string> {
    const found: Record<string, string> = {};
    try {
      for await (const file of readZip(archiveInMemory('x.zip', bytes), new Budget(bytes.length))) {
        found[file.path] = 'bytes' in file ? new TextDecoder().decode(file.bytes) : file.reason;
      }
      return found;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return error.message;
    }
  }

  it('holds each file to its checksum, and reads the others', async () => {
    expect(await read(damaged(stored, secondHeader + 36))).toEqual({
      'a.mid': 'first',
      'b.mid': `archive, byte ${secondHeader + 35}: the entry does not match its checksum`,
    });
    expect(await read(damaged(packed, 40))).toEqual({
      'a.mid': expect.stringMatching(/^archive, byte 35: the entry /),
      'b.mid': 'second',
    });
    expect(await read(damaged(stored, secondHeader))).toEqual({
      'a.mid': 'first',
      'b.mid': `archive, byte ${secondHeader}: no entry begins here`,
    });
  });

  it('says which byte of the directory is damaged, or that there is none', async () => {
    expect(await read(damaged(stored, directory))).toBe(
      `x.zip, byte ${directory}: its directory ends after 0 of 2 entries; check the archive, or download it again`,
    );
    expect(await read(stored.subarray(0, end + 10))).toMatch(
      new RegExp(`^x\\.zip, byte ${end + 10}: the archive is cut short`),
    );
    expect(await read(damaged(stored, end + 19))).toMatch(/^x\.zip, byte \d+: the archive is cut short/);
  });

  it('finds the end of an archive whose comment has the letters of one', async () => {
    const comment = bytesOf('a comment with PK\x05\x06 in it');
    const commented = Buffer.concat([stored, comment]);
    commented.writeUInt16LE(comment.length, end + 20);
    expect(await read(commented)).toEqual({ 'a.mid': 'first', 'b.mid': 'second' });
  });

  it('reads names in the encoding of the computer that packed them', async () => {
    // Each of two bytes in Shift-JIS; the second of the third character is the one of a backslash.
    for (const [bytes, name] of [
      [[0x83, 0x7d, 0x83, 0x8a, 0x95, 0x5c], 'マリ表.mid'],
      [[0x63, 0x61, 0x66, 0xe9, 0x61, 0x61], 'caféaa.mid'],
      [[0x63, 0x61, 0x66, 0xc3, 0xa9, 0x61], 'caféa.mid'],
    ] as const) {
      const archive = Buffer.from(zipSync({ '123456.mid': bytesOf('content') }));
      for (let at = archive.indexOf('123456'); at >= 0; at = archive.indexOf('123456', at)) archive.set(bytes, at);
      expect(await read(archive)).toEqual({ [name]: 'content' });
    }
  });

  it('refuses what is encrypted or packed in another way', async () => {
    const changed = Buffer.from(stored);
    changed[directory + 8] |= 1;
    changed[stored.lastIndexOf('PK\x01\x02', undefined, 'latin1') + 10] = 12;
    expect(await read(changed)).toEqual({
      'a.mid': 'encrypted',
      'b.mid': 'packed by method 12, which is not supported',
    });
  });

  it('follows the records of large archives', async () => {
    const record = Buffer.alloc(56 + 20);
    record.writeUInt32LE(0x06064b50, 0);
    record.writeBigUInt64LE(2n, 32);
    record.writeBigUInt64LE(BigInt(end - directory), 40);
    record.writeBigUInt64LE(BigInt(directory), 48);
    record.writeUInt32LE(0x07064b50, 56);
    record.writeBigUInt64LE(BigInt(end), 56 + 8);
    const ending = Buffer.from(stored.subarray(end)).fill(0xff, 8, 20);
    expect(await read(Buffer.concat([stored.subarray(0, end), record, ending]))).toEqual({
      'a.mid': 'first',
      'b.mid': 'second',
    });
    record[0] = 0;
    expect(await read(Buffer.concat([stored.subarray(0, end), record, ending]))).toMatch(
      new RegExp(`byte ${end}: its Zip64 record is not there`),
    );
  });
});
