import { gzipSync } from 'node:zlib';
import { playScore, writeVgm } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { readSongs } from '../src/dataset/formats.ts';
import { reasonOf } from '../src/index.ts';
import { singleTrack, text } from './support/midi-bytes.ts';
import { tuneSong } from './support/tunes.ts';

const bytesOf = (content: string) => Uint8Array.from(text(content));
const head = 'X:1\nT:t\nM:4/4\nL:1/8\nK:C\n';

/** Files that ask for far more time or memory than any music does. */
const hostile: [name: string, bytes: () => Uint8Array, reason: RegExp][] = [
  [
    'events.mid',
    () => singleTrack(Array.from({ length: 250_001 }, () => [1, 0x90, 60, 9, 1, 0x80, 60, 0]).flat()),
    /^a\.mid, byte 2000030: unsupported: more than 500000 events/,
  ],
  [
    'bomb.vgz',
    () => gzipSync(Buffer.concat([writeVgm(playScore(tuneSong(1))), Buffer.alloc(2 ** 23)])),
    /unpacks to more than 4194304 bytes/,
  ],
  [
    'bomb.mid.gz',
    () => gzipSync(new Uint8Array(2 ** 26)),
    /^a\.mid\.gz, byte \d+: .*unpacks to more than 4194304 bytes/,
  ],
  [
    'members.vgz',
    () => Buffer.concat(Array.from({ length: 9 }, () => gzipSync(new Uint8Array(2 ** 20)))),
    /unpacks to more than 4194304 bytes/,
  ],
  [
    'nested.mid',
    () => Array.from({ length: 9 }).reduce<Uint8Array>((inner) => gzipSync(inner), singleTrack([])),
    /^a\.mid, unpacked, byte 0: is wrapped more than 4 times/,
  ],
  ['tunes.abc', () => bytesOf('X:\n'.repeat(20_001)), /^a\.abc, byte 60000: unsupported: more than 20000 tunes/],
  ['notes.abc', () => bytesOf(`${head}${'C'.repeat(100_002)}`), /cut the tune at 3600 s/],
  [
    'order.abc',
    () => bytesOf(`${head.replace('K:', `P:${'A9'.repeat(90)}\nK:`)}P:A\n${'C/64'.repeat(9000)}\n`),
    /cut the tune at \d+ s: it would repeat for too long/,
  ],
  ['deep.json', () => bytesOf('['.repeat(2 ** 22)), /^a\.json: is nested more than 16 deep/],
];

describe('readSongs', () => {
  it.each(hostile)('refuses %s and says where, or cuts it and says so', (name, bytes, reason) => {
    const path = name.replace(/^\w+/, 'a');
    const told = () => {
      try {
        return readSongs(bytes(), path).map((found) =>
          'problem' in found ? reasonOf(found) : found.reading.repairs.join('; '),
        );
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)];
      }
    };
    expect(told()).toEqual([expect.stringMatching(reason)]);
  });
});
