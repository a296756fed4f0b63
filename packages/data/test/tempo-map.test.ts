import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSong, findEncoding, prevailingTempo, type TempoChange, tempoMapOf } from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

const tempo = { beatsPerMinute: 120, firstBeat: 0, origin: 'given', confidence: 1 } as const;

/** Changes at least a tick apart. */
const changes: fc.Arbitrary<TempoChange[]> = fc
  .array(fc.record({ time: fc.integer({ min: 1, max: 200_000 }), beatsPerMinute: fc.integer({ min: 20, max: 400 }) }))
  .map((found) => {
    let time = 0;
    return found.map(({ time: distance, beatsPerMinute }) => {
      time += distance;
      return { time, beatsPerMinute };
    });
  });

describe('the tempo map', () => {
  it('puts a beat after each half second at 120, and each second at 60', () => {
    const map = tempoMapOf({ ...tempo, changes: [{ time: 44_100, beatsPerMinute: 60 }] });
    expect([0, 22_050, 44_100, 88_200, 132_300].map(map.beatAt)).toEqual([0, 1, 2, 3, 4]);
    expect([-1, 0, 1, 2, 3, 4].map(map.timeAt)).toEqual([-22_050, 0, 22_050, 44_100, 88_200, 132_300]);
  });

  it('leads from any time to its beat and back, and never backwards', () => {
    fc.assert(
      fc.property(
        changes,
        fc.integer({ min: -1e6, max: 1e7 }),
        fc.integer({ min: 1, max: 1e6 }),
        (found, at, later) => {
          const map = tempoMapOf({ ...tempo, firstBeat: -500, changes: found });
          expect(map.timeAt(map.beatAt(at))).toBeCloseTo(at, 3);
          expect(map.beatAt(at + later)).toBeGreaterThan(map.beatAt(at));
        },
      ),
    );
  });

  it('keeps quarter notes quarter notes through a ritardando', () => {
    const slower = Array.from({ length: 12 }, (_, index) => 120 - 5 * index);
    const lengths = slower.map((bpm) => Math.round((44_100 * 60) / bpm));
    const starts = lengths.map((_, index) => lengths.slice(0, index).reduce((sum, length) => sum + length, 0));
    const song = songOf(
      { pulse1: starts.map((start, index) => plainNote(start, start + lengths[index], 60 + (index % 5) * 2)) },
      {
        tempo: {
          ...tempo,
          changes: slower.slice(1).map((beatsPerMinute, index) => ({ time: starts[index + 1], beatsPerMinute })),
        },
      },
    );
    checkSong(song);
    const [sequence] = findEncoding('mono').encode(song).sequences;
    const onsets = [...sequence.events.entries()].filter(([, event]) => event > 1).map(([step]) => step);
    expect(onsets).toEqual(slower.map((_, index) => 4 * index));
  });

  it('calls a song by the tempo that holds longest', () => {
    const late = { ...tempo, changes: [{ time: 100, beatsPerMinute: 90 }] };
    expect(prevailingTempo(late, 44_100)).toBe(90);
    expect(prevailingTempo(late, 150)).toBe(120);
    expect(prevailingTempo(tempo, 0)).toBe(120);
  });

  it('refuses changes out of order or of an impossible tempo', () => {
    const at = (found: TempoChange[]) => () => checkSong(songOf({}, { tempo: { ...tempo, changes: found } }));
    expect(at([{ time: 0, beatsPerMinute: 90 }])).toThrow('tempo.changes[0]: time 0 is not an integer after 0');
    expect(at([{ time: 5, beatsPerMinute: 500 }])).toThrow('500 is outside 20..400');
  });
});
