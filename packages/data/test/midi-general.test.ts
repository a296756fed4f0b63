import { describe, expect, it } from 'vitest';
import { readMidi } from '../src/index.ts';
import { singleTrack } from './support/midi-bytes.ts';

const on = (pitch: number, time = 0, channel = 0, velocity = 100) => [time, 0x90 + channel, pitch, velocity];
const off = (pitch: number, time = 0, channel = 0) => [time, 0x80 + channel, pitch, 0];
const pitches = (notes: readonly { pitch: number }[]) => notes.map(({ pitch }) => pitch);

describe('General MIDI reduced to four voices', () => {
  it('puts the highest line on pulse 1, the lowest on the triangle, the next highest on pulse 2', () => {
    const chord = [48, 60, 64, 67, 72];
    const bytes = singleTrack([
      ...chord.flatMap((pitch) => on(pitch)),
      ...off(72, 100),
      ...chord.slice(0, 4).flatMap((pitch) => off(pitch)),
    ]);
    const { song, repairs } = readMidi(bytes, 'chord.mid');
    expect(pitches(song.voices.pulse1)).toEqual([72]);
    expect(pitches(song.voices.triangle)).toEqual([48]);
    expect(pitches(song.voices.pulse2)).toEqual([67]);
    expect(repairs).toEqual(['left out 2 of 5 notes that three pitched voices cannot play']);
  });

  it('does not let an accompaniment cut a held melody note', () => {
    const bytes = singleTrack([...on(72), ...on(50, 10), ...off(50, 10), ...on(52), ...off(52, 10), ...off(72, 50)]);
    const { song } = readMidi(bytes, 'held.mid');
    expect(song.voices.pulse1.map(({ start, end, pitch }) => [start, end, pitch])).toEqual([
      [0, Math.round(80 * 22.05), 72],
    ]);
    expect(pitches(song.voices.triangle)).toEqual([50, 52]);
  });

  it('cuts a melody note where a higher one starts', () => {
    const bytes = singleTrack([...on(60), ...on(64, 40), ...off(60, 20), ...off(64, 20)]);
    const { song } = readMidi(bytes, 'overlap.mid');
    expect(song.voices.pulse1.map(({ start, end }) => [start, end])).toEqual([
      [0, 882],
      [882, 1764],
    ]);
  });

  it('plays channel 10 on the noise as short hits, whatever the length written', () => {
    const drum = (pitch: number) => [...on(pitch, 0, 9), ...off(pitch, 0, 9)];
    const { song } = readMidi(singleTrack([...drum(42), ...drum(36), ...on(60), ...off(60, 127)]), 'drums.mid');
    // Bass drum and hat together: the bass drum is heard, dark (low), 5 frames long, falling.
    expect(song.voices.noise).toHaveLength(1);
    const [hit] = song.voices.noise;
    expect(hit).toMatchObject({ start: 0, end: Math.round(5 * 733.8), pitch: 3 });
    expect(hit.volume.map(({ value }) => value)).toEqual(
      [...hit.volume.map(({ value }) => value)].sort((a, b) => b - a),
    );
  });

  it('moves pitches into the range of the voice by octaves, and velocity to 1..15', () => {
    const { song } = readMidi(
      singleTrack([...on(20, 0, 0, 127), ...off(20, 50), ...on(110, 0, 0, 1), ...off(110, 50)]),
      'x',
    );
    expect(pitches(song.voices.pulse1)).toEqual([44, 98]);
    expect(song.voices.pulse1.map(({ volume }) => volume[0].value)).toEqual([15, 1]);
  });
});
