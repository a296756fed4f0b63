import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readTar } from '../src/dataset/tar.ts';
import { DataError, Random } from '../src/index.ts';
import { tarOf } from './support/archives.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const entries = [
  { path: 'a.mid', bytes: bytesOf('one'.repeat(500)) },
  { path: 'b.mid', bytes: bytesOf('two') },
];

/** Reads an archive that comes in pieces of 1000 bytes; what went wrong. */
async function faultOf(bytes: Uint8Array, compression: 'gzip' | 'plain'): Promise<unknown> {
  const archive = {
    name: 'x.tar',
    async *chunks() {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
  };
  const visitor = { file: () => undefined, refuse: () => undefined, progress: () => undefined };
  const error = await readTar(archive, visitor, compression).catch((error: unknown) => error);
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
      /^x\.tar, byte 6000: damaged archive \(incorrect data check\)/,
    );
    expect(await faultOf(packed.subarray(0, 60), 'gzip')).toMatch(/^x\.tar, byte 60: damaged archive \(unexpected end/);
  });

  it('refuses what is packed twice', async () => {
    expect(await faultOf(gzipSync(gzipSync(tar)), 'gzip')).toMatch(/^x\.tar, unpacked, byte 0: it is packed twice/);
  });
});
