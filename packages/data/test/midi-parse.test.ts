import { describe, expect, it } from 'vitest';
import { pairNotes } from '../src/formats/midi/notes.ts';
import { DataError, readMidi } from '../src/index.ts';
import { chunk, delta, END_OF_TRACK, header, singleTrack, tempo, text, trackName } from './support/midi-bytes.ts';

/** Start, end and pitch of pulse 1, in ticks of the file (1000 a quarter at 120 bpm: 22.05 song ticks each). */
function melody(bytes: Uint8Array): number[][] {
  const { song } = readMidi(bytes, 'test.mid');
  return song.voices.pulse1.map(({ start, end, pitch }) => [Math.round(start / 22.05), Math.round(end / 22.05), pitch]);
}

/** What is told of the only part of a file. */
const MELODY = 'track 0 (channel 1, program 0): melody';

describe('readMidi', () => {
  it('pairs note-ons with note-offs', () => {
    expect(melody(singleTrack([10, 0x90, 60, 100, 20, 0x80, 60, 0, 0, 0x90, 62, 100, 20, 0x80, 62, 0]))).toEqual([
      [10, 30, 60],
      [30, 50, 62],
    ]);
  });

  it('takes a note-on of velocity 0 for a note-off, under running status too', () => {
    expect(melody(singleTrack([0, 0x90, 60, 100, 20, 60, 0, 5, 62, 100, 10, 62, 0]))).toEqual([
      [0, 20, 60],
      [25, 35, 62],
    ]);
  });

  it('is not thrown off by a note-off too many on the tick of the next note', () => {
    // @tonejs/midi 2.0.28 gives every note after the stray note-off no length.
    const notes = Array.from({ length: 5 }, () => [10, 0x90, 60, 100, 10, 0x80, 60, 0]).flat();
    const stray = [
      ...[0, 0x90, 60, 100, 10, 0x80, 60, 0, 10, 0x80, 60, 0],
      ...[0, 0x90, 60, 90, 10, 0x80, 60, 0],
      ...notes,
    ];
    const { song, repairs } = readMidi(singleTrack(stray), 'test.mid');
    expect(song.voices.pulse1.map(({ start, end }) => Math.round((end - start) / 22.05))).toEqual(
      new Array(7).fill(10),
    );
    expect(repairs).toEqual(['ignored 1 note-off without a note', MELODY]);
  });

  it('ends a note without a note-off at the next of its pitch or the end of the track', () => {
    const { song, repairs } = readMidi(
      singleTrack([0, 0x90, 60, 100, 40, 0x90, 60, 100, 60, 0xb0, 7, 100]),
      'test.mid',
    );
    expect(song.voices.pulse1.map(({ start, end }) => [start, end])).toEqual([
      [0, 882],
      [882, 2205],
    ]);
    expect(repairs).toEqual(['ended 2 notes that had no note-off', MELODY]);
  });

  it('removes notes of no length', () => {
    const { song, repairs } = readMidi(
      singleTrack([0, 0x90, 60, 100, 0, 0x80, 60, 0, 5, 0x90, 61, 99, 5, 0x80, 61, 0]),
      'x',
    );
    expect(song.voices.pulse1.map(({ pitch }) => pitch)).toEqual([61]);
    expect(repairs).toEqual(['removed 1 note of no length', MELODY]);
  });

  it('reads past system-exclusive messages, pitch bends, pressure and unknown chunks', () => {
    const events = [0, 0xf0, 3, 1, 2, 0xf7, 0, 0xe0, 0, 64, 0, 0xd0, 5, 0, 0xa0, 60, 3, 0, 0xf7, 1, 9];
    const note = [1, 0x90, 60, 100, 9, 0x80, 60, 0];
    const bytes = [
      ...header(0, 1, 1000),
      ...chunk('JUNK', [1, 2, 3]),
      ...chunk('MTrk', [...events, ...note, ...END_OF_TRACK]),
    ];
    expect(melody(Uint8Array.from(bytes))).toEqual([[1, 10, 60]]);
  });

  it('follows tempo changes, and 120 bpm until the first', () => {
    // 100 ticks at 120 bpm, then 100 at 60 bpm: 100 * 22.05 + 100 * 44.1.
    const bytes = singleTrack([100, ...tempo(1_000_000).slice(1), 0, 0x90, 60, 100, 100, 0x80, 60, 0]);
    const { song } = readMidi(bytes, 'test.mid');
    expect(song.voices.pulse1[0]).toMatchObject({ start: 2205, end: 2205 + 4410 });
    const changes = [{ time: 2205, beatsPerMinute: 60 }];
    expect(song.tempo).toEqual({ beatsPerMinute: 120, firstBeat: 0, origin: 'given', confidence: 1, changes });
  });

  it('lets the last of several tempos on one tick hold', () => {
    const { song } = readMidi(
      singleTrack([...tempo(250_000), ...tempo(500_000), 0, 0x90, 60, 9, 100, 0x80, 60, 0]),
      'x',
    );
    expect(song.voices.pulse1[0].end).toBe(2205);
  });

  it('measures SMPTE divisions in seconds, whatever the tempo says', () => {
    // -25 frames a second, 40 ticks a frame: a millisecond a tick.
    const { song } = readMidi(singleTrack([...tempo(250_000), 100, 0x90, 60, 9, 100, 0x80, 60, 0], 0xe728), 'x');
    expect(song.voices.pulse1[0]).toMatchObject({ start: 4410, end: 8820 });
    expect(song.tempo.origin).toBe('assumed');
  });

  it('lays the patterns of a format 2 file end to end', () => {
    const pattern = (pitch: number) => chunk('MTrk', [0, 0x90, pitch, 99, 50, 0x80, pitch, 0, ...END_OF_TRACK]);
    expect(melody(Uint8Array.from([...header(2, 2, 1000), ...pattern(60), ...pattern(64)]))).toEqual([
      [0, 50, 60],
      [50, 100, 64],
    ]);
  });

  it('puts right a wrong track count, a missing end of track and bytes after the end', () => {
    const track = chunk('MTrk', [0, 0x90, 60, 100, 20, 0x80, 60, 0]);
    const { song, repairs } = readMidi(Uint8Array.from([...header(1, 2, 1000), ...track, 1, 2, 3]), 'test.mid');
    expect(song.voices.pulse1).toHaveLength(1);
    expect(repairs).toEqual([
      '1 track had no end-of-track event (first at byte 30)',
      'skipped 3 bytes that belong to no chunk (first at byte 30)',
      'the header announces 2 tracks, the file has 1',
      MELODY,
    ]);
  });

  it('reads a file whose mark is damaged as one without, and tells', () => {
    const mark = [0, 0xff, 1, 12, ...text('chipsmith {}')];
    const { song, repairs } = readMidi(singleTrack([...mark, 5, 0x90, 60, 9, 5, 0x80, 60, 0]), 'x');
    expect(song.voices.pulse1).toHaveLength(1);
    expect(repairs).toEqual(['left out its chipsmith text event, which is damaged (at byte 22)', MELODY]);
  });

  it("reads NES-MDB's conventions sample for sample", () => {
    const p1 = [
      ...trackName('p1'),
      ...[0, 0xb0, 12, 3, 0, 0x90, 60, 9, 5, 0xb0, 11, 7, 5, 0xb0, 12, 1, 10, 0x90, 60, 0],
      ...[10, 0x90, 62, 4, 10, 0x80, 62, 0],
    ];
    const no = [...trackName('no'), 0, 0xb9, 12, 1, 3, 0x99, 16, 15, 4, 0x89, 16, 0];
    const tr = [...trackName('tr'), 0, 0x92, 40, 1, 9, 0x82, 40, 0];
    const tracks = [p1, no, tr].flatMap((events) => chunk('MTrk', [...events, ...END_OF_TRACK]));
    const { song, repairs } = readMidi(Uint8Array.from([...header(1, 3, 22_050), ...tracks]), 'folder/001_Game.mid');
    expect(repairs).toEqual([]);
    expect(song.title).toBe('001_Game');
    expect(song.tempo).toMatchObject({ origin: 'assumed', confidence: 0 });
    expect(song.voices).toEqual({
      pulse1: [
        {
          start: 0,
          end: 20,
          pitch: 60,
          volume: [
            { time: 0, value: 9 },
            { time: 5, value: 7 },
          ],
          duty: [
            { time: 0, value: 3 },
            { time: 10, value: 1 },
          ],
        },
        // Volume starts anew with each note; duty holds until it is changed.
        { start: 30, end: 40, pitch: 62, volume: [{ time: 30, value: 4 }], duty: [{ time: 30, value: 1 }] },
      ],
      pulse2: [],
      triangle: [{ start: 0, end: 9, pitch: 40, volume: [{ time: 0, value: 15 }], duty: [{ time: 0, value: 0 }] }],
      noise: [{ start: 3, end: 7, pitch: 16, volume: [{ time: 3, value: 15 }], duty: [{ time: 3, value: 1 }] }],
    });
  });

  const damaged: [name: string, bytes: number[], message: RegExp][] = [
    ['an empty file', [], /bad\.mid, byte 0: the file is empty/],
    ['text', [...text('this is not a music at all')], /byte 0: not a MIDI file/],
    ['a header alone', header(1, 1, 480), /byte 14: empty: has no tracks/],
    ['tracks without notes', [...singleTrack(tempo(500_000))], /byte 33: empty: has no notes/],
    ['a web page', [...text('<html><title>404</title>MThd</html>')], /byte 0: not a MIDI file/],
    [
      'a piece of five hours',
      // Twenty quarter hours of silence.
      [...singleTrack(Array.from({ length: 20 }, () => [...delta(1_800_000), 0x90, 60, 9, 1, 60, 0]).flat())],
      /byte 157: unsupported: the music lasts 5\.0 hours/,
    ],
  ];
  it.each(damaged)('refuses %s in one line', (_name, bytes, message) => {
    const read = () => readMidi(Uint8Array.from(bytes), 'bad.mid');
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });
});

describe('pairNotes', () => {
  it('pairs first on with first off, also where a damaged file holds 120,000 notes of one pitch at once', () => {
    // Linear in the notes; in time with their square this would run into the time limit.
    const count = 120_000;
    const note = { byte: 0, channel: 0, pitch: 60 };
    const events = [
      ...Array.from({ length: count }, (_, tick) => ({ ...note, tick, kind: 'on' as const, velocity: 100 })),
      ...Array.from({ length: count }, (_, index) => ({ ...note, tick: count + index, kind: 'off' as const })),
    ];
    const repairs: string[] = [];
    const notes = pairNotes([{ name: '', events, end: 2 * count, endByte: 0 }], (tick) => tick, repairs);
    expect(notes.length).toBe(count);
    expect(notes.every(({ start, end }) => end - start === count)).toBe(true);
    expect(repairs).toEqual([]);
  });
});

describe('what a MIDI file writes', () => {
  const meter = (beats: number, power: number) => [0, 0xff, 0x58, 4, beats, power, 24, 8];
  const key = (fifths: number, mode: number) => [0, 0xff, 0x59, 2, fifths & 0xff, mode];
  const note = [0, 0x90, 60, 100, 20, 0x80, 60, 0];
  const written = (...events: number[][]) => readMidi(singleTrack(events.flat()), 'x').written;

  it('is told in order, what holds already but once', () => {
    expect(
      written(
        tempo(500_000),
        meter(4, 2),
        key(-1, 0),
        note,
        tempo(500_000),
        meter(3, 2),
        key(-1, 0),
        note,
        meter(4, 2),
      ),
    ).toEqual({ tempos: [120], meters: ['4/4', '3/4', '4/4'], keys: ['F major'] });
    const later = chunk('MTrk', [...key(0, 1), ...note, ...key(2, 0), ...END_OF_TRACK]);
    const two = Uint8Array.from([...header(1, 2, 96), ...later, ...later]);
    expect(readMidi(two, 'x').written?.keys).toEqual(['A minor', 'D major']);
    expect(written(note)).toEqual({ tempos: [], meters: [], keys: [] });
  });

  it.each([
    [0, 0, 'C major'],
    [-7, 0, 'Cb major'],
    [7, 0, 'C# major'],
    [-2, 0, 'Bb major'],
    [6, 0, 'F# major'],
    [-7, 1, 'Ab minor'],
    [-1, 1, 'D minor'],
    [3, 1, 'F# minor'],
    [7, 1, 'A# minor'],
  ])('names the key of %i fifths, mode %i, %s', (fifths, mode, name) => {
    expect(written(key(fifths, mode), note)?.keys).toEqual([name]);
  });

  it('leaves out keys that cannot be', () => {
    expect(written(key(8, 0), key(0, 2), note)?.keys).toEqual([]);
  });
});
