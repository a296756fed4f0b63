import { expect, it } from 'vitest';
import { playScore, renderAudio, writeWav } from '../src/index.ts';

it('x', () => {
  const note = (start: number, end: number, pitch: number) => ({
    start,
    end,
    pitch,
    volume: [{ time: start, value: 15 }],
    duty: [{ time: start, value: 0 }],
  });
  const log = playScore({
    voices: {
      pulse1: [note(0, 22050, 69), note(22050, 44100, 69)],
      pulse2: [note(0, 44100, 33)],
      triangle: [note(0, 44100, 45)],
      noise: [note(0, 4410, 10)],
    },
    duration: 44100,
  });
  const a = renderAudio(log);
  expect(a.length).toBe(48000);
  writeWav(a, 48000);
});
