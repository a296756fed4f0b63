import { TICKS_PER_SECOND } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEncoding, readMidi, TEMPO_RANGE, tempoMapOf } from '../src/index.ts';
import { ticksPerQuarter } from '../src/timing/tempo-map.ts';
import { chunk, END_OF_TRACK, header, type TimedEvent, tempo, timed } from './support/midi-bytes.ts';

const meter = (tick: number, beats: number, power: number): TimedEvent => ({
  tick,
  bytes: [0xff, 0x58, 4, beats, power, 24, 8],
});
const bpm = (tick: number, beatsPerMinute: number): TimedEvent => ({
  tick,
  bytes: tempo(Math.round(60_000_000 / beatsPerMinute)).slice(1),
});

/** Notes of one quarter each, one behind the other. */
function quarterNotes(count: number, division: number): TimedEvent[] {
  return Array.from({ length: count }, (_, index) => [
    { tick: index * division, bytes: [0x90, 60 + (index % 5), 90] },
    { tick: (index + 1) * division, bytes: [0x80, 60 + (index % 5), 0] },
  ]).flat();
}

const track = (events: readonly TimedEvent[]) => chunk('MTrk', [...timed(events), ...END_OF_TRACK]);

/** Quarter notes, with other events in a track before or behind. */
function read(notes: number, others: readonly TimedEvent[], { division = 96, isBehind = false } = {}) {
  const tracks = [track(others), track(quarterNotes(notes, division))];
  const bytes = [...header(1, 2, division), ...(isBehind ? tracks.reverse() : tracks).flat()];
  return readMidi(Uint8Array.from(bytes), 'timing.mid');
}

/** What a file tells of beside its parts. */
const told = ({ repairs }: ReturnType<typeof read>) => repairs.filter((repair) => !repair.startsWith('track '));
function beats({ song }: ReturnType<typeof read>): number[] {
  const { beatAt } = tempoMapOf(song.tempo);
  return song.voices.pulse1.map(({ start }) => beatAt(start));
}
/** Lengths and distances in 16ths of what the melody encoding takes. */
function sixteenths({ song }: ReturnType<typeof read>): number[] {
  const [sequence] = findEncoding('mono').encode(song).sequences;
  const onsets = [...sequence.events.entries()].filter(([, event]) => event > 1).map(([step]) => step);
  return [...new Set(onsets.slice(1).map((step, index) => step - onsets[index]))];
}

describe('the tempo of a MIDI file', () => {
  it('keeps quarter notes quarter notes through any tempos, at any resolution', () => {
    const tempos = fc.array(
      fc.record({
        quarters: fc.double({ min: 0, max: 24, noNaN: true }),
        beatsPerMinute: fc.integer({ min: 20, max: 400 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(tempos, fc.integer({ min: 1, max: 0x7fff }), fc.boolean(), (written, division, isBehind) => {
        const events = written.map(({ quarters, beatsPerMinute }) =>
          bpm(Math.round(quarters * division), beatsPerMinute),
        );
        const reading = read(24, events, { division, isBehind });
        const { tempo } = reading.song;
        const all = [tempo, ...(tempo.changes ?? [])];
        const fastest = Math.max(120, ...written.map(({ beatsPerMinute }) => beatsPerMinute));
        // The note lies on a whole tick of the song, and so does each change of tempo.
        const rounding = (0.5 + 1) / ticksPerQuarter(fastest);
        for (const [index, beat] of beats(reading).entries())
          expect(Math.abs(beat - index)).toBeLessThan(1e-6 + rounding);
        expect(all.every(({ beatsPerMinute }) => beatsPerMinute >= TEMPO_RANGE.slowest)).toBe(true);
        expect(told(reading)).toEqual([]);
      }),
      { seed: 50, numRuns: 100 },
    );
  });

  it('does not drift over ten thousand changes', () => {
    const events = Array.from({ length: 10_000 }, (_, index) => bpm(index * 7, 100 + ((index * 37) % 61)));
    const reading = read(700, events, { division: 100 });
    const off = beats(reading).map((beat, index) => Math.abs(beat - index));
    expect(Math.max(...off)).toBeLessThan(1.5 / ticksPerQuarter(160));
  });

  it('takes time with the tempos and notes, not with their product', () => {
    // Every note on a tick with a tempo, which @tonejs/midi searches for from there to the last.
    const count = 30_000;
    const reading = read(
      count,
      Array.from({ length: count }, (_, index) => bpm(index, 390 + (index % 3))),
      { division: 1 },
    );
    expect(reading.song.voices.pulse1).toHaveLength(count);
  }, 60_000);

  it.each([
    ['a ritardando', [120, 112, 104, 96, 88, 80, 72, 64].map((value, index) => bpm(8 * 96 + index * 96, value))],
    ['a first tempo that comes late', [bpm(5 * 96, 60)]],
    ['a tempo between the beats', [bpm(0, 90), bpm(250, 140)]],
    ['a hold', [bpm(0, 120), bpm(15 * 96, 25)]],
  ])('gives notes of four 16ths through %s', (_name, events) => {
    const reading = read(16, events);
    expect(sixteenths(reading)).toEqual([4]);
    expect(told(reading)).toEqual([]);
  });

  it('is 120 until the first one, and holds from the tick on which it is written', () => {
    const { song } = read(8, [bpm(2 * 96, 60), bpm(2 * 96, 80)]);
    expect(song.tempo).toEqual({
      beatsPerMinute: 120,
      firstBeat: 0,
      origin: 'given',
      confidence: 1,
      changes: [{ time: TICKS_PER_SECOND, beatsPerMinute: 80 }],
    });
  });

  it('does not change where nothing does, nor behind the last note', () => {
    const { song } = read(8, [bpm(0, 100), bpm(96, 100), bpm(8 * 96, 50), bpm(900 * 96, 140)]);
    expect(song.tempo).toEqual({ beatsPerMinute: 100, firstBeat: 0, origin: 'given', confidence: 1 });
    expect(song.duration).toBe(8 * 26_460);
  });

  it.each([
    [480, 240, 0.5],
    [15, 30, 2],
    [6, 24, 4],
    [1500, 375, 0.25],
  ])('of %i bpm is counted at %i, and that is told', (written, counted, speed) => {
    const reading = read(64, [bpm(0, written)], { division: 480 });
    expect(reading.song.tempo.beatsPerMinute).toBeCloseTo(counted, 1);
    expect(sixteenths(reading)).toEqual([4 * speed]);
    expect(told(reading)).toEqual([`counted beats at ${speed} times the written tempo, which is outside 20..400 bpm`]);
  });

  it('counts a hold at an impossible tempo by itself, and the rest as it is', () => {
    const reading = read(16, [bpm(0, 120), bpm(12 * 96, 15), bpm(13 * 96, 120)]);
    expect(beats(reading)).toEqual([...Array.from({ length: 13 }, (_, index) => index), 14, 15, 16]);
    expect(told(reading)).toEqual(['counted beats at half or double speed in 1 tempo outside 20..400 bpm']);
  });

  it('that no music has is left out, and that is told', () => {
    const none = { tick: 0, bytes: tempo(0).slice(1) };
    const reading = read(4, [bpm(0, 100), none, { tick: 96, bytes: tempo(1).slice(1) }]);
    expect(reading.song.tempo).toMatchObject({ beatsPerMinute: 100, origin: 'given' });
    expect(reading.song.duration).toBe(4 * 26_460);
    expect(told(reading)).toEqual(['left out 2 tempos outside 5..1600 bpm (first at byte 29)']);
    expect(read(4, [none]).song.tempo.origin).toBe('assumed');
  });
});

describe('the bars of a MIDI file', () => {
  /** Where the first `count` bars begin, in quarter notes of the file. */
  const bars = (reading: ReturnType<typeof read>) => {
    const { tempo, meter } = reading.song;
    const bar = (4 * meter.beats) / meter.unit;
    const first = -tempo.firstBeat / ticksPerQuarter(tempo.beatsPerMinute);
    return { meter: `${meter.beats}/${meter.unit}`, first: (((bar - first) % bar) + bar) % bar };
  };

  it.each([
    ['begin with the file', [meter(0, 3, 2)], '3/4', 0],
    ['begin behind an upbeat of one beat', [meter(0, 1, 2), meter(96, 4, 2)], '4/4', 1],
    ['begin behind an upbeat of one eighth', [meter(0, 1, 3), meter(48, 6, 3)], '6/8', 0.5],
    ['begin behind an upbeat of three beats', [meter(0, 3, 2), meter(3 * 96, 4, 2)], '4/4', 3],
    ['begin with the file where the meter is written some ticks late', [meter(0, 4, 2), meter(3, 3, 2)], '3/4', 0],
  ])('%s', (_name, meters, name, first) => {
    const reading = read(24, [bpm(0, 90), bpm(6 * 96, 120), ...meters]);
    expect(bars(reading)).toEqual({ meter: name, first: expect.closeTo(first, 4) });
    expect(told(reading)).toEqual([]);
    for (const [index, beat] of beats(reading).entries()) {
      const upbeat = first === 0 ? 0 : bars(reading).first - (4 * reading.song.meter.beats) / reading.song.meter.unit;
      expect(beat + upbeat).toBeCloseTo(index, 3);
    }
  });

  it.each([
    [
      'from four to three, four holding longer',
      [meter(0, 4, 2), meter(16 * 96, 3, 2)],
      { meter: '4/4', first: 0 },
      'the meter changes from 4/4 to 3/4 at bar 5; bars are counted in 4/4',
    ],
    [
      'from four to three, three holding longer, in its own bars',
      [meter(0, 4, 2), meter(4 * 96, 3, 2)],
      { meter: '3/4', first: 1 },
      'the meter changes from 4/4 to 3/4 at bar 2; bars are counted in 3/4',
    ],
    [
      'for one bar',
      [meter(0, 4, 2), meter(8 * 96, 2, 2), meter(10 * 96, 4, 2)],
      { meter: '4/4', first: 2 },
      'the meter changes from 4/4 to 2/4 at bar 3, with 1 more change; bars are counted in 4/4',
    ],
    [
      'by bars that begin anew',
      [meter(0, 4, 2), meter(10 * 96, 4, 2)],
      { meter: '4/4', first: 2 },
      'a bar of 4/4 is cut short before bar 4; bars are counted in 4/4',
    ],
    [
      'to what a song cannot have',
      [meter(0, 4, 2), meter(4 * 96, 7, 5)],
      { meter: '4/4', first: 0 },
      'left out 1 unsupported meter such as 7/32',
    ],
  ])('change %s: kept or told', (_name, meters, expected, sentence) => {
    const reading = read(24, [bpm(0, 120), ...meters]);
    expect(bars(reading)).toEqual(expected);
    expect(told(reading)).toEqual([sentence]);
  });

  it('do not matter behind the last note', () => {
    const reading = read(8, [bpm(0, 120), meter(0, 3, 2), meter(8 * 96, 4, 2), meter(800 * 96, 5, 2)]);
    expect(bars(reading).meter).toBe('3/4');
    expect(told(reading)).toEqual([]);
  });
});
