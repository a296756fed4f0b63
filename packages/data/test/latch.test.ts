import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSong, FRAME_TICKS, latchToFrames, type Song } from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

/** A log as a music routine leaves it: each event up to `spread` ticks after frame `phase + n * 733.79`. */
function loggedNote(startFrame: number, endFrame: number, pitch: number, phase: number, spread = 0) {
  const at = (frame: number) => Math.round(phase + frame * FRAME_TICKS) + spread;
  return plainNote(at(startFrame), at(endFrame), pitch);
}

const frames = (song: Song) =>
  song.voices.pulse1.map(({ start, end, pitch }) => {
    const first = song.voices.pulse1[0].start;
    return [Math.round((start - first) / FRAME_TICKS), Math.round((end - first) / FRAME_TICKS), pitch];
  });

describe('latchToFrames', () => {
  it('takes away the phantom pitch between the two writes of a timer', () => {
    const before = loggedNote(0, 10, 60, 300);
    const phantom = plainNote(before.end, before.end + 17, 90);
    const after = { ...loggedNote(10, 20, 64, 300), start: phantom.end };
    const song = songOf({
      pulse1: [
        before,
        phantom,
        { ...after, volume: [{ time: after.start, value: 9 }], duty: [{ time: after.start, value: 0 }] },
      ],
    });
    const latched = latchToFrames(song);
    expect(frames(latched)).toEqual([
      [0, 10, 60],
      [10, 20, 64],
    ]);
    expect(latched.voices.pulse1[0].end).toBe(latched.voices.pulse1[1].start);
  });

  it('keeps whole frames over minutes, where a grid of 735 samples drifts', () => {
    const notes = Array.from({ length: 900 }, (_, index) =>
      loggedNote(index * 12, index * 12 + 11, 60 + (index % 12), 500, (index * 37) % 200),
    );
    expect(frames(latchToFrames(songOf({ pulse1: notes })))).toEqual(
      notes.map(({ pitch }, index) => [index * 12, index * 12 + 11, pitch]),
    );
  });

  it('keeps the last of several volumes in one frame', () => {
    const note = loggedNote(0, 4, 60, 100);
    const volume = [10, 4, 7].map((value, index) => ({ time: note.start + index * 20, value }));
    const later = { time: note.start + Math.round(2 * FRAME_TICKS), value: 3 };
    const [latched] = latchToFrames(songOf({ pulse1: [{ ...note, volume: [...volume, later] }] })).voices.pulse1;
    expect(latched.volume.map(({ value }) => value)).toEqual([7, 3]);
    expect(latched.volume[0].time).toBe(latched.start);
  });

  it('gives a song that keeps the contract, and changes nothing more the second time', () => {
    fc.assert(
      fc.property(anySong(fc.constant(120)), (song) => {
        const once = latchToFrames(song);
        checkSong(once);
        const starts = once.voices.pulse1.length + once.voices.pulse2.length;
        const twice = latchToFrames(once);
        expect(twice.voices.pulse1.length + twice.voices.pulse2.length).toBe(starts);
      }),
    );
  });
});
