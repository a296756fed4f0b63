import { describe, expect, it } from 'vitest';
import { barProfilesOf, fitBars } from '../src/arranging/fit-bars.ts';
import { embeddedTunes, melodyEncoding, type Song, tuneToSong } from '../src/index.ts';

const SIXTEENTH = 5512.5;

/** What a model would have written of a tune: its melody at 120 bpm, with bars of 4/4 from the first tick. */
const asWritten = (song: Song): Song | undefined => {
  const [sequence] = melodyEncoding.encode(song).sequences;
  return sequence && melodyEncoding.decode(sequence.events.slice(0, 256), { title: song.title });
};

/** The 16ths before a bar line of the song's, 0 where bars begin with it. */
const upbeat = ({ tempo }: Song) => Math.round(tempo.firstBeat / SIXTEENTH);

/** 4/4 and 2/4 are felt alike, and so are 6/8 and 3/8. */
const FELT: Readonly<Record<string, string>> = { '2/4': '4/4', '3/8': '6/8' };
const meterOf = ({ meter: { beats, unit } }: Song) => FELT[`${beats}/${unit}`] ?? `${beats}/${unit}`;

const songs = embeddedTunes().map(tuneToSong);
/** 16ths of a beat. */
const beatOf = (song: Song) => (meterOf(song) === '6/8' ? 6 : 4);
const tunes = songs.filter((song) => ['4/4', '3/4', '6/8'].includes(meterOf(song)) && asWritten(song));

describe('fitBars', () => {
  it('finds the beats of tunes, and the meter of nine in ten, by the profiles of the others', () => {
    let [beats, meters] = [0, 0];
    for (const tune of tunes) {
      const fitted = fitBars(asWritten(tune) ?? tune, barProfilesOf(songs.filter((song) => song !== tune)));
      if (upbeat(fitted) % beatOf(fitted) === 0) beats++;
      if (meterOf(fitted) === meterOf(tune)) meters++;
    }
    expect(tunes.length).toBeGreaterThan(80);
    expect(beats / tunes.length).toBeGreaterThan(0.95);
    expect(meters / tunes.length).toBeGreaterThan(0.88);
  });

  it('moves its beats to melodies that run beside them', () => {
    let beats = 0;
    for (const tune of tunes) {
      const written = asWritten(tune) ?? tune;
      const later = (time: number) => time + Math.round(SIXTEENTH);
      const pulse1 = written.voices.pulse1.map((note) => ({ ...note, start: later(note.start), end: later(note.end) }));
      const late = { ...written, voices: { ...written.voices, pulse1 }, duration: later(written.duration) };
      const fitted = fitBars(late);
      if (upbeat(fitted) % beatOf(fitted) === 1) beats++;
    }
    expect(beats / tunes.length).toBeGreaterThan(0.93);
  });

  it('leaves a melody of no notes, and one of few, in 4/4', () => {
    for (const events of [new Array(64).fill(0), [20, 0, 0, 0, 0, 0, 22, ...new Array(57).fill(0)]]) {
      const written = melodyEncoding.decode(events, { title: 'sparse' });
      const fitted = fitBars(written);
      expect([meterOf(fitted), fitted.tempo.firstBeat]).toEqual(['4/4', 0]);
    }
  });
});
