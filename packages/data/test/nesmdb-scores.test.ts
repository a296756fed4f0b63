import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Note, VOICE_NAMES, VOICE_RANGES } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSong, DataError, readMidi, readPickledScore, type Song, songFromScore } from '../src/index.ts';
import { pickledArray, pickledLists } from './support/pickles.ts';
import { DATA_FOLDER, hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';

const TICKS = 44_100 / 24;

/** A frame of a score: note, volume, duty of each voice. */
const anyFrame = fc
  .tuple(
    ...VOICE_NAMES.map((voice) => {
      const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
      return fc.oneof(
        fc.constant([0, 0, 0]),
        fc.tuple(
          fc.integer({ min: lowestPitch, max: Math.min(highestPitch, lowestPitch + 5) }),
          voice === 'triangle' ? fc.constant(0) : fc.integer({ min: 1, max: 15 }),
          fc.integer({ min: 0, max: highestDuty }),
        ),
      );
    }),
  )
  .map((voices) => voices.flat());
const anyScore = fc.array(anyFrame, { minLength: 1, maxLength: 40 }).map((frames) => Uint8Array.from(frames.flat()));

/** A song back as frames: what a score of it would say. */
function framesOf(song: Song, count: number): Uint8Array {
  const frames = new Uint8Array(count * 12);
  for (const [index, voice] of VOICE_NAMES.entries()) {
    for (const { start, end, pitch, volume, duty } of song.voices[voice]) {
      for (let frame = Math.round(start / TICKS); frame < Math.min(count, Math.round(end / TICKS)); frame++) {
        const at = (changes: Note['volume']) =>
          changes.findLast(({ time }) => time <= Math.round(frame * TICKS))?.value;
        frames.set([pitch, voice === 'triangle' ? 0 : (at(volume) ?? 99), at(duty) ?? 99], frame * 12 + index * 3);
      }
    }
  }
  return frames;
}

describe('readPickledScore', () => {
  it('gives every note, volume and duty of an expressive score', () => {
    fc.assert(
      fc.property(anyScore, (frames) => {
        const count = frames.length / 12;
        const { song, repairs } = readPickledScore(
          pickledArray([count, 4, 3], frames, Math.round(count * TICKS)),
          's.pkl',
        );
        checkSong(song);
        expect(repairs).toEqual([]);
        expect(framesOf(song, count)).toEqual(frames);
      }),
      { numRuns: 100, seed: 24 },
    );
  });

  it('gives the notes of a separated score at full volume', () => {
    const { song } = readPickledScore(
      pickledArray([2, 4], Uint8Array.of(60, 0, 40, 9, 60, 64, 0, 9), 3675),
      'x.seprsco.pkl',
    );
    expect([...framesOf(song, 2)]).toEqual([
      60, 15, 0, 0, 0, 0, 40, 0, 0, 9, 15, 0, 60, 15, 0, 64, 15, 0, 0, 0, 0, 9, 15, 0,
    ]);
    expect(song.title).toBe('x');
  });

  it('deals the notes of a blended score: highest, middle, lowest', () => {
    const { song } = readPickledScore(pickledLists([[36, 60, 64], [36, 62], [50], []], 7350), 'b.blndsco.pkl');
    const pitches = [...framesOf(song, 4)].filter((_, index) => index % 3 === 0);
    expect(pitches).toEqual([64, 60, 36, 0, 62, 0, 36, 0, 50, 0, 0, 0, 0, 0, 0, 0]);
  });

  const bad: [string, string, RegExp][] = [
    ['a name of the system', "cos\nsystem\n(S'true'\ntR.", /byte 0: it names "os system".*nothing was run/],
    ['a name of numpy beside those', 'cnumpy\nload\n.', /it names "numpy load"/],
    ['an object of a class', '(i__main__\nA\n.', /instruction 0x69 is not one/],
    ['another shape', '(F24\nI5\nNt.', /neither an array nor a list/],
    ['no triple', 'I5\n.', /it is not a score/],
    ['the end missing', '(F24\n', /ends at byte 5/],
    ['an empty stack', '.', /the stack is empty/],
    ['a missing memo', 'g7\n.', /entry 7 of the memo/],
    ['a wrong array', '(F24\nI5\ncnumpy.core.multiarray\n_reconstruct\n)Rt.', /its array is not one of bytes/],
    ['protocol 5', '\x80\x05.', /protocol is above 4/],
  ];
  it.each(bad)('refuses %s', (_name, text, message) => {
    expect(() => readPickledScore(Buffer.from(text, 'latin1'), 'bad.pkl')).toThrow(message);
    expect(() => readPickledScore(Buffer.from(text, 'latin1'), 'bad.pkl')).toThrow(DataError);
  });
});

const fixture = `${DATA_FOLDER}/nesmdb/exprsco24_valid`;

describe.skipIf(!hasNesMdb || !existsSync(`${fixture}.u8.gz`))(`expressive scores of ${NESMDB_NOTE}`, () => {
  it('have in each frame the pitch that sounds longest in it by the MIDI file', async () => {
    const all = gunzipSync(readFileSync(`${fixture}.u8.gz`));
    const index: { name: string; startFrame: number; frames: number; nsamps: number }[] = JSON.parse(
      readFileSync(`${fixture}.index.json`, 'utf8'),
    );
    const wanted = new Map(
      index.filter(({ frames }, at) => at % 20 === 0 && frames < 3000).map((entry) => [entry.name, entry]),
    );
    let frames = 0;
    let equal = 0;
    for await (const { path, bytes } of nesMdbFiles()) {
      const entry = wanted.get(path.slice(path.lastIndexOf('/') + 1, -4));
      if (!entry) continue;
      const score = all.subarray(entry.startFrame * 12, (entry.startFrame + entry.frames) * 12);
      const { song } = songFromScore({ rate: 24, duration: entry.nsamps, frames: score }, entry.name);
      checkSong(song);
      const notesOf = (score: Uint8Array) => [...score].filter((_, at) => at % 3 === 0);
      expect(notesOf(framesOf(song, entry.frames))).toEqual(notesOf(score));
      const published = readMidi(bytes, path).song;
      for (const voice of VOICE_NAMES) {
        const heard = longestPitches(published.voices[voice], entry.frames);
        const told = longestPitches(song.voices[voice], entry.frames);
        frames += entry.frames;
        equal += heard.filter((pitch, frame) => pitch === told[frame]).length;
      }
    }
    expect(frames).toBeGreaterThan(20_000);
    // Frames of 1837.5 samples begin on half samples, which falls one way or the other; measured: 99.87 %.
    expect(equal / frames).toBeGreaterThan(0.998);
  });
});

/**
 * For each 24th of a second the pitch that sounds longest in it; of equal ones the lowest, as numpy's bincount gives
 * it.
 */
function longestPitches(notes: readonly Note[], count: number): number[] {
  const ticks = Array.from({ length: count }, () => new Map<number, number>());
  for (const { start, end, pitch } of notes) {
    for (let frame = Math.floor(start / TICKS); frame < Math.min(count, end / TICKS); frame++) {
      const length = Math.min(end, (frame + 1) * TICKS) - Math.max(start, frame * TICKS);
      if (length > 1) ticks[frame].set(pitch, (ticks[frame].get(pitch) ?? 0) + length);
    }
  }
  return ticks.map((map) => [...map].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? 0);
}
