import { type Change, type Note, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import fc from 'fast-check';
import type { Song } from '../../src/index.ts';

/** A note of constant volume and duty. */
export function plainNote(start: number, end: number, pitch: number, voice: VoiceName = 'pulse1'): Note {
  return {
    start,
    end,
    pitch,
    volume: [{ time: start, value: voice === 'triangle' ? 15 : 10 }],
    duty: [{ time: start, value: 0 }],
  };
}

/** A song of some voices; the others are silent. 120 bpm given, 4/4. */
export function songOf(voices: Partial<Song['voices']>, changes: Partial<Song> = {}): Song {
  const all = { pulse1: [], pulse2: [], triangle: [], noise: [], ...voices };
  return {
    title: 'test',
    voices: all,
    duration: Math.max(0, ...Object.values(all).flatMap((notes) => notes.map((note) => note.end))),
    tempo: { beatsPerMinute: 120, firstBeat: 0, origin: 'given', confidence: 1 },
    meter: { beats: 4, unit: 4, origin: 'given' },
    ...changes,
  };
}

/** Changes inside a note of the given length, at distinct times, each of a value other than the one before. */
function changes(length: number, lowest: number, highest: number): fc.Arbitrary<Change[]> {
  return fc
    .record({
      first: fc.integer({ min: lowest, max: highest }),
      times: fc.uniqueArray(fc.integer({ min: 1, max: length }), { maxLength: 3 }),
      steps: fc.array(fc.integer({ min: 1, max: Math.max(1, highest - lowest) }), { minLength: 3, maxLength: 3 }),
    })
    .map(({ first, times, steps }) => {
      const result = [{ time: 0, value: first }];
      const inside = times.filter((time) => time < length).sort((a, b) => a - b);
      for (const [index, time] of inside.entries()) {
        if (highest === lowest) break;
        const previous = result[result.length - 1].value - lowest;
        result.push({ time, value: lowest + ((previous + steps[index]) % (highest - lowest + 1)) });
      }
      // A step by the whole range leads back to the same value: no change.
      return result.filter((change, index) => change.value !== result[index - 1]?.value);
    });
}

function noteAfterRest(voice: VoiceName): fc.Arbitrary<{ rest: number; length: number; note: Note }> {
  const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
  return fc.integer({ min: 1, max: 60_000 }).chain((length) =>
    fc
      .record({
        rest: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30_000 })),
        pitch: fc.integer({ min: lowestPitch, max: highestPitch }),
        volume: voice === 'triangle' ? fc.constant([{ time: 0, value: 15 }]) : changes(length, 0, 15),
        duty: changes(length, 0, highestDuty),
      })
      .map(({ rest, pitch, volume, duty }) => ({ rest, length, note: { start: 0, end: length, pitch, volume, duty } })),
  );
}

function voiceOf(voice: VoiceName): fc.Arbitrary<Note[]> {
  return fc.array(noteAfterRest(voice), { maxLength: 12 }).map((items) => {
    let time = 0;
    return items.map(({ rest, length, note }) => {
      const start = time + rest;
      time = start + length;
      const move = (list: readonly Change[]) => list.map((change) => ({ ...change, time: change.time + start }));
      return { start, end: time, pitch: note.pitch, volume: move(note.volume), duty: move(note.duty) };
    });
  });
}

/** Any song that keeps the contract, at `beatsPerMinute`. */
export function anySong(beatsPerMinute: fc.Arbitrary<number>): fc.Arbitrary<Song> {
  return fc
    .record({
      pulse1: voiceOf('pulse1'),
      pulse2: voiceOf('pulse2'),
      triangle: voiceOf('triangle'),
      noise: voiceOf('noise'),
      // fast-check's own units of Unicode take seconds to set up in each test file.
      title: fc.string({ unit: fc.constantFrom(...'aZ9 ."/éß音☃𝄞'), maxLength: 20 }),
      beatsPerMinute,
      firstBeat: fc.integer({ min: -50_000, max: 50_000 }),
      beats: fc.integer({ min: 1, max: 12 }),
      unit: fc.constantFrom(1, 2, 4, 8, 16),
      tail: fc.integer({ min: 0, max: 10_000 }),
    })
    .map(({ title, beatsPerMinute: bpm, firstBeat, beats, unit, tail, ...voices }) => {
      const song = songOf(voices, {
        title,
        tempo: { beatsPerMinute: bpm, firstBeat, origin: 'estimated', confidence: 0.5 },
        meter: { beats, unit, origin: 'given' },
      });
      return { ...song, duration: song.duration + tail };
    });
}
