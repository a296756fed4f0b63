import { gzipSync } from 'node:zlib';
import { playScore, writeVgm } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { readSongs } from '../src/dataset/formats.ts';
import { reasonOf } from '../src/index.ts';
import { singleTrack, text } from './support/midi-bytes.ts';
import { tuneSong } from './support/tunes.ts';

const bytesOf = (content: string) => Uint8Array.from(text(content));

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
  ['tunes.abc', () => bytesOf('X:\n'.repeat(20_001)), /^a\.abc, byte 60000: more than 20000 tunes/],
  ['deep.json', () => bytesOf('['.repeat(2 ** 22)), /^a\.json, byte 16: is nested more than 16 deep/],
];

describe('readSongs', () => {
  it.each(hostile)('refuses %s, and says where', (name, bytes, reason) => {
    const path = name.replace(/^\w+/, 'a');
    const told = () => {
      try {
        return readSongs(bytes(), path).map((found) => ('problem' in found ? reasonOf(found) : 'read'));
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)];
      }
    };
    expect(told()).toEqual([expect.stringMatching(reason)]);
  });
});
