import { createHash } from 'node:crypto';
import { type Note, playScore, type VoiceName, writeVgm } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { PREPARATION_VERSION, prepareFile } from '../src/dataset/preparation.ts';
import {
  type Encoding,
  encodings,
  melodyEncoding,
  Random,
  type Song,
  withEstimatedTiming,
  writeMidi,
} from '../src/index.ts';
import { generalMidi, quarters } from './support/general-midi.ts';
import { pickledArray } from './support/pickles.ts';
import { plainNote } from './support/songs.ts';
import { tuneSong } from './support/tunes.ts';

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** Four voices with volumes and duties that change. */
function fourVoices(seed: number): Song {
  const [one, two] = [tuneSong(seed, 20), tuneSong(seed + 10, 20)];
  const random = new Random(seed);
  const shaped = (note: Note): Note => ({
    ...note,
    volume: [0, 1, 2].map((step) => ({ time: note.start + 735 * step, value: 15 - 2 * step - random.nextInteger(2) })),
    duty: [{ time: note.start, value: random.nextInteger(4) }],
  });
  const beats = one.voices.triangle.map(({ start }) =>
    plainNote(start, start + 2000, 3 + random.nextInteger(8), 'noise'),
  );
  const voices = {
    pulse1: one.voices.pulse1.map(shaped),
    pulse2: two.voices.pulse1.map(shaped),
    triangle: one.voices.triangle,
    noise: beats,
  };
  return { ...one, voices };
}

/** 110 bars after a silence, off the grid, in which second pulse and triangle follow the first pulse on its pitches. */
function uneven(seed: number): Song {
  const tune = tuneSong(seed, 110);
  const random = new Random(seed);
  const moved = (notes: readonly Note[], voice: VoiceName, delay: number) =>
    notes.map(({ start, end, pitch }) => {
      const from = start + delay + random.nextInteger(1500);
      const note = plainNote(from, end + delay - random.nextInteger(5000), pitch, voice);
      return { ...note, volume: [{ time: from, value: voice === 'triangle' ? 15 : 3 + random.nextInteger(12) }] };
    });
  const { pulse1: melody, triangle: bass } = tune.voices;
  const voices = {
    pulse1: moved(melody, 'pulse1', 100_000),
    pulse2: moved(melody, 'pulse2', 101_500),
    triangle: moved(melody, 'triangle', 103_000),
    noise: moved(bass, 'noise', 100_000).map((note) => ({ ...note, pitch: 1 + (note.pitch % 16) })),
  };
  return { ...tune, voices, duration: tune.duration + 200_000 };
}

const untimed = (song: Song): Song => ({
  ...song,
  tempo: { beatsPerMinute: 120, firstBeat: 0, origin: 'assumed', confidence: 0 },
  meter: { beats: 4, unit: 4, origin: 'assumed' },
});

/*
 * What others keep on disk depends on these versions: datasets and checkpoints on those of encodings, what `prepare`
 * need not do again on PREPARATION_VERSION. Where a hash is no longer the recorded one, the same file or song gives
 * something else: raise the version, and record the new hash.
 */
describe('versions', () => {
  const songs = [...[1, 2, 3].map(fourVoices).flatMap((song) => [song, untimed(song)]), uneven(4)];

  it.each(encodings.map((encoding) => [encoding.name, encoding] as const))(
    'of encoding %s',
    (_, encoding: Encoding) => {
      const encoded = songs.map((song) =>
        encoding.encode(withEstimatedTiming(song, encoding)).sequences.map(({ voice, events }) => [voice, ...events]),
      );
      expect(encoded.flat().length).toBeGreaterThan(0);
      expect(RECORDED).toContain(`${encoding.name} ${encoding.version}: ${hashOf(encoded)}`);
    },
  );

  it('of preparing', () => {
    const song = fourVoices(1);
    const text = (lines: string) => new TextEncoder().encode(lines);
    const parts = [
      {
        name: 'Lead',
        channel: 0,
        program: 73,
        notes: quarters([72, 74, 76, 77, 79, 77, 76, 74, 72, 71, 72, 74, 76, 72, 74, 72]),
      },
      {
        name: 'Bass',
        channel: 1,
        program: 33,
        notes: quarters([36, 43, 36, 43, 41, 36, 43, 36, 36, 43, 36, 43, 41, 36, 43, 36]),
      },
    ];
    const chords = Array.from({ length: 64 }, (_, step) => [72 - (step % 5), 67, 64, 48]);
    const files: Record<string, Uint8Array> = {
      'nes.mid': writeMidi(untimed(song)),
      'general.mid': generalMidi(parts),
      'log.vgm': writeVgm(playScore(song), { title: 'Log' }),
      'book.abc': text('X:1\nT:One\nC:Me\nM:4/4\nL:1/8\nQ:1/4=120\nK:D\n"D"DEFG A2 (3ABc|[d2F2] c2 B4|1 A8:|2 d8|]\n'),
      'chorales.json': text(JSON.stringify({ train: [chords], valid: [], test: [] })),
      'song.exprsco.pkl': pickledArray(
        [48, 4, 3],
        Uint8Array.from({ length: 576 }, (_, at) => [60, 8, 1][at % 3]),
        88_200,
      ),
      'song.tx1.txt': text('P1_NOTEON_60\nWT_20000\nP1_NOTEOFF\nTR_NOTEON_40\nWT_20000\nTR_NOTEOFF\n'),
    };
    // An encoding that says nothing of songs, but keeps what it was given.
    const heard: Song[] = [];
    const encoding: Encoding = {
      ...melodyEncoding,
      encode(given) {
        heard.push(given);
        return { sequences: [{ voice: 'all', events: Uint16Array.of(0) }], dropped: [] };
      },
    };
    const prepared = Object.entries(files).map(([path, bytes]) => prepareFile({ path, bytes }, 'hash', encoding, {}));
    expect(prepared.map(({ songs: [found] }) => found.reason)).toEqual(new Array(7).fill(undefined));
    expect(`${PREPARATION_VERSION}: ${hashOf([prepared, heard])}`).toBe(RECORDED_PREPARING);
  });
});

const RECORDED: readonly string[] = [
  'melody 2: fa7704c6b5f1fb08',
  'mono 2: 29f39aaf6e66ae1b',
  'polyphony 2: 986a3e8b8302665d',
  'performance 2: 8d628516585aec75',
  'performance-velocity 2: be17dfff42371462',
  'note-duration 2: cbc99550ac92cbc4',
  'nes-events 3: e77140d7945368a1',
  'nes-events-bpe 4: c0e55cef151856a8',
  'tx1 1: 8f8cb4b81bfe2736',
  'tx2 1: 561e53ae55cd0c9e',
  'music-vae-2bar 3: f1afcfb8bf71a564',
  'music-vae-16bar 3: aa24f821478bf811',
  'music-vae-trio 3: 7a27de042350d806',
  'pianoroll 2: a6a1156a24d7ba89',
  'pianoroll-volume 2: 83e1a111135d000a',
  'onset-bitmap 1: 35c4a47a4252be44',
  'note-vectors 3: ed78e1c5728fc13e',
];
const RECORDED_PREPARING = '4: b30d13298e7365ed';
