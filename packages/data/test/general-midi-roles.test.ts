import { existsSync, readFileSync } from 'node:fs';
import type { Note, VoiceName } from '@chipsmith/apu';
import { beforeAll, describe, expect, it } from 'vitest';
import { embeddedTunes, readMidi, type Song } from '../src/index.ts';
import { bandOf, shareFound } from './support/band.ts';
import { type FilePart, generalMidi, TICKS_PER_QUARTER } from './support/general-midi.ts';
import { DATA_FOLDER, hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';

const percent = (items: readonly boolean[]) => (100 * items.filter(Boolean).length) / items.length;

describe('roles in the embedded tunes, played by bands with random instruments, names and order of tracks', () => {
  const results = embeddedTunes().map((tune, index) => {
    const { bytes, song, naming } = bandOf(tune, 90_000 + index);
    const { voices } = readMidi(bytes, 'band.mid').song;
    const finds = (voice: VoiceName, share: number) => shareFound(song.voices[voice], voices[voice]) >= share;
    return {
      naming,
      melody: finds('pulse1', 0.9),
      bass: finds('triangle', 0.9),
      second: finds('pulse2', 0.7),
    };
  });

  it('finds the melody of nine tunes in ten', () => {
    expect(percent(results.map(({ melody }) => melody))).toBeGreaterThanOrEqual(92);
  });

  it('finds the bass of nearly all', () => {
    expect(percent(results.map(({ bass }) => bass))).toBeGreaterThanOrEqual(99);
  });

  it('prefers the line under the melody to held and struck chords for pulse 2', () => {
    expect(percent(results.map(({ second }) => second))).toBeGreaterThanOrEqual(78);
  });

  it('is led astray by misleading names in few', () => {
    const misled = results.filter(({ naming }) => naming === 'wrong');
    expect(misled.length).toBeGreaterThan(15);
    expect(percent(misled.map(({ melody }) => melody))).toBeGreaterThanOrEqual(85);
  });
});

/** Voices of a song in samples as parts of a General MIDI file at 120 bpm: no names, all pianos. */
function pianos(voices: readonly (readonly Pick<Note, 'start' | 'end' | 'pitch'>[])[]): FilePart[] {
  const tickOf = (sample: number) => Math.round((sample * TICKS_PER_QUARTER) / 22_050);
  return voices.map((notes, channel) => ({
    name: '',
    channel,
    program: 0,
    notes: notes.map(({ start, end, pitch }) => ({
      start: tickOf(start),
      end: Math.max(tickOf(start) + 1, tickOf(end)),
      pitch,
      velocity: 90,
    })),
  }));
}

const CHORALES = `${DATA_FOLDER}/chorales/Jsb16thSeparated.json`;
const hasChorales = existsSync(CHORALES);

describe.skipIf(!hasChorales)(
  `the JSB chorales as four pianos${hasChorales ? '' : ' (skipped: set CHIPSMITH_DATA to the data folder)'}`,
  () => {
    it('gives the soprano to pulse 1 and the bass to the triangle', () => {
      const { valid } = JSON.parse(readFileSync(CHORALES, 'utf8')) as { valid: number[][][] };
      const results = valid.slice(0, 40).map((steps) => {
        const [soprano, alto, tenor, bass] = [0, 1, 2, 3].map((voice) => voiceOf(steps.map((step) => step[voice])));
        const { voices } = readMidi(generalMidi(pianos([tenor, bass, alto, soprano])), 'chorale.mid').song;
        return {
          soprano: shareFound(soprano, voices.pulse1) >= 0.95,
          bass: shareFound(bass, voices.triangle) >= 0.95,
        };
      });
      expect(results).toHaveLength(40);
      expect(percent(results.map(({ soprano }) => soprano))).toBe(100);
      expect(percent(results.map(({ bass }) => bass))).toBe(100);
    });
  },
);

/** 16ths of a chorale's voice, -1 for a rest, as notes at 120 bpm. */
function voiceOf(steps: readonly number[]): Pick<Note, 'start' | 'end' | 'pitch'>[] {
  const timeOf = (step: number) => Math.round((step * 22_050) / 4);
  const first = steps.map((pitch, step) => ({ pitch, step })).filter(({ pitch, step }) => pitch !== steps[step - 1]);
  return first
    .map(({ pitch, step }, index) => ({
      start: timeOf(step),
      end: timeOf(first[index + 1]?.step ?? steps.length),
      pitch,
    }))
    .filter(({ pitch }) => pitch >= 0);
}

describe.skipIf(!hasNesMdb)(`${NESMDB_NOTE} without names and instruments`, () => {
  const songs: Song[] = [];

  beforeAll(async () => {
    let number = 0;
    for await (const { path, bytes } of nesMdbFiles()) {
      if (!path.includes('/valid/') || number++ % 8 > 0) continue;
      const { song } = readMidi(bytes, path);
      const { pulse1, pulse2, triangle } = song.voices;
      if ([pulse1, pulse2, triangle].every((notes) => notes.length >= 30)) songs.push(song);
    }
  });

  it('gives the triangle back to the triangle where it lies a fourth or more below the pulses', () => {
    const low = songs.filter(({ voices }) => {
      const [pulse1, pulse2, triangle] = [voices.pulse1, voices.pulse2, voices.triangle].map(meanPitch);
      return triangle <= Math.min(pulse1, pulse2) - 5;
    });
    expect(low.length).toBeGreaterThan(10);
    const results = low.map(({ voices }) => {
      const parts = pianos([voices.pulse2, voices.triangle, voices.pulse1]);
      const again = readMidi(generalMidi(parts), 'nameless.mid').song.voices;
      return shareFound(voices.triangle, again.triangle) >= 0.8;
    });
    expect(percent(results)).toBeGreaterThanOrEqual(90);
  });
});

function meanPitch(notes: readonly Note[]): number {
  const length = notes.reduce((sum, { start, end }) => sum + end - start, 0);
  return notes.reduce((sum, { start, end, pitch }) => sum + pitch * (end - start), 0) / length;
}
