import { gzipSync } from 'node:zlib';
import { playScore, writeVgm } from '@chipsmith/apu';
import { type Song, writeMidi } from '../../src/index.ts';
import { appleSingleOf, displayChunk, macBinaryOf, riffOf } from './containers.ts';
import { chunk, END_OF_TRACK, header, singleTrack, tempo, text, trackName } from './midi-bytes.ts';
import { pickledArray, pickledArrayOf, pickledLists } from './pickles.ts';
import { plainNote, songOf } from './songs.ts';

/** A file that is read without a word of complaint. */
export interface SoundFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Files of every kind that is read, each small: what fuzzing starts from. Always the same. */
export function soundFiles(): SoundFile[] {
  return [...midiFiles(), ...logs(), ...texts(), ...scores(), ...wrapped()];
}

const melody: Song = songOf({
  pulse1: [60, 62, 64, 65, 67, 65, 64, 62].map((pitch, at) => plainNote(at * 9000, at * 9000 + 8000, pitch)),
  triangle: [36, 43].map((pitch, at) => plainNote(at * 36_000, at * 36_000 + 30_000, pitch, 'triangle')),
  noise: [0, 2, 4, 6].map((at) => plainNote(at * 9000, at * 9000 + 2000, 3 + at)),
});

function wrapped(): SoundFile[] {
  const midi = writeMidi(melody);
  const log = writeVgm({ ...playScore(melody), loop: 400_000 }, { title: 'Log', author: 'Someone' });
  return [
    { name: 'riff.rmi', bytes: riffOf(midi, [displayChunk('name')]) },
    { name: 'mac.bin', bytes: macBinaryOf('tune.mid', midi) },
    { name: 'apple.bin', bytes: appleSingleOf('tune.mid', midi) },
    { name: 'packed.mid.gz', bytes: gzipSync(midi) },
    { name: 'members.vgz', bytes: Buffer.concat([gzipSync(log.subarray(0, 300)), gzipSync(log.subarray(300))]) },
  ];
}

function midiFiles(): SoundFile[] {
  // Under running status: note-on, note-off as velocity 0.
  const running = [60, 64, 67, 72].flatMap((pitch) => [0, pitch, 90, 96, pitch, 0]);
  const tune = [0, 0xc0, 19, 0, 0x90, 48, 70, 0, 0x80, 48, 0, 0, 0x90, ...running.slice(1)];
  const drums = [36, 42, 38, 42].flatMap((key) => [0, 0x99, key, 100, 48, 0x89, key, 0]);
  const conductor = [
    ...[...trackName('song'), ...tempo(400_000), 0, 0xff, 0x58, 4, 3, 2, 24, 8, 0, 0xff, 0x59, 2, 1, 0],
    ...[96, ...tempo(600_000).slice(1), 96, 0xff, 0x58, 4, 4, 2, 24, 8, 0, 0xf0, 3, 1, 2, 0xf7],
  ];
  const bass = [0, 0xb1, 7, 100, 0, 0xe1, 0, 64, 0, 0x91, 36, 90, 0x81, 0x40, 0x81, 36, 64, 0, 0x91, 43, 90, 96, 43, 0];
  const pattern = (pitch: number) => [0, 0x90, pitch, 99, 50, 0x80, pitch, 0];
  const nes = [
    [...trackName('p1'), 0, 0xb0, 12, 3, 0, 0x90, 60, 9, 5, 0xb0, 11, 7, 60, 0x90, 60, 0, 10, 62, 4, 99, 62, 0],
    [...trackName('tr'), 0, 0x92, 40, 1, 90, 0x82, 40, 0],
    [...trackName('no'), 0, 0xb9, 12, 1, 3, 0x99, 16, 15, 40, 0x89, 16, 0],
  ];
  const tracks = (format: number, division: number, events: readonly (readonly number[])[]) =>
    Uint8Array.from([
      ...header(format, events.length, division),
      ...events.flatMap((one) => chunk('MTrk', [...one, ...END_OF_TRACK])),
    ]);
  return [
    { name: 'marked.mid', bytes: writeMidi(melody) },
    { name: 'nes.mid', bytes: tracks(1, 22_050, nes) },
    { name: 'format0.mid', bytes: singleTrack([...tempo(500_000), ...tune, ...drums], 96) },
    { name: 'format1.mid', bytes: tracks(1, 96, [conductor, tune, bass, drums]) },
    { name: 'format2.mid', bytes: tracks(2, 96, [pattern(60), pattern(64), pattern(67)]) },
    { name: 'smpte.mid', bytes: singleTrack([...pattern(60), ...pattern(72)], 0xe728) },
  ];
}

function logs(): SoundFile[] {
  const log = playScore(melody);
  const samples = { cycle: 9000, address: 0xc000, bytes: Uint8Array.of(1, 2, 3, 4, 5) };
  return [
    { name: 'log.vgm', bytes: writeVgm(log, { title: 'Log', game: 'A Game', author: 'Someone' }) },
    { name: 'samples.vgm', bytes: writeVgm({ ...log, memory: [samples] }) },
    { name: 'packed.vgz', bytes: gzipSync(writeVgm(log, { title: 'Packed' })) },
  ];
}

function texts(): SoundFile[] {
  const head = 'X:1\nT:Title\nM:4/4\nL:1/8\nQ:1/4=120\nK:G\n';
  const abc = `${head}|:"C"C>D (3EFG [CE]2|[1 {a}^F4:|[2 _B4||\n\n${head}P:A\nc'2-c'2|z4:|\nP:B\n[M:3/4]C, D|\n`;
  const kinds = `${head}U:W=!trill!\nV:1 octave=-1\nK:Am\n[A-c]c->d (5:4:5ABcde|[1,3 ^/C96:|[2 z&E|Z|[Q:1/4=60]+CE+ y2 Wd|\n`;
  const lines =
    'P1_NOTEON_60 P1_VELOCITY_9 NO_NOTEON_5 WT_735 NO_NOTEOFF WT_99 P1_TIMBRE_2 TR_NOTEON_40 WT_7 P1_NOTEOFF WT_5000';
  const step = (shift: number) => [72 + shift, 64, 60, 48 - shift];
  const chorales = { train: [[0, 0, 1, 2].map(step), [1, 3].map(step)], valid: [[[70, -1, 58, 46]]] };
  return [
    { name: 'book.abc', bytes: Uint8Array.from(text(`${abc}\n${kinds}`)) },
    { name: 'tune.abc', bytes: Uint8Array.from(text(`${head}P:ABA\n${'GABc d2ed|'.repeat(8)}\nP:B\nG4 D4|\n`)) },
    { name: 'chorales.json', bytes: Uint8Array.from(text(JSON.stringify(chorales))) },
    { name: 'song.tx2.txt', bytes: Uint8Array.from(text(lines.replaceAll(' ', '\n'))) },
  ];
}

function scores(): SoundFile[] {
  const frames = Uint8Array.from({ length: 240 }, (_, at) => [60, 9, 1, 64, 8, 2, 40, 0, 0, 5, 3, 1][at % 12]);
  const notes = Uint8Array.from({ length: 40 }, (_, at) => [60, 64, 40, 5][at % 4] + (at >> 3));
  return [
    { name: 'expressive.pkl', bytes: pickledArray([20, 4, 3], frames, 36_750) },
    { name: 'blended.pkl', bytes: pickledLists([[40, 50], [41], [42, 60, 70]], 5512) },
    { name: 'protocol2.pkl', bytes: pickledArrayOf(2, [10, 4], notes, 18_375) },
    { name: 'protocol4.pkl', bytes: pickledArrayOf(4, [20, 4, 3], frames, 36_750) },
  ];
}
