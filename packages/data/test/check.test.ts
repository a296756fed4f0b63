import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSong, DataError, type Song } from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

describe('checkSong', () => {
  it('accepts every song that keeps the contract', () => {
    fc.assert(fc.property(anySong(fc.double({ min: 20, max: 400, noNaN: true })), (song) => checkSong(song)));
  });

  const note = plainNote(100, 200, 60);
  const broken: [name: string, song: Song, place: RegExp][] = [
    ['overlapping notes', songOf({ pulse1: [note, plainNote(150, 300, 62)] }), /pulse1 note 1 .*before the note ahead/],
    ['unsorted notes', songOf({ pulse2: [plainNote(300, 400, 60), note] }), /pulse2 note 1/],
    ['a note of no length', songOf({ pulse1: [{ ...note, end: 100 }] }), /ends at 100, not after its start/],
    ['a fractional time', songOf({ pulse1: [{ ...note, start: 99.5 }] }), /tick 99\.5.*no whole tick/],
    ['a pitch below the triangle', songOf({ triangle: [plainNote(0, 9, 20, 'triangle')] }), /pitch 20.*21\.\.108/],
    ['a noise pitch of 17', songOf({ noise: [plainNote(0, 9, 17)] }), /pitch 17/],
    ['a volume of 16', songOf({ pulse1: [{ ...note, volume: [{ time: 100, value: 16 }] }] }), /volume 16/],
    [
      'a late first volume',
      songOf({ pulse1: [{ ...note, volume: [{ time: 101, value: 5 }] }] }),
      /volume has no value at the note's start/,
    ],
    ['a duty of 2 on noise', songOf({ noise: [{ ...note, pitch: 4, duty: [{ time: 100, value: 2 }] }] }), /duty 2/],
    ['a quiet triangle', songOf({ triangle: [plainNote(0, 9, 40)] }), /single value 15/],
    ['a note after the end', songOf({ pulse1: [note] }, { duration: 150 }), /after the score's end/],
    [
      'a tempo of 0',
      songOf({}, { tempo: { beatsPerMinute: 0, firstBeat: 0, origin: 'given', confidence: 1 } }),
      /beatsPerMinute/,
    ],
    ['a meter of 0 beats', songOf({}, { meter: { beats: 0, unit: 4, origin: 'given' } }), /meter.beats/],
  ];
  it.each(broken)('refuses %s', (_name, song, place) => {
    expect(() => checkSong(song)).toThrow(DataError);
    expect(() => checkSong(song)).toThrow(place);
  });
});

describe('DataError', () => {
  it('is one line whatever the file is called', () => {
    expect(new DataError('a\nb\u0000.mid', 'is\r\nempty', 'give another').message).toBe(
      'a b .mid: is empty; give another',
    );
  });
});
