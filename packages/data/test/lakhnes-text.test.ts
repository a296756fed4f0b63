import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSongs } from '../src/dataset/formats.ts';
import { checkSong, readLakhNesText, type Song } from '../src/index.ts';
import { anySong } from './support/songs.ts';

const NAMES = { pulse1: 'P1', pulse2: 'P2', triangle: 'TR', noise: 'NO' } as const;

/** A song's events in LakhNES' text with dynamics, written from the rules and not by the encoder. */
function textOf(song: Song): string {
  const events: { time: number; order: number; word: string }[] = [];
  Object.entries(NAMES).forEach(([voice, name], index) => {
    const notes = song.voices[voice as keyof typeof NAMES];
    notes.forEach(({ start, end, pitch, volume, duty }, at) => {
      const add = (time: number, word: string, order: number) =>
        events.push({ time, order: index * 10 + order, word: `${name}_${word}` });
      if (notes[at + 1]?.start !== end) add(end, 'NOTEOFF', 0);
      add(start, `NOTEON_${pitch}`, 1);
      if (name === 'TR') return;
      for (const { time, value } of volume) add(time, `VELOCITY_${value}`, 2);
      for (const { time, value } of duty) add(time, `TIMBRE_${value}`, 3);
    });
  });
  events.sort((a, b) => a.time - b.time || a.order - b.order);
  let now = 0;
  const words = events.flatMap(({ time, word }) => {
    const wait = time > now ? [`WT_${time - now}`] : [];
    now = time;
    return [...wait, word];
  });
  if (song.duration > now) words.push(`WT_${song.duration - now}`);
  return words.join('\n');
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
/** Volume 0 has no event in TX2. */
const songs = anySong(fc.constant(120)).filter(({ voices }) =>
  Object.values(voices).every((notes) => notes.every(({ volume }) => volume.every(({ value }) => value > 0))),
);

describe('readLakhNesText', () => {
  it('gives the notes, volumes and duties that were written, to the sample', () => {
    fc.assert(
      fc.property(songs, (song) => {
        const back = readLakhNesText(bytesOf(textOf(song)), 'a.tx2.txt').song;
        checkSong(back);
        expect(back.voices).toEqual(song.voices);
        expect(back.duration).toBe(song.duration);
      }),
      { numRuns: 60, seed: 12 },
    );
  });

  it('is found by its first word, takes the title from the name, and waits longer than the vocabulary has', () => {
    const [found] = readSongs(bytesOf('P1_NOTEON_60\nWT_123457\nP1_NOTEOFF\n'), 'x/song.tx1.txt');
    if (!('reading' in found)) throw new Error(found.problem);
    expect(found.reading.song).toMatchObject({ title: 'song', duration: 123_457, tempo: { origin: 'assumed' } });
  });

  it.each([
    ['P1_NOTEON_60 P1_NOTEON_9', /a\.txt, byte 13: "P1_NOTEON_9" is not an event of TX1 or TX2/],
    ['WT_5 TR_VELOCITY_3', /byte 5: "TR_VELOCITY_3" is not an event/],
    ['WT_999999999', /byte 0: the music lasts more than four hours/],
  ])('refuses %s', (text, message) => {
    expect(() => readLakhNesText(bytesOf(text), 'a.txt')).toThrow(message);
  });
});
