import { beforeAll, describe, expect, it } from 'vitest';
import { encodings, readMidi, type Song, withEstimatedTiming } from '../src/index.ts';
import { heard } from './support/heard.ts';
import { hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';

/** Songs of the valid split, of 403, that give a sequence. */
const KEPT = new Map([
  ['mono', 343],
  ['polyphony', 345],
  ['performance', 393],
  ['performance-velocity', 398],
  ['note-duration', 364],
  ['music-vae-2bar', 386],
  ['music-vae-16bar', 172],
  ['music-vae-trio', 136],
  ['pianoroll', 345],
  ['pianoroll-volume', 345],
  ['onset-bitmap', 401],
  ['note-vectors', 397],
]);
/** Sequences longer than this are not decoded here. */
const LONGEST = 5_000;

describe.skipIf(!hasNesMdb)(`encodings of ${NESMDB_NOTE}`, () => {
  const songs: Song[] = [];

  beforeAll(async () => {
    for await (const { path, bytes } of nesMdbFiles()) {
      if (path.includes('/valid/')) songs.push(withEstimatedTiming(readMidi(bytes, path).song));
    }
  });

  it.each([...KEPT])('%s takes %i songs, and gives the same events again', (name, expected) => {
    const encoding = encodings.find((candidate) => candidate.name === name);
    if (encoding === undefined) throw new Error(`no encoding ${name}`);
    let kept = 0;
    for (const [number, song] of songs.entries()) {
      const sequences = encoding.encode(song).sequences;
      if (sequences.length > 0) kept++;
      if (number % 16 !== 0) continue;
      const { beatsPerMinute } = song.tempo;
      for (const { events } of sequences.slice(0, 2).filter((sequence) => sequence.events.length <= LONGEST)) {
        const again = encoding.encode(encoding.decode(events, { title: 'again', beatsPerMinute }));
        expect(again.sequences[0].events).toEqual(heard(name, events));
      }
    }
    expect(kept).toBe(expected);
  });
});
