import toneMidi from '@tonejs/midi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMidi, type Song, writeMidi } from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

/** From 81 bpm up a tick of the file is one sample. */
const exactTempo = fc.double({ min: 81, max: 400, noNaN: true });

describe('writeMidi', () => {
  it('is read back as the same song, to the sample', () => {
    fc.assert(
      fc.property(anySong(exactTempo), (song) => {
        const { song: back, repairs } = readMidi(writeMidi(song), 'other name.mid');
        expect({ back, repairs }).toEqual({ back: song, repairs: [] });
      }),
    );
  });

  it('keeps times to half a tick of the file at slow tempos', () => {
    fc.assert(
      fc.property(anySong(fc.double({ min: 20, max: 80, noNaN: true })), (song) => {
        const samplesPerTick = Math.ceil((44_100 * 60) / song.tempo.beatsPerMinute / 0x7fff);
        const { song: back } = readMidi(writeMidi(song), 'slow.mid');
        expect(back.tempo).toEqual(song.tempo);
        const edges = ({ voices }: Song) => voices.triangle.flatMap(({ start, end }) => [start, end]);
        const long = edges({
          ...song,
          voices: { ...song.voices, triangle: song.voices.triangle.filter(({ start, end }) => end - start > 5) },
        });
        for (const edge of long) {
          const nearest = Math.min(...edges(back).map((other) => Math.abs(other - edge)));
          expect(nearest).toBeLessThanOrEqual(samplesPerTick / 2);
        }
      }),
    );
  });

  it('gives the same bytes for the same song', () => {
    fc.assert(
      fc.property(anySong(exactTempo), (song) => {
        expect(writeMidi(song)).toEqual(writeMidi(song));
      }),
      { numRuns: 20 },
    );
  });

  it('is understood by @tonejs/midi: tempo, meter, names, programs, notes on the beat', () => {
    const beat = (44_100 * 60) / 150;
    const notes = [0, 1, 2, 3].map((index) => plainNote(index * beat, (index + 1) * beat, 60 + index));
    const tempo = { beatsPerMinute: 150, firstBeat: 0, origin: 'given', confidence: 1 } as const;
    const song = songOf(
      { pulse1: notes },
      { tempo, meter: { beats: 3, unit: 4, origin: 'given' }, title: 'Lied für Grün' },
    );
    const midi = new toneMidi.Midi(writeMidi(song));
    expect(midi.header.tempos[0].bpm).toBeCloseTo(150, 3);
    expect(midi.header.timeSignatures[0].timeSignature).toEqual([3, 4]);
    expect(midi.tracks.map(({ name, channel, instrument }) => [name, channel, instrument.number])).toContainEqual([
      'p1',
      0,
      80,
    ]);
    const read = midi.tracks.find(({ name }) => name === 'p1')?.notes ?? [];
    expect(read.map(({ ticks }) => ticks / midi.header.ppq)).toEqual([0, 1, 2, 3]);
    expect(read.map(({ midi: pitch, velocity }) => [pitch, velocity * 127])).toEqual(
      [60, 61, 62, 63].map((pitch) => [pitch, 10]),
    );
  });
});
