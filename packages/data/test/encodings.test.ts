import { TICKS_PER_SECOND, VOICE_NAMES } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkSong,
  DataError,
  embeddedCorpus,
  encodings,
  findEncoding,
  quartersPerBar,
  Random,
  type Song,
} from '../src/index.ts';
import { heard } from './support/heard.ts';
import { anySong, songOf } from './support/songs.ts';

const songs = anySong(fc.double({ min: 60, max: 300, noNaN: true }));
const corpus = embeddedCorpus();

it('has encodings of different names', () => {
  expect(new Set(encodings.map(({ name }) => name)).size).toBe(encodings.length);
});

describe.each(encodings.map((encoding) => [encoding.name, encoding] as const))('%s', (name, encoding) => {
  const grammarFault = (events: ArrayLike<number>): string | undefined => {
    for (let index = 0; index < events.length; index++) {
      const previous = index === 0 ? undefined : events[index - 1];
      if (encoding.allowedAfter(previous)[events[index]]) continue;
      return `${index}: ${previous === undefined ? 'start' : encoding.describe(previous)}, ${encoding.describe(events[index])}`;
    }
    return undefined;
  };
  const again = (events: ArrayLike<number>, { tempo: { beatsPerMinute }, meter }: Song) =>
    encoding
      .encode(encoding.decode(events, { title: 'again', beatsPerMinute, meter }))
      .sequences.map((found) => [...found.events]);

  it('gives its events again, within its grammar: generated songs', () => {
    fc.assert(
      fc.property(songs, (song) => {
        for (const { events } of encoding.encode(song).sequences) {
          expect(grammarFault(events)).toBe(undefined);
          expect(again(events, song)[0]).toEqual([...heard(name, events)]);
        }
      }),
      { numRuns: 25, seed: 4 },
    );
  });

  it('does so with the embedded tunes, and takes more than a fifth of them, however short they are', () => {
    const chosen = corpus.filter((_, index) => index % 12 === 0);
    let taken = 0;
    for (const song of chosen) {
      const { sequences } = encoding.encode(song);
      if (sequences.length > 0) taken++;
      for (const { events } of sequences.slice(0, 3)) {
        expect(grammarFault(events)).toBe(undefined);
        expect(again(events, song)[0]).toEqual([...heard(name, events)]);
      }
    }
    expect(taken / chosen.length).toBeGreaterThan(0.2);
  });

  it('tells of every sounding voice: a sequence, or why there is none', () => {
    for (const song of corpus.slice(0, 10)) {
      const { sequences, dropped } = encoding.encode(song);
      const told = new Set([...sequences, ...dropped].map(({ voice }) => voice));
      for (const voice of VOICE_NAMES) {
        const melodic = name === 'melody' || name === 'mono';
        if (song.voices[voice].length > 0 && !(melodic && voice === 'noise')) {
          expect(told.has(voice) || told.has('all')).toBe(true);
        }
      }
    }
  });

  it('tells how long each event lasts and which notes it starts, as decoding does', () => {
    // Four bars or more at 120 bpm, which is the typical tempo of those that measure seconds.
    const timed = corpus.map((song) => ({ ...song, tempo: { ...song.tempo, beatsPerMinute: 120 } }));
    const chosen = timed.filter((_, index) => index % 40 === 0);
    for (const { events } of chosen.flatMap((song) => encoding.encode(song).sequences.slice(0, 2))) {
      let bars = 0;
      const chromas = new Set<number>();
      for (const [index, event] of events.entries()) {
        bars += encoding.barsOf(event, index === 0 ? undefined : events[index - 1]);
        for (const pitch of encoding.pitchesOf(event)) chromas.add(pitch % 12);
      }
      const { voices, duration, tempo, meter } = encoding.decode(events, { title: 'timed', beatsPerMinute: 120 });
      const decoded = ((duration / TICKS_PER_SECOND / 60) * tempo.beatsPerMinute) / quartersPerBar(meter);
      const { noise: _, ...pitched } = voices;
      const end = events.findIndex((event) => encoding.isEnd?.(event) === true);
      expect([-1, events.length - 1]).toContain(end);
      // A last note may sound on, and the song's last bar be short.
      expect(Math.abs(decoded - bars)).toBeLessThan(1.05);
      for (const { pitch } of Object.values(pitched).flat()) expect(chromas).toContain(pitch % 12);
    }
  });

  it('decodes any events that the grammar allows into a song that keeps the contract', () => {
    const random = new Random(5);
    for (let round = 0; round < 12; round++) {
      const events: number[] = [];
      while (events.length < 300) {
        const allowed = encoding.allowedAfter(events.at(-1));
        const choices = allowed.flatMap((isAllowed, event) => (isAllowed ? event : []));
        // Nothing follows the event that ends a piece for good.
        if (choices.length === 0) break;
        events.push(choices[random.nextInteger(choices.length)]);
      }
      checkSong(encoding.decode(events, { title: 'sampled' }));
    }
  });

  it('decodes any classes at all without breaking the contract of songs', () => {
    const random = new Random(6);
    for (let round = 0; round < 12; round++) {
      const events = Array.from({ length: 200 }, () => random.nextInteger(encoding.classes));
      checkSong(encoding.decode(events, { title: 'noise' }));
    }
  });

  it('makes nothing of silence, and decodes nothing to silence', () => {
    expect(encoding.encode(songOf({})).sequences.every(({ events }) => events.length > 0)).toBe(true);
    checkSong(encoding.decode([], { title: 'empty' }));
  });

  it('begins with pitches within its grammar, describes every class, and refuses what is none', () => {
    const primer = encoding.encodePitches([60, 62, 64]);
    expect(grammarFault(primer)).toBe(undefined);
    const pitches = VOICE_NAMES.flatMap((voice) =>
      encoding.decode(primer, { title: 'primer' }).voices[voice].map(({ pitch }) => pitch),
    );
    expect(pitches).toEqual([60, 62, 64]);
    const words = Array.from({ length: encoding.classes }, (_, event) => encoding.describe(event));
    expect(new Set(words).size).toBe(encoding.classes);
    expect(() => encoding.decode([0, encoding.classes], { title: 'x' })).toThrow(DataError);
    expect(() => encoding.decode([0.5], { title: 'x' })).toThrow(DataError);
    expect(() => encoding.encodePitches([60, 1000])).toThrow(DataError);
    expect(findEncoding(name, encoding.version)).toBe(encoding);
  });
});
