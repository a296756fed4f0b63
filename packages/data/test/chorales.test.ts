import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkSong, readChorales, type Song } from '../src/index.ts';
import { DATA_FOLDER } from './support/real-data.ts';

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
/** A 16th at 80 quarters a minute. */
const STEP = 8268.75;

/** Pitches of each step of a voice, -1 for rests. */
function stepsOf(song: Song, voice: keyof Song['voices'], count: number): number[] {
  const steps = new Array<number>(count).fill(-1);
  for (const { start, end, pitch } of song.voices[voice])
    steps.fill(pitch, Math.round(start / STEP), Math.round(end / STEP));
  return steps;
}

describe('readChorales', () => {
  const small = {
    train: [
      [
        [72, 64, 60, 48],
        [72, 65, 60, 48],
        [-1, 65, 59, 43],
      ],
    ],
    valid: [[[70, 62, 58, 46]]],
  };

  it('gives soprano, alto and bass, equal steps as one note, each chorale in its split', () => {
    const found = readChorales(bytesOf(small), 'Jsb16th.json');
    expect(found.map(({ path }) => path)).toEqual(['Jsb16th.json/train/001', 'Jsb16th.json/valid/001']);
    const [first] = found;
    if (!('reading' in first)) throw new Error(first.problem);
    const { song, repairs } = first.reading;
    checkSong(song);
    expect(repairs).toEqual(['left out the tenor']);
    expect(song.voices.pulse1.map(({ start, end, pitch }) => [start, end, pitch])).toEqual([[0, 16_538, 72]]);
    expect(stepsOf(song, 'pulse2', 3)).toEqual([64, 65, 65]);
    expect(stepsOf(song, 'triangle', 3)).toEqual([48, 48, 43]);
    expect(song.tempo).toEqual({ beatsPerMinute: 80, firstBeat: 0, origin: 'given', confidence: 1 });
  });

  it('takes the length of a step from the name', () => {
    const lengths = ['jsb-chorales-quarter.json', 'jsb-chorales-8th.json', 'jsb-chorales-16th.json'].map((name) => {
      const [first] = readChorales(bytesOf(small), name);
      return 'reading' in first ? first.reading.song.duration : 0;
    });
    expect(lengths).toEqual([99_225, 49_613, 24_806]);
  });

  it.each([
    ['no JSON', '{"train": [}', /^bad\.json: is not JSON \(.*\); give a file/],
    ['a cut file', '{"train": [', /^bad\.json: is not JSON \(.*\); give a file/],
    ['five voices', '{"train": [[[1, 2, 3, 4, 5]]]}', /bad\.json, field train\.0\.0: has 5 pitches, not 4/],
    ['text for a pitch', '{"a\\"]":0, "t\\u0065": [[["c", 2, 3, 4]]]}', /field a"\]: is not a list/],
    ['a part of a pitch', '{"train": [[], [[2, 3.5, 4, 5]]]}', /field train\.0: has 0 steps/],
    ['a later fault', ' {"a": [], "a" : [[[1,2,3,4] , [2, 3.5, 4, 5]]]}', /field a\.0\.1\.1: is not a whole/],
    ['a million brackets', '['.repeat(1_000_000), /^bad\.json: is nested more than 16 deep/],
    ['other JSON', ' [1]', /field \(all\): is not an object of splits/],
    ['chorales without end', `{"a": [${'0,'.repeat(10)}0]}`, /field a\.0: is not a list/],
  ])('refuses %s', (_name, text, message) => {
    expect(() => readChorales(new TextEncoder().encode(text), 'bad.json')).toThrow(message);
  });

  it('tells of a pitch that the chip cannot play', () => {
    expect(readChorales(bytesOf({ train: [[[72, 64, 60, 12]]] }), 'a.json')).toEqual([
      {
        path: 'a.json/train/001',
        problem: 'pitch 12 is outside 21..108, all the voice can play',
        place: { within: 'field train.0.0.3' },
      },
    ]);
  });
});

const file = `${DATA_FOLDER}/chorales/Jsb16thSeparated.json`;

describe.skipIf(!existsSync(file))('the JSB chorales (skipped without CHIPSMITH_DATA)', () => {
  it('come with every step of three voices', () => {
    const bytes = readFileSync(file);
    const written: Record<string, number[][][]> = JSON.parse(bytes.toString());
    const found = readChorales(bytes, 'Jsb16thSeparated.json');
    expect(found).toHaveLength(382);
    for (const [index, { path, ...song }] of found.entries()) {
      if (!('reading' in song)) throw new Error(song.problem);
      if (index % 4 !== 0) continue;
      const [, split, number] = path.split('/');
      const steps = written[split][Number(number) - 1];
      checkSong(song.reading.song);
      for (const [voice, part] of [
        ['pulse1', 0],
        ['pulse2', 1],
        ['triangle', 3],
      ] as const) {
        expect(stepsOf(song.reading.song, voice, steps.length)).toEqual(steps.map((step) => step[part]));
      }
    }
  });
});
