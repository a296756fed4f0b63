import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meta, midiFile, trackChunk } from '../src/formats/midi/file-bytes.ts';
import { MIDI_CONVENTIONS, readMidi, type Song, writeMidi } from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

const anyTempo = fc.double({ min: 20, max: 400, noNaN: true });

/** Any song, with later tempos. */
const anyTempoMap: fc.Arbitrary<Song> = fc
  .tuple(
    anySong(anyTempo),
    fc.uniqueArray(fc.record({ time: fc.integer({ min: 50_001, max: 400_000 }), beatsPerMinute: anyTempo }), {
      minLength: 1,
      maxLength: 4,
      selector: ({ time }) => time,
    }),
  )
  .map(([song, changes]) => ({
    ...song,
    tempo: { ...song.tempo, changes: changes.sort((a, b) => a.time - b.time) },
  }));

describe.each(MIDI_CONVENTIONS)('writeMidi by the convention %s', (convention) => {
  const again = (song: Song) => readMidi(writeMidi(song, { convention }), 'other name.mid');

  it('is read back as the same song, to the sample, at any tempo', () => {
    fc.assert(
      fc.property(fc.oneof(anySong(anyTempo), anyTempoMap), (song) => {
        const { song: back, repairs } = again(song);
        expect({ back, repairs }).toEqual({ back: song, repairs: [] });
      }),
    );
  });

  it('keeps songs that lie off their bars, loop or are empty', () => {
    const note = plainNote(1, 3, 60);
    const tempo = { beatsPerMinute: 20, firstBeat: 0, origin: 'assumed', confidence: 0 } as const;
    const songs = [
      songOf({}, { duration: 0, title: '' }),
      songOf({ pulse1: [note] }, { loops: true }),
      songOf({ pulse1: [note] }, { tempo: { ...tempo, firstBeat: 10_000_000 } }),
      songOf(
        { pulse1: [note] },
        { tempo: { ...tempo, firstBeat: -10_000_000, changes: [{ time: -5, beatsPerMinute: 400 }] } },
      ),
    ];
    for (const song of songs) expect(again(song).song).toEqual(song);
  });

  it('tells the tempo and meter that the song has', () => {
    const tempo = { beatsPerMinute: 100, firstBeat: 0, origin: 'given', confidence: 1 } as const;
    const song = songOf(
      { pulse1: [plainNote(0, 200_000, 60)] },
      {
        tempo: { ...tempo, changes: [{ time: 50_000, beatsPerMinute: 80 }] },
        meter: { beats: 6, unit: 8, origin: 'given' },
      },
    );
    expect(again(song).written).toEqual({ tempos: [100, 80], meters: ['6/8'], keys: [] });
  });

  it('gives the same bytes for the same song', () => {
    fc.assert(
      fc.property(anySong(anyTempo), (song) => {
        expect(writeMidi(song, { convention })).toEqual(writeMidi(structuredClone(song), { convention }));
      }),
      { numRuns: 20 },
    );
  });
});

describe('the mark of a file of NES-MDB', () => {
  it('does not count where its tempos do not rise or are out of range', () => {
    for (const changes of [[{ time: 5, beatsPerMinute: 1000 }], [{ time: 1, beatsPerMinute: 100 }], 7, [7]]) {
      const tempo = { beatsPerMinute: 100, firstBeat: 3, origin: 'given', confidence: 1, changes };
      const mark = { title: '', samplesPerTick: 1, tempo, meter: { beats: 4, unit: 4, origin: 'given' } };
      const text = `chipsmith ${JSON.stringify(mark)}`;
      const bytes = midiFile(22_050, [
        trackChunk([{ tick: 0, bytes: meta(1, [...new TextEncoder().encode(text)]) }]),
        trackChunk([
          { tick: 0, bytes: meta(3, [112, 49]) },
          { tick: 0, bytes: [0x90, 60, 9] },
          { tick: 9, bytes: [0x80, 60, 0] },
        ]),
      ]);
      const { song, repairs } = readMidi(bytes, 'x.mid');
      expect(song.tempo.origin).toBe('assumed');
      expect(repairs.join()).toMatch(/chipsmith.* damaged/);
    }
  });
});

describe('a file of an earlier version', () => {
  // By writeMidi at commit 4919c0f: 133.7 bpm, estimated with confidence 0.75, first beat at -20, 3/4.
  const bytes = Buffer.from(
    'TVRoZAAAAAYAAQAFTU9NVHJrAAAA6QD/Aw5BbHQgZsO8ciBHcsO8bgD/AYE9Y2hpcHNtaXRoIHsidGl0bGUiOiJBbHQgZsO8ciBHcsO8biIs' +
      'InNhbXBsZXNQZXJUaWNrIjoxLCJ0ZW1wbyI6eyJiZWF0c1Blck1pbnV0ZSI6MTMzLjcsImZpcnN0QmVhdCI6LTIwLCJvcmlnaW4iOiJlc3Rp' +
      'bWF0ZWQiLCJjb25maWRlbmNlIjowLjc1fSwibWV0ZXIiOnsiYmVhdHMiOjMsInVuaXQiOjQsIm9yaWdpbiI6ImdpdmVuIn19AP9RAwbY/gD/' +
      'WAQDAhgIg4ZQ/y8ATVRyawAAADgA/wMCcDEAwFAAsAwCAJA8DIVfsAsJgZZBgDwAAJBDAQCwCwCDdLALB4N0sAwBgbQ+gEMAAP8vAE1UcmsA' +
      'AAANAP8DAnAyAMFRAP8vAE1UcmsAAAAXAP8DAnRyAMImAJIkAYHqMYIkAAD/LwBNVHJrAAAAHAD/AwJubwDJeYGsIrkMAQCZAwuHNokDAAD/' +
      'LwA=',
    'base64',
  );

  it('gives back its song', () => {
    const { song, repairs } = readMidi(bytes, 'old.mid');
    expect(repairs).toEqual([]);
    expect(song).toEqual({
      title: 'Alt für Grün',
      duration: 50_000,
      voices: {
        pulse1: [
          {
            start: 0,
            end: 20_000,
            pitch: 60,
            volume: [
              { time: 0, value: 12 },
              { time: 735, value: 9 },
            ],
            duty: [{ time: 0, value: 2 }],
          },
          {
            start: 20_000,
            end: 44_102,
            pitch: 67,
            volume: [
              { time: 20_000, value: 0 },
              { time: 20_500, value: 7 },
            ],
            duty: [
              { time: 20_000, value: 2 },
              { time: 21_000, value: 1 },
            ],
          },
        ],
        pulse2: [],
        triangle: [plainNote(0, 30_001, 36, 'triangle')],
        noise: [
          {
            start: 22_050,
            end: 23_000,
            pitch: 3,
            volume: [{ time: 22_050, value: 11 }],
            duty: [{ time: 22_050, value: 1 }],
          },
        ],
      },
      tempo: { beatsPerMinute: 133.7, firstBeat: -20, origin: 'estimated', confidence: 0.75 },
      meter: { beats: 3, unit: 4, origin: 'given' },
    });
  });
});
