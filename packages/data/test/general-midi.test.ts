import type { Note } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { type ArrangerOptions, readMidi, type Song } from '../src/index.ts';
import {
  bend,
  control,
  type FilePart,
  generalMidi,
  program,
  quarters,
  TICKS_PER_QUARTER,
} from './support/general-midi.ts';
import type { TimedEvent } from './support/midi-bytes.ts';

/** Samples of a quarter at 120 bpm. */
const QUARTER = 22_050;
const FRAME = 44_100 / 60.0988;

const pitches = (notes: readonly Note[]) => notes.map(({ pitch }) => pitch);
/** Start and end in quarters, and pitch. */
const inQuarters = (notes: readonly Note[]) =>
  notes.map(({ start, end, pitch }) => [start / QUARTER, end / QUARTER, pitch]);

function part(notes: FilePart['notes'], changes: Partial<FilePart> = {}): FilePart {
  return { name: '', channel: 0, program: 73, notes, ...changes };
}

function arranged(parts: readonly FilePart[], arranger: ArrangerOptions = {}, format: 0 | 1 = 1) {
  return readMidi(generalMidi(parts, { format }), 'test.mid', { arranger });
}

const voicesOf = (parts: readonly FilePart[], arranger: ArrangerOptions = {}): Song['voices'] =>
  arranged(parts, arranger).song.voices;

const TUNE = [72, 74, 76, 77, 79, 77, 74, 72, 71, 72, 74, 67, 69, 71, 72, 74];
const tune = part(quarters(TUNE), { name: 'Tune', program: 73, channel: 2 });
const bassLine = part(quarters([48, 48, 43, 43, 41, 41, 43, 43, 48, 48, 43, 43, 41, 43, 48, 48]), {
  name: 'Low',
  program: 33,
  channel: 1,
});
const chords = part(
  [0, 4, 8, 12].flatMap((quarter) =>
    [60, 64, 67].map((pitch) => ({
      start: quarter * TICKS_PER_QUARTER,
      end: (quarter + 4) * TICKS_PER_QUARTER,
      pitch,
      velocity: 80,
    })),
  ),
  { name: 'Pad', program: 89, channel: 0 },
);
const kit = part(quarters([36, 38, 36, 38], 100), { channel: 9, program: 0 });

describe('the roles of parts', () => {
  it('sends melody to pulse 1, bass to the triangle, harmony to pulse 2 and drums to the noise', () => {
    const { song, repairs } = arranged([chords, bassLine, tune, kit]);
    expect(pitches(song.voices.pulse1)).toEqual(TUNE);
    expect(pitches(song.voices.triangle)).toEqual(bassLine.notes.map(({ pitch }) => pitch));
    expect(pitches(song.voices.pulse2)).toEqual([67, 67, 67, 67]);
    expect(song.voices.noise).toHaveLength(4);
    expect(repairs).toEqual([
      "track 1 'Pad' (channel 1, program 89): harmony",
      "track 2 'Low' (channel 2, program 33): bass",
      "track 3 'Tune' (channel 3, program 73): melody",
      'track 4 (channel 10, program 0): drums',
      'left out 8 of 48 notes that no voice could play',
    ]);
  });

  it('finds the melody below high strings, where a plain skyline does not', () => {
    const high = { ...chords, notes: chords.notes.map((note) => ({ ...note, pitch: note.pitch + 24 })) };
    expect(pitches(voicesOf([high, tune, bassLine]).pulse1)).toEqual(TUNE);
  });

  it('reads one track of several channels as it reads a track for each', () => {
    const tracks = voicesOf([chords, bassLine, tune, kit]);
    expect(arranged([chords, bassLine, tune, kit], {}, 0).song.voices).toEqual(tracks);
  });

  it('deals a single part to all voices: highest, lowest, next highest', () => {
    const chord = [48, 60, 64, 67, 72].flatMap((pitch) => quarters([pitch]));
    const { song, repairs } = arranged([part(chord)]);
    expect(pitches(song.voices.pulse1)).toEqual([72]);
    expect(pitches(song.voices.triangle)).toEqual([48]);
    expect(pitches(song.voices.pulse2)).toEqual([67]);
    expect(repairs).toEqual([
      'track 1 (channel 1, program 73): melody, bass, harmony',
      'left out 2 of 5 notes that no voice could play',
    ]);
  });

  it('does not give pulse 2 a part that doubles the melody', () => {
    const octave = { ...tune, channel: 5, notes: tune.notes.map((note) => ({ ...note, pitch: note.pitch - 12 })) };
    expect(pitches(voicesOf([octave, tune, bassLine, chords]).pulse2)).toEqual([67, 67, 67, 67]);
  });

  it('goes on with a channel that changes its program, in however short a rest', () => {
    const trumpetFrom = 8 * TICKS_PER_QUARTER;
    const changing = { ...tune, messages: [program(trumpetFrom, tune.channel, 56)] };
    const { song, repairs } = arranged([changing, bassLine]);
    expect(pitches(song.voices.pulse1)).toEqual(TUNE);
    // Flute 50 %, trumpet 25 %.
    expect(song.voices.pulse1.map(({ duty }) => duty[0].value)).toEqual([...Array(8).fill(2), ...Array(8).fill(1)]);
    expect(repairs).toContain("track 1 'Tune' (channel 3, program 73): melody");
    expect(repairs).toContain("track 1 'Tune' (channel 3, program 56): melody where it rests");
  });

  it('follows a program, volume or bend that another track sets for the channel, unless its own sets one', () => {
    const setup = part([], {
      name: 'Setup',
      channel: 5,
      messages: [program(0, 2, 68), control(0, 2, 7, 50), program(0, 1, 0)],
    });
    const bare = { ...tune, program: undefined };
    const { song, repairs } = arranged([setup, bare, bassLine]);
    expect(repairs).toContain("track 2 'Tune' (channel 3, program 68): melody");
    expect(repairs).toContain("track 3 'Low' (channel 2, program 33): bass");
    // Velocity 100 of 127, volume 50 of 100: 15 * 0.79 * 0.5.
    expect(song.voices.pulse1[0].volume).toEqual([{ time: 0, value: 6 }]);
  });
});

describe('a line of a part', () => {
  const at = (start: number, end: number, pitch: number) => ({ start, end, pitch, velocity: 100 });
  const melody = (notes: FilePart['notes']) =>
    voicesOf([part(notes)]).pulse1.map(({ start, end, pitch }) => [
      Math.round((start * TICKS_PER_QUARTER) / QUARTER),
      Math.round((end * TICKS_PER_QUARTER) / QUARTER),
      pitch,
    ]);

  it('does not let an accompaniment cut a held note', () => {
    const voices = voicesOf([part([at(0, 800, 72), at(100, 200, 50), at(200, 300, 52)])]);
    expect(pitches(voices.pulse1)).toEqual([72]);
    expect(pitches(voices.triangle)).toEqual([50, 52]);
  });

  it('cuts a note where a higher one starts', () => {
    expect(melody([at(0, 600, 60), at(400, 800, 64)])).toEqual([
      [0, 400, 60],
      [400, 800, 64],
    ]);
  });

  it('keeps the notes of a falling line played legato', () => {
    expect(melody([at(0, 500, 67), at(480, 980, 65), at(960, 1440, 64)])).toEqual([
      [0, 480, 67],
      [480, 960, 65],
      [960, 1440, 64],
    ]);
  });

  it('hears only the highest note of a strummed chord', () => {
    // 10 ticks are 10 ms at this tempo.
    expect(melody([at(0, 480, 60), at(10, 480, 64), at(20, 480, 67)])).toEqual([[20, 480, 67]]);
  });

  it('moves by octaves as a whole where that brings it into range, so that its contour stays', () => {
    // The triangle begins at 21, the pulses at 33.
    expect(melody([at(0, 400, 30), at(400, 800, 35), at(800, 1200, 28)]).map(([, , pitch]) => pitch)).toEqual([
      42, 47, 40,
    ]);
    expect(pitches(voicesOf([part(quarters([120, 115, 118]))]).pulse1)).toEqual([108, 103, 106]);
  });

  it('moves notes alone where no shift fits them all', () => {
    expect(pitches(voicesOf([part(quarters([20, 33, 35, 108, 110]))]).pulse1)).toEqual([44, 33, 35, 108, 98]);
  });
});

describe('rests', () => {
  const solo = part([...quarters([72, 74, 76, 77]), ...quarters([72, 74, 76, 79], 100, 12)], {
    channel: 0,
    program: 73,
  });
  const answer = part(quarters([64, 65, 67, 69, 71, 69, 67, 65, 64, 62, 64, 65, 67, 69, 71, 72]), {
    channel: 1,
    program: 60,
    name: 'Answer',
  });

  it('lets another part step in where the melody rests for two seconds', () => {
    const { song, repairs } = arranged([solo, answer, bassLine]);
    // The melody rests from quarter 4 to 12, which is 4 s.
    expect(pitches(song.voices.pulse1)).toEqual([72, 74, 76, 77, 71, 69, 67, 65, 64, 62, 64, 65, 72, 74, 76, 79]);
    expect(pitches(song.voices.pulse2)).toEqual([64, 65, 67, 69, 67, 69, 71, 72]);
    expect(repairs).toContain("track 2 'Answer' (channel 2, program 60): melody where it rests, harmony");
  });

  it('leaves rests that are shorter than fillRests', () => {
    expect(pitches(voicesOf([solo, answer, bassLine], { fillRests: 4.1 }).pulse1)).toHaveLength(8);
    expect(pitches(voicesOf([solo, answer, bassLine], { fillRests: 3.9 }).pulse1)).toHaveLength(16);
    expect(pitches(voicesOf([solo, answer, bassLine], { fillRests: false }).pulse1)).toHaveLength(8);
  });

  it('cuts what steps in where the melody goes on', () => {
    const long = { ...answer, notes: [{ ...quarters([64], 90, 6)[0], end: 20 * TICKS_PER_QUARTER }] };
    const { pulse1 } = voicesOf([solo, long, bassLine]);
    expect(inQuarters(pulse1)[4]).toEqual([6, 12, 64]);
  });
});

describe('bends', () => {
  const bent = (messages: TimedEvent[], notes = quarters([60])) =>
    inQuarters(voicesOf([part(notes, { messages })]).pulse1);

  it('take the nearest semitone', () => {
    expect(bent([bend(0, 0, 4096)])).toEqual([[0, 1, 61]]); // half of two semitones
    expect(bent([bend(0, 0, 2457)])).toEqual([[0, 1, 61]]); // 0.6 semitones
    expect(bent([bend(0, 0, -1638)])).toEqual([[0, 1, 60]]); // 0.4 semitones down
  });

  it('do not cut vibrato, but cut a note bent by a semitone', () => {
    const vibrato = [0, 60, 120, 180, 240, 300].map((tick, index) => bend(tick, 0, index % 2 === 0 ? 1500 : -1500));
    expect(bent(vibrato)).toEqual([[0, 1, 60]]);
    expect(bent([bend(240, 0, 8191)])).toEqual([
      [0, 0.5, 60],
      [0.5, 1, 62],
    ]);
  });

  it('reach as far as registered parameter 0 says', () => {
    const range = (semitones: number) => [control(0, 0, 101, 0), control(0, 0, 100, 0), control(0, 0, 6, semitones)];
    expect(bent([...range(12), bend(240, 0, 8191)])).toEqual([
      [0, 0.5, 60],
      [0.5, 1, 72],
    ]);
    // Another parameter is selected: the data belongs to it.
    expect(bent([control(0, 0, 101, 0), control(0, 0, 100, 1), control(0, 0, 6, 12), bend(0, 0, 8191)])).toEqual([
      [0, 1, 62],
    ]);
  });

  it('reach as far as another track has set for the channel', () => {
    const setup = part([], { messages: [control(0, 0, 101, 0), control(0, 0, 100, 0), control(0, 0, 6, 12)] });
    const { pulse1 } = voicesOf([setup, part(quarters([60]), { messages: [bend(0, 0, 4096)] })]);
    expect(inQuarters(pulse1)).toEqual([[0, 1, 66]]);
  });

  it('forget a wheel that is put back a moment after the note has started', () => {
    expect(bent([bend(0, 0, 8191), bend(5, 0, 0)])).toEqual([[0, 1, 60]]);
  });

  it('end with a reset of all controllers', () => {
    expect(bent([bend(0, 0, 8191), control(480, 0, 121, 0)], quarters([60, 60]))).toEqual([
      [0, 1, 62],
      [1, 2, 60],
    ]);
  });
});

describe('sound', () => {
  const volumes = (changes: Partial<FilePart>, velocity = 127) =>
    voicesOf([part(quarters([60], velocity), { ...changes })]).pulse1[0].volume.map(({ value }) => value);

  it('makes volumes of velocity, volume and expression', () => {
    expect(volumes({})).toEqual([15]);
    expect(volumes({}, 1)).toEqual([1]);
    expect(volumes({ messages: [control(0, 0, 11, 64)] })).toEqual([8]);
    expect(volumes({ messages: [control(0, 0, 7, 40)] })).toEqual([6]);
    expect(volumes({ messages: [control(240, 0, 11, 32), control(360, 0, 11, 0)] })).toEqual([15, 4, 0]);
  });

  it('leaves out notes that are silent throughout, and says so', () => {
    const { song, repairs } = arranged([
      part(quarters([60, 62]), { messages: [control(0, 0, 7, 0), control(480, 0, 7, 90)] }),
    ]);
    expect(pitches(song.voices.pulse1)).toEqual([62]);
    expect(repairs).toContain('left out 1 note played at volume 0');
  });

  it('lets struck and plucked instruments die away', () => {
    const piano = volumes({ program: 0 });
    expect(piano[0]).toBe(15);
    expect(piano.every((value, index) => index === 0 || value < piano[index - 1])).toBe(true);
    // A quarter is 30 frames, the half life of a piano.
    expect(piano.at(-1)).toBe(8);
  });

  it('keeps the duties of the two pulses apart', () => {
    const second = { ...tune, channel: 4, notes: quarters([60, 65, 60, 67, 65, 60, 67, 60]) };
    const { pulse1, pulse2 } = voicesOf([tune, second, bassLine]);
    expect(pulse1[0].duty[0].value).toBe(2);
    expect(pulse2[0].duty[0].value).toBe(1);
  });

  it('lets notes ring under the pedal, but only into rests', () => {
    const half = [0, 2].flatMap((quarter) => quarters([60 + quarter], 100, quarter));
    const down = [control(0, 0, 64, 127), control(3 * TICKS_PER_QUARTER + 240, 0, 64, 0)];
    expect(inQuarters(voicesOf([part(half, { messages: down })]).pulse1)).toEqual([
      [0, 2, 60],
      [2, 3.5, 62],
    ]);
    // A pedal that stays down: two seconds.
    expect(inQuarters(voicesOf([part(half, { messages: [control(0, 0, 64, 127)] })]).pulse1)).toEqual([
      [0, 2, 60],
      [2, 7, 62],
    ]);
  });
});

describe('drums', () => {
  const drum = (start: number, key: number) => ({ start, end: start + 1, pitch: key, velocity: 100 });
  const noise = (notes: FilePart['notes'], changes: Partial<FilePart> = {}) =>
    voicesOf([part(notes, { channel: 9, ...changes }), tune]).noise;

  it('are short hits, whatever the length written, falling in volume', () => {
    const [hit] = noise(quarters([36]));
    expect(hit).toMatchObject({ start: 0, end: Math.round(5 * FRAME), pitch: 3 });
    const values = hit.volume.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(values.length).toBe(5);
  });

  it('play the bass drum of pieces struck within a video frame', () => {
    expect(pitches(noise([drum(0, 42), drum(7, 36), drum(240, 42)]))).toEqual([3, 15]);
  });

  it('are found on other channels by their bank, and among melodic programs that are percussion', () => {
    expect(pitches(noise(quarters([36, 38]), { channel: 4, messages: [control(0, 4, 0, 127)] }))).toEqual([3, 10]);
    expect(pitches(noise(quarters([60, 62]), { channel: 4, program: 116 }))).toEqual([3, 3]); // taiko
  });
});

describe('options', () => {
  it('give a role to the part that is named, by track or channel', () => {
    const both = [chords, bassLine, tune];
    expect(pitches(voicesOf(both, { parts: { melody: 'low' } }).pulse1)).toEqual(
      bassLine.notes.map(({ pitch }) => pitch),
    );
    expect(pitches(voicesOf(both, { parts: { bass: 3 } }).triangle)).toEqual(TUNE);
    expect(voicesOf(both, { parts: { drums: 'Pad' } }).noise).toHaveLength(4);
  });

  it('arrange files without such a part by scores, and say so', () => {
    const { song, repairs } = arranged([chords, bassLine, tune], { parts: { melody: 'Lead', bass: 16 } });
    expect(pitches(song.voices.pulse1)).toEqual(TUNE);
    expect(repairs).toContain("no part 'Lead' for melody");
    expect(repairs).toContain('no part on channel 16 for bass');
  });

  it('replace weights one by one', () => {
    const { pulse1 } = voicesOf([chords, bassLine, tune], { weights: { melody: { lowest: 20 } } });
    expect(pitches(pulse1)).toEqual(bassLine.notes.map(({ pitch }) => pitch));
  });

  it('play chords as arpeggios of a video frame a note, from the lowest up', () => {
    const { pulse2 } = voicesOf([chords, bassLine, tune], { arpeggios: true });
    expect(pitches(pulse2).slice(0, 7)).toEqual([60, 64, 67, 60, 64, 67, 60]);
    expect(pulse2[1]).toMatchObject({ start: Math.round(FRAME), end: Math.round(2 * FRAME) });
    // Eight seconds of chords.
    expect(pulse2.length).toBe(4 * Math.ceil((4 * QUARTER) / FRAME));
  });
});
