import { playScore } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { APU_BENCHMARKS } from '../src/apu/benchmarks.ts';
import { denseScore } from '../src/apu/dense-score.ts';
import type { Result } from '../src/report/results.ts';
import { runPlain } from '../src/run-plain.ts';

describe('denseScore', () => {
  it('keeps all four voices sounding to the end', () => {
    const score = denseScore(2);
    for (const notes of Object.values(score.voices)) {
      expect(notes[0].start).toBe(0);
      expect(notes.at(-1)?.end).toBe(score.duration);
      for (const [index, note] of notes.slice(1).entries()) expect(note.start).toBe(notes[index].end);
    }
  });

  it('writes registers in nearly every frame', () => {
    const { writes } = playScore(denseScore(2));
    const frames = new Set(writes.map(({ cycle }) => Math.floor(cycle / 29_780.5)));
    expect(frames.size).toBeGreaterThan(0.9 * 2 * 60.0988);
  });
});

describe('APU benchmarks', () => {
  it('render sound and give its speed in multiples of real time', async () => {
    const results: Result[] = [];
    const effort = { rounds: 1, budgetMilliseconds: 0, sampleMilliseconds: 1 };
    await runPlain(APU_BENCHMARKS.slice(0, 1), effort, (result) => results.push(result));
    expect(results).toHaveLength(1);
    expect(results[0].rates[0].unit).toBe('x real time');
    expect(results[0].rates[0].value).toBeGreaterThan(0);
    expect(results[0].memory).toBeUndefined();
  });
});
