import { VOICE_NAMES } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrange, arrangeMelody } from '../src/arranging/arrange.ts';
import { beatsOf } from '../src/arranging/beats.ts';
import { embeddedCorpus } from '../src/arranging/embedded-corpus.ts';
import { harmonise } from '../src/arranging/harmonise.ts';
import { estimateKey } from '../src/arranging/key.ts';
import { strokesOf } from '../src/arranging/pattern.ts';
import { stylesFor } from '../src/arranging/styles.ts';
import { checkSong } from '../src/check.ts';
import { melodyEncoding } from '../src/encodings/melody/encoding.ts';
import type { Song } from '../src/song.ts';
import { ticksPerQuarter } from '../src/timing/tempo-map.ts';
import { embeddedTunes } from '../src/tunes/embedded-tunes.ts';
import { parseTune } from '../src/tunes/parse-tune.ts';
import { barLength, chordAt, isChordTone, pitchClass, type Tune, ticksPerUnit, tuneToSong } from '../src/tunes/tune.ts';

const tunes = embeddedTunes();
const songs = embeddedCorpus();
const pairs = tunes.map((tune, index) => [tune.title, tune, songs[index]] as const);

const C_MAJOR = { tonic: 0, mode: 'major' } as const;
const written = (music: string, meter = '4/4', key = 'C'): Tune =>
  parseTune(`T: Test\nC: Traditional\nM: ${meter}\nL: 1/8\nQ: 120\nK: ${key}\n${music}`);

describe('the embedded corpus', () => {
  it.each(pairs)('%s: four voices within the chip, the melody untouched', (_, tune, song) => {
    checkSong(song);
    for (const voice of VOICE_NAMES) expect(song.voices[voice].length, voice).toBeGreaterThan(0);
    expect(song.voices.pulse1.map(({ pitch }) => pitch)).toEqual(tune.notes.map(({ pitch }) => pitch));
    expect(timesOf(song)).toEqual(timesOf(tuneToSong(tune)));
    expect(song.tempo).toMatchObject({ beatsPerMinute: tune.beatsPerMinute, origin: 'given', confidence: 1 });
  });

  it('is the same each time', () => {
    expect(embeddedCorpus()).toEqual(songs);
  });

  it('has the root of the chord in the bass on every first beat', () => {
    for (const [title, tune, song] of pairs) {
      const bar = barLength(tune.meter);
      for (let unit = Math.ceil(tune.begin / bar) * bar; unit < tune.end; unit += bar) {
        const tick = song.tempo.firstBeat + unit * ticksPerUnit(tune.beatsPerMinute);
        const note = song.voices.triangle.find(({ start }) => Math.abs(start - tick) <= 1);
        expect(note && pitchClass(note.pitch), `${title}, bar ${unit / bar}`).toBe(chordAt(tune.chords, unit)?.root);
      }
    }
  });

  it('plays only tones of the chord on pulse 2 and the triangle', () => {
    for (const [title, tune, song] of pairs) {
      const scale = ticksPerUnit(tune.beatsPerMinute);
      for (const { start, pitch } of [...song.voices.pulse2, ...song.voices.triangle]) {
        const chord = chordAt(tune.chords, (start - song.tempo.firstBeat + 1) / scale);
        expect(chord && isChordTone(chord, pitch), `${title}, tick ${start}`).toBe(true);
      }
    }
  });

  it('keeps the melody on top', () => {
    for (const { title, voices } of songs) {
      // Rounding to ticks lets neighbours overlap by one.
      const most = voices.pulse1.length;
      expect(timeAbove(voices.pulse2, voices.pulse1), title).toBeLessThanOrEqual(most);
      expect(timeAbove(voices.triangle, voices.pulse1), title).toBeLessThanOrEqual(most);
    }
  });

  it('plays a counter-line of chord tones a third or a sixth below', () => {
    const tune = written('"C"e2 g2 "G7"d2 f2 | "C"e8 |');
    const line = [0, 1, 2, 3, 4, 5, 6, 7].map((seed) =>
      arrange(tune, { seed }).voices.pulse2.map(({ pitch }) => pitch),
    );
    expect(line).toContainEqual([72, 76, 71, 74, 72]);
  });

  it('has drums in three registers with duty 0', () => {
    const pitches = new Set(songs.flatMap(({ voices }) => voices.noise.map(({ pitch }) => pitch)));
    expect([...pitches].sort((a, b) => a - b)).toEqual([2, 9, 14, 15]);
    expect(
      songs.every(({ voices }) => voices.noise.every(({ duty }) => duty.length === 1 && duty[0].value === 0)),
    ).toBe(true);
  });

  it('gives sequences to the melody encoding, the tune in pulse 1 among them', () => {
    for (const [title, , song] of pairs) {
      const { sequences } = melodyEncoding.encode(song);
      expect(
        sequences.some(({ voice }) => voice === 'pulse1'),
        title,
      ).toBe(true);
    }
  });
});

describe('arrange', () => {
  it.each([
    ['2/4', 'G2 G2 |'],
    ['3/4', 'G2 G2 G2 |'],
    ['4/4', 'G2 G2 G2 G2 |'],
    ['5/4', 'G2 G2 G2 G2 G2 |'],
    ['6/8', 'G3 G3 |'],
    ['7/8', 'G3 G2 G2 |'],
    ['3/8', 'G3 |'],
    ['9/8', 'G3 G3 G3 |'],
    ['2/2', 'G4 G4 |'],
  ])('plays every style of %s within the chip', (meter, bar) => {
    const tune = written(bar.repeat(6), meter);
    const styles = stylesFor(beatsOf(tune.meter));
    const arranged = Array.from({ length: 40 }, (_, seed) => arrange(tune, { seed }));
    for (const song of arranged) checkSong(song);
    expect(new Set(arranged.map((song) => JSON.stringify(song))).size).toBe(styles.length);
  });

  it('lets a long note fall in volume, as an envelope does', () => {
    for (let seed = 0; seed < 8; seed++) {
      const [note] = arrange(written('"C"c8 |'), { seed }).voices.pulse1;
      const values = note.volume.map(({ value }) => value);
      expect(values.length).toBeGreaterThan(3);
      expect(values[values.length - 1]).toBeLessThan(Math.max(...values));
    }
  });

  it('leaves the upbeat to the melody', () => {
    const song = arrange(written('G2 | "C"c2 e2 g2 e2 | "C"c6 |'), { seed: 0 });
    expect(song.voices.pulse1[0].start).toBe(0);
    expect(song.voices.triangle[0].start).toBe(song.tempo.firstBeat + 88_200);
    expect(song.voices.noise[0].start).toBe(song.tempo.firstBeat + 88_200);
  });

  it('finds chords for a tune without any', () => {
    const tune = written('c2 e2 g2 e2 | d2 B2 G4 | c8 |');
    expect(tune.chords).toEqual([]);
    const song = arrange(tune, { seed: 3 });
    checkSong(song);
    expect(song.voices.triangle.length).toBeGreaterThan(0);
  });
});

describe('arrangeMelody', () => {
  const steps = fc.array(
    fc.option(fc.record({ pitch: fc.integer({ min: 33, max: 108 }), length: fc.integer({ min: 1, max: 20 }) })),
    {
      maxLength: 60,
    },
  );
  const melodies = fc.record({
    steps,
    beatsPerMinute: fc.integer({ min: 20, max: 400 }),
    firstBeat: fc.integer({ min: -200_000, max: 200_000 }),
    beats: fc.integer({ min: 1, max: 12 }),
    unit: fc.constantFrom(1, 2, 4, 8, 16),
    stepLength: fc.option(fc.integer({ min: 1, max: 8000 }), { nil: undefined }),
    tail: fc.integer({ min: 0, max: 100_000 }),
    seed: fc.integer(),
  });

  it('keeps pulse 1 note for note, fills the other voices, and stays within the chip', () => {
    fc.assert(
      fc.property(melodies, ({ seed, ...melody }) => {
        const song = songOf(melody);
        const arranged = arrangeMelody(song, { seed });
        checkSong(arranged);
        expect(notesOf(arranged)).toEqual(notesOf(song));
        expect(arranged.duration).toBe(song.duration);
        expect(arranged.tempo).toEqual(song.tempo);
        expect(arrangeMelody(song, { seed })).toEqual(arranged);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('gives a melody in C major a cadence on C', () => {
    const song = tuneToSong(written('c2 e2 g2 e2 | f2 d2 B2 G2 | c8 |'));
    const bass = arrangeMelody(song, { seed: 0 }).voices.triangle;
    expect(pitchClass(bass[0].pitch)).toBe(0);
    expect(pitchClass(bass[bass.length - 1].pitch)).toBe(0);
  });
});

describe('harmonise', () => {
  it('takes the tonic for an arpeggio of C major and ends on it', () => {
    expect(harmonise(written('C2 E2 G2 c2 | G2 E2 C4 |'), C_MAJOR)).toEqual([{ start: 0, root: 0, quality: 'major' }]);
  });

  it('finds I, IV, V, I', () => {
    const chords = harmonise(written('c2 e2 g4 | f2 a2 c4 | g2 b2 d4 | c8 |'), C_MAJOR);
    expect(chords.map(({ start, root }) => [start, root])).toEqual([
      [0, 0],
      [96, 5],
      [192, 7],
      [288, 0],
    ]);
  });

  it('ends every embedded tune on its tonic, and covers two thirds of their time', () => {
    let covered = 0;
    let all = 0;
    for (const tune of tunes) {
      const chords = harmonise(tune, tune.key);
      expect(chords[chords.length - 1].root, tune.title).toBe(tune.key.tonic);
      for (const { start, length, pitch } of tune.notes) {
        const chord = chordAt(chords, start);
        all += length;
        if (chord && isChordTone(chord, pitch)) covered += length;
      }
    }
    expect(covered / all).toBeGreaterThan(2 / 3);
  });
});

describe('estimateKey', () => {
  it('names the key of at least 8 in 10 embedded tunes', () => {
    const right = tunes.filter(({ notes, key }) => estimateKey(notes).tonic === key.tonic);
    expect(right.length / tunes.length).toBeGreaterThan(0.8);
  });

  it('follows a transposition', () => {
    for (const { notes } of tunes) {
      const { tonic, mode } = estimateKey(notes);
      const up = notes.map((note) => ({ ...note, pitch: note.pitch + 5 }));
      expect(estimateKey(up)).toEqual({ tonic: (tonic + 5) % 12, mode });
    }
  });
});

describe('strokesOf', () => {
  it('reads one group a beat, holds at -, rests at ., and repeats over the bar', () => {
    expect(strokesOf('R.-F O', 96, { count: 3, length: 24, division: 2 })).toEqual([
      { letter: 'R', start: 96, length: 6 },
      { letter: 'F', start: 114, length: 6 },
      { letter: 'O', start: 120, length: 24 },
      { letter: 'R', start: 144, length: 6 },
      { letter: 'F', start: 162, length: 6 },
    ]);
  });
});

function notesOf(song: Song): number[][] {
  return song.voices.pulse1.map(({ start, end, pitch }) => [start, end, pitch]);
}

/** Ticks in which a note of `upper` sounds above one of `lower`. */
function timeAbove(upper: Song['voices']['pulse1'], lower: Song['voices']['pulse1']): number {
  let ticks = 0;
  for (const a of upper) {
    for (const b of lower)
      if (a.pitch > b.pitch) ticks += Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
  }
  return ticks;
}

function timesOf(song: Song): number[][] {
  return song.voices.pulse1.map(({ start, end }) => [start, end]);
}

interface MelodySketch {
  readonly steps: readonly ({ pitch: number; length: number } | null)[];
  readonly beatsPerMinute: number;
  readonly firstBeat: number;
  readonly beats: number;
  readonly unit: 1 | 2 | 4 | 8 | 16;
  /** Ticks; a 16th note of the tempo when undefined. */
  readonly stepLength: number | undefined;
  readonly tail: number;
}

/** A song of pulse 1 alone on an even grid; null is a rest of one step. */
function songOf({ steps, beatsPerMinute, firstBeat, beats, unit, stepLength, tail }: MelodySketch): Song {
  const tempo = { beatsPerMinute, firstBeat, origin: 'given', confidence: 1 } as const;
  const ticks = stepLength ?? ticksPerQuarter(tempo.beatsPerMinute) / 4;
  let step = 0;
  const pulse1 = steps.flatMap((note) => {
    const start = Math.round(step * ticks);
    step += note?.length ?? 1;
    const end = Math.round(step * ticks);
    return note
      ? [{ start, end, pitch: note.pitch, volume: [{ time: start, value: 12 }], duty: [{ time: start, value: 2 }] }]
      : [];
  });
  return {
    title: 'sampled',
    tempo,
    meter: { beats, unit, origin: 'given' },
    voices: { pulse1, pulse2: [], triangle: [], noise: [] },
    duration: Math.round(step * ticks) + tail,
  };
}
