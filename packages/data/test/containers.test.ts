import { gzipSync } from 'node:zlib';
import { playScore, writeVgm } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { readSongs } from '../src/dataset/formats.ts';
import { unwrap, writeMidi } from '../src/index.ts';
import { tarOf } from './support/archives.ts';
import {
  appleSingleOf,
  displayChunk,
  macBinaryOf,
  riffOf,
  savedAsUtf8,
  withCarriageReturns,
} from './support/containers.ts';
import { tuneSong } from './support/tunes.ts';

const midi = writeMidi(tuneSong(1));
const { song } = tuneOf(midi, 'plain.mid');
const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const bytesOf = (text: string) => new TextEncoder().encode(text);

function tuneOf(bytes: Uint8Array, name: string) {
  const [found] = readSongs(bytes, name);
  if ('problem' in found) throw new Error(found.problem);
  return found.reading;
}

describe('readSongs takes off what is wrapped around a file', () => {
  it.each<[string, Uint8Array]>([
    ['tune.mid.gz', gzipSync(midi)],
    ['tune.mid', gzipSync(midi)],
    ['tune.rmi', riffOf(midi)],
    ['tune.mid', riffOf(midi, [displayChunk('a'), displayChunk('odd')])],
    ['tune.bin', macBinaryOf('A tune', midi)],
    ['tune.rmi.gz', gzipSync(riffOf(midi))],
    ['tune', macBinaryOf('tune.rmi', riffOf(midi))],
    ['tune.mid', gzipSync(gzipSync(midi))],
    ['tune.mid.gz.gz', gzipSync(gzipSync(midi))],
    ['tune', appleSingleOf('tune.mid', midi)],
    ['tune', gzipSync(appleSingleOf('tune.rmi', riffOf(midi)))],
  ])('%s', (name, bytes) => {
    expect(tuneOf(bytes, name)).toEqual({ ...tuneOf(midi, 'plain.mid'), song });
  });

  it('tells the kind of the content by the name inside, where the content does not', () => {
    const abc = bytesOf('X:1\nT:Inside\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n');
    for (const [name, bytes] of [
      ['tune.abc.gz', gzipSync(abc)],
      ['TUNE.ABC.GZ', gzipSync(abc)],
      ['download.bin', macBinaryOf('tune.abc', abc)],
      ['download', appleSingleOf('tune.abc', abc)],
    ] as const) {
      expect(tuneOf(bytes, name).song.title).toBe('Inside');
    }
    const untitled = bytesOf('X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n');
    const log = gzipSync(writeVgm(playScore(tuneSong(1)), { title: '' }));
    expect(tuneOf(log, 'folder/Some log.vgz').song.title).toBe('Some log');
    expect(tuneOf(gzipSync(untitled), 'book.abc.gz').song.title).not.toContain('.gz');
  });

  it('and says of each thing that it had to put right', () => {
    const end = riffOf(midi).length - midi.length;
    expect(tuneOf(joined(gzipSync(midi), bytesOf('...')), 'a.mid.gz').repairs).toContain(
      'left out 3 bytes after the end of the gzip file',
    );
    expect(tuneOf(riffOf(midi, [], 1e6), 'a.rmi').repairs[0]).toMatch(
      /^the chunk "data" of the RIFF file announces 1000000 bytes: took the \d+ that are there$/,
    );
    const lost = joined(
      riffOf(midi).subarray(0, 12),
      bytesOf('junk'),
      Uint8Array.of(9, 9, 9, 9),
      riffOf(midi).subarray(12),
    );
    expect(tuneOf(lost, 'a.rmi').repairs[0]).toBe(
      'the RIFF file has no chunk "data" where it should be: took the MIDI file that begins at byte 28',
    );
    expect(end).toBeGreaterThan(12);
    expect(tuneOf(macBinaryOf('a', midi, 1e6), 'a').repairs[0]).toMatch(/^the MacBinary file announces 1000000 bytes/);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['line ends of DOS', withCarriageReturns, /^the file was transferred as text: took out the carriage returns/],
    ['an encoding', savedAsUtf8, /^the file was saved as text in UTF-8/],
    ['both', (bytes) => withCarriageReturns(savedAsUtf8(bytes)), /^the file was/],
  ])('and undoes what a transfer as text did to a MIDI file: %s', (_name, change, repair) => {
    // Both change a file with bytes of 10 and above 127.
    expect(midi.includes(10) && midi.some((byte) => byte > 127)).toBe(true);
    const { song: read, repairs } = tuneOf(change(midi), 'plain.mid');
    expect(read).toEqual(song);
    expect(repairs[0]).toMatch(repair);
    // Cut short as well, nothing tells what was done: it is read as far as it makes sense.
    expect(() => readSongs(change(midi).subarray(0, -9), 'a.mid')).not.toThrow(/transferred|saved/);
  });

  it('and names the place in the content, and what was wrong before, where that cannot be read', () => {
    expect(() => readSongs(gzipSync(bytesOf('MThd')), 'a.mid.gz')).toThrow(/^a\.mid\.gz, unpacked, byte \d+: /);
    const behind = joined(gzipSync(bytesOf('MThd')), bytesOf('xy'));
    expect(() => readSongs(behind, 'a.mid')).toThrow(/; left out 2 bytes after the end of the gzip file; /);
    const cut = gzipSync(midi).subarray(0, 12);
    expect(() => readSongs(cut, 'cut.mid.gz')).toThrow(
      /^cut\.mid\.gz, unpacked, byte 0: not a MIDI file .*; the gzip file is cut short/,
    );
    expect(() => readSongs(riffOf(midi).subarray(0, 14), 'cut.rmi')).toThrow(/cut\.rmi, byte 14: .* no chunk "data"/);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['a.rar', bytesOf('Rar!\x1a\x07\x01'), /^a\.rar, byte 0: unsupported file type \(RAR archive: unpack it/],
    ['a.7z', Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), /unsupported file type \(7z archive: unpack it/],
    ['a.lzh', bytesOf('..-lh5-...'), /unsupported file type \(LHA \(\.lzh\) archive/],
    ['a.mid', bytesOf('\r\n<!DOCTYPE html><html>'), /unsupported file type \(web page: download the file itself\)/],
    ['a.nsf', bytesOf('NESM\x1a\x01'), /unsupported file type \(NSF/],
    ['a.tar', tarOf([{ path: 'a.mid', bytes: midi }]), /unsupported file type \(tar archive/],
    [
      'a.wav',
      joined(bytesOf('RIFF'), new Uint8Array(4), bytesOf('WAVEfmt ')),
      /unsupported file type \(sound recording\)/,
    ],
    ['a.doc', bytesOf('hello'), /^a\.doc, byte 0: unsupported file type; give one of these: MIDI, VGM, ABC/],
    ['a.cab', bytesOf('MSCF....'), /unsupported file type \(Microsoft cabinet archive: unpack it/],
    ['a.xml', bytesOf('<?xml version="1.0"?>\n<score-partwise>'), /\(MusicXML score: export MIDI\)/],
    ['a.xhtml', bytesOf('<?xml version="1.0"?>\n<html>'), /\(web page: /],
    ['a.xml', bytesOf('<?xml version="1.0"?>\n<feed>'), /unsupported file type; give/],
    ['a.gp4', bytesOf('\x18FICHIER GUITAR PRO v4.06'), /\(Guitar Pro file: export MIDI\)/],
    ['a.xm', bytesOf('Extended Module: x'), /\(tracker module: export MIDI\)/],
    ['a.nes', bytesOf('NES\x1a\x01'), /\(NSF or cartridge, a program rather than notes: log it/],
    ['a.xmi', bytesOf('FORM\0\0\0\x0eXDIRINFO'), /\(MIDI file of a game \(XMI or MUS\): convert it to MIDI\)/],
    ['a', appleSingleOf('a.mid', new Uint8Array(0)), /^a, byte \d+: empty: the AppleSingle file has no content/],
    ['a.mid', new Uint8Array(0), /^a\.mid, byte 0: the file is empty/],
    ['a.mid.gz', gzipSync(new Uint8Array(0)), /the gzip file is empty/],
  ])('and says of %s what it is', (name, bytes, message) => {
    expect(() => readSongs(bytes, name)).toThrow(message);
  });
});

describe('unwrap', () => {
  it('leaves a plain file as it is', () => {
    expect(unwrap(midi, 'a.mid', 10)).toEqual({ bytes: midi, name: 'a.mid', isWrapped: false, repairs: [] });
  });

  it('stops at four wrappers, and at the size that a content may have', () => {
    const packed = (times: number): Uint8Array => (times === 0 ? midi : gzipSync(packed(times - 1)));
    expect(unwrap(packed(4), 'a', 1e6).bytes).toEqual(new Uint8Array(midi));
    expect(() => unwrap(packed(5), 'a', 1e6)).toThrow(/^a, unpacked, byte 0: is wrapped more than 4 times; /);
    expect(() => unwrap(gzipSync(new Uint8Array(2000)), 'a', 1999)).toThrow(/unpacks to more than 1999 bytes/);
  });
});
