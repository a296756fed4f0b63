import type { VoiceName } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ArrangerOptions, checkSong, readMidi, type Song } from '../src/index.ts';
import { type FilePart, generalMidi } from './support/general-midi.ts';
import type { TimedEvent } from './support/midi-bytes.ts';

interface Limits {
  readonly lowest: number;
  readonly highest: number;
  readonly programs: number;
  readonly channels: number;
}

const ANY: Limits = { lowest: 0, highest: 127, programs: 128, channels: 16 };

/** Parts with notes that overlap as they like, at least one note in all. */
function anyParts({ lowest, highest, programs, channels }: Limits): fc.Arbitrary<FilePart[]> {
  const note = fc
    .record({
      start: fc.nat(8000),
      length: fc.oneof(fc.nat(300), fc.nat(3000)),
      pitch: fc.integer({ min: lowest, max: highest }),
      velocity: fc.integer({ min: 1, max: 127 }),
    })
    .map(({ length, ...rest }) => ({ ...rest, end: rest.start + length }));
  const part = fc.nat(channels - 1).chain((channel) =>
    fc.record({
      name: fc.constantFrom('', 'Lead', 'Bass', 'Strings', 'Drums', 'Track 3'),
      channel: fc.constant(channel),
      program: fc.option(fc.nat(programs - 1), { nil: undefined }),
      notes: fc.array(note, { maxLength: 40 }),
      messages: fc.array(anyMessage(channel, programs), { maxLength: 12 }),
    }),
  );
  return fc.array(part, { minLength: 1, maxLength: 7 }).filter((parts) => parts.some(({ notes }) => notes.length > 0));
}

/** Programs, bends and the controllers that the arranger knows, with any values. */
function anyMessage(channel: number, programs: number): fc.Arbitrary<TimedEvent> {
  const value = fc.nat(127);
  const bytes = fc.oneof(
    fc.tuple(fc.constant(0xe0 + channel), value, value),
    fc.tuple(fc.constant(0xb0 + channel), fc.constantFrom(6, 7, 11, 38, 64, 98, 100, 101, 121), value),
    fc.tuple(fc.constant(0xc0 + channel), fc.nat(programs - 1)),
  );
  return fc.record({ tick: fc.nat(9000), bytes });
}

const anyOptions: fc.Arbitrary<ArrangerOptions> = fc.record(
  {
    parts: fc.constantFrom({}, { melody: 'Bass' }, { bass: 1, harmony: 'Lead' }, { drums: 'Strings' }),
    weights: fc.constantFrom({}, { melody: { height: -3 } }),
    fillRests: fc.constantFrom(0, 0.5, false as const),
    arpeggios: fc.boolean(),
  },
  { requiredKeys: [] },
);

const format = fc.constantFrom<0 | 1>(0, 1);

describe('any General MIDI file', () => {
  it('becomes a song that keeps its contract: one note at a time, within the range of each voice', () => {
    fc.assert(
      fc.property(anyParts(ANY), format, anyOptions, (parts, format, arranger) => {
        checkSong(readMidi(generalMidi(parts, { format }), 'any.mid', { arranger }).song);
      }),
      { numRuns: 100 },
    );
  });

  it('becomes the same song each time', () => {
    fc.assert(
      fc.property(anyParts(ANY), anyOptions, (parts, arranger) => {
        const bytes = generalMidi(parts);
        expect(readMidi(bytes, 'any.mid', { arranger })).toEqual(readMidi(bytes, 'any.mid', { arranger }));
      }),
      { numRuns: 20 },
    );
  });

  it('accounts for every note: in a voice, cut up by a bend or by others, or told to be left out', () => {
    const plain = anyParts({ ...ANY, programs: 112 }).map((parts) =>
      parts.map((part) => ({ ...part, messages: [], notes: part.notes.filter(({ start, end }) => end > start) })),
    );
    fc.assert(
      fc.property(plain, (parts) => {
        const { song, repairs } = readMidi(generalMidi(parts), 'any.mid', { arranger: { fillRests: 0 } });
        const told = repairs.map((repair) => /^left out (\d+) of (\d+) notes/.exec(repair)).find((match) => match);
        const heard = Object.values(song.voices).flat().length;
        const all = parts.flatMap(({ notes }) => notes).length;
        expect(heard + Number(told?.[1] ?? 0)).toBe(all);
        expect(Number(told?.[2] ?? all)).toBe(all);
      }),
      { numRuns: 60 },
    );
  });

  it('transposed gives the same song transposed, where no voice leaves its range', () => {
    // Bends of up to two octaves stay within 33..108, too. Channel 10 and percussive programs have no pitch.
    const parts = anyParts({ lowest: 64, highest: 76, programs: 112, channels: 9 });
    fc.assert(
      fc.property(parts, fc.integer({ min: -6, max: 6 }), anyOptions, (parts, shift, options) => {
        const arranger = { ...options, parts: { ...options.parts, drums: 16 } };
        const higher = parts.map((part) => ({
          ...part,
          notes: part.notes.map((note) => ({ ...note, pitch: note.pitch + shift })),
        }));
        const read = (file: readonly FilePart[]) => readMidi(generalMidi(file), 'x.mid', { arranger });
        const [low, high] = [read(parts), read(higher)];
        expect(high.song).toEqual(transposed(low.song, shift));
        expect(high.repairs).toEqual(low.repairs);
      }),
      { numRuns: 80 },
    );
  });
});

function transposed(song: Song, shift: number): Song {
  const move = (voice: VoiceName) => song.voices[voice].map((note) => ({ ...note, pitch: note.pitch + shift }));
  return {
    ...song,
    voices: {
      pulse1: move('pulse1'),
      pulse2: move('pulse2'),
      triangle: move('triangle'),
      noise: song.voices.noise,
    },
  };
}
