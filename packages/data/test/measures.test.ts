import type { VoiceName } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barsRepeatedAt, compareMeasures, measureMusic } from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

const BEAT = 22_050;
const BAR = 4 * BEAT;

/** Notes of a quarter, one after the other. */
const quarters = (voice: VoiceName, first: number, ...pitches: number[]) =>
  pitches.map((pitch, index) => plainNote(first + index * BEAT, first + (index + 1) * BEAT, pitch, voice));

describe('measureMusic', () => {
  it('goes from note to note of each voice, and not from voice to voice', () => {
    const song = songOf({ pulse1: quarters('pulse1', 0, 60, 62, 62), triangle: quarters('triangle', 0, 36, 48, 36) });
    expect(measureMusic(song, ['pulse1'])).toMatchObject({
      interval: 1,
      leaps: 0,
      repeatedNotes: 0.5,
      notesPerBeat: 1,
    });
    expect(measureMusic(song, ['pulse1', 'triangle'])).toMatchObject({
      interval: (2 + 0 + 12 + 12) / 4,
      leaps: 0.5,
      repeatedNotes: 0.25,
      notesPerBeat: 2,
    });
  });

  it('never takes the noise for pitches', () => {
    const noise = quarters('noise', 0, 1, 14, 3, 9);
    const song = songOf({ pulse1: quarters('pulse1', 0, 60, 62, 64, 65), noise });
    const [melody, both] = [measureMusic(song, ['pulse1']), measureMusic(song, ['pulse1', 'noise'])];
    const { notesPerBeat, ...others } = both;
    expect(notesPerBeat).toBe(2 * melody.notesPerBeat);
    expect(others).toEqual({ ...others, ...melody, notesPerBeat: undefined, onsetsMet: 1 });
    const drums = measureMusic(songOf({ noise }), ['noise']);
    for (const name of ['interval', 'pitchEntropy', 'pitchClassEntropy', 'scaleConsistency', 'polyphony'] as const) {
      expect(drums[name]).toBeNaN();
    }
    expect(drums).toMatchObject({ rests: 0, polyphonyRate: 0, emptyBeats: 0 });
  });

  it('tells entropies and the best scale', () => {
    const scale = songOf({ pulse1: quarters('pulse1', 0, 60, 62, 64, 65, 67, 69, 71, 72) });
    const { pitchClassEntropy, pitchEntropy, scaleConsistency } = measureMusic(scale, ['pulse1']);
    expect(pitchEntropy).toBe(3);
    // C twice of eight, six others once.
    expect(pitchClassEntropy).toBeCloseTo(0.25 * 2 + (6 / 8) * 3, 10);
    expect(scaleConsistency).toBe(1);
    const chromatic = songOf({
      pulse1: quarters('pulse1', 0, ...Array.from({ length: 12 }, (_, index) => 60 + index)),
    });
    expect(measureMusic(chromatic, ['pulse1']).scaleConsistency).toBeCloseTo(7 / 12, 10);
  });

  it('counts different pitches at once, over the time in which there are any', () => {
    const song = songOf({
      pulse1: quarters('pulse1', 0, 60, 60),
      pulse2: quarters('pulse2', 0, 60, 64),
      // Alone in the fourth beat; nothing sounds in the third.
      triangle: [...quarters('triangle', BEAT, 48), ...quarters('triangle', 3 * BEAT, 48)],
    });
    const measures = measureMusic(song, ['pulse1', 'pulse2', 'triangle']);
    expect(measures.polyphony).toBeCloseTo((1 + 3 + 1) / 3, 10);
    expect(measures.polyphonyRate).toBeCloseTo(1 / 4, 10);
    expect(measures.rests).toBeCloseTo(1 / 4, 10);
    expect(measures.emptyBeats).toBeCloseTo(1 / 4, 10);
  });

  it('finds beats empty that a note merely reaches, and none that one is held through', () => {
    const held = songOf({ pulse1: [plainNote(0, 2 * BEAT + 1, 60)] }, { duration: BAR });
    expect(measureMusic(held, ['pulse1']).emptyBeats).toBe(0.5);
    const touching = songOf({ pulse1: [plainNote(0, 3 * BEAT, 60)] }, { duration: BAR });
    expect(measureMusic(touching, ['pulse1']).emptyBeats).toBe(0.25);
  });

  it('counts beats from the first one of the tempo on, of which a short song may have none', () => {
    const tempo = { beatsPerMinute: 120, firstBeat: BEAT, origin: 'given', confidence: 1 } as const;
    const pickup = songOf({ pulse1: [plainNote(0, BEAT, 60), plainNote(2 * BEAT, 3 * BEAT, 62)] }, { tempo });
    expect(measureMusic(pickup, ['pulse1']).emptyBeats).toBe(0.5);
    expect(measureMusic(songOf({}, { tempo }), ['pulse1']).emptyBeats).toBeNaN();
  });

  it('compares bars in all voices, without one beyond the last', () => {
    const pulse1 = [...quarters('pulse1', 0, 60, 62, 64, 65), ...quarters('pulse1', BAR, 60, 62, 64, 65)];
    const alike = songOf({ pulse1 });
    expect(measureMusic(alike, ['pulse1'])).toMatchObject({ grooveConsistency: 1, repeatedBars: 1 });
    expect(barsRepeatedAt(alike, ['pulse1'], 1)).toBe(1);
    // Two notes more, in the second bar: 2 of its 16ths differ.
    const noise = [
      plainNote(BAR + BEAT / 2, BAR + BEAT, 5, 'noise'),
      plainNote(BAR + 1.5 * BEAT, BAR + 2 * BEAT, 5, 'noise'),
    ];
    const filled = songOf({ pulse1, noise });
    expect(measureMusic(filled, ['pulse1'])).toMatchObject({ grooveConsistency: 1, repeatedBars: 1 });
    expect(measureMusic(filled, ['pulse1', 'noise'])).toMatchObject({ grooveConsistency: 1 - 2 / 16, repeatedBars: 0 });
    expect(barsRepeatedAt(filled, ['pulse1', 'noise'], 1)).toBe(0);
  });

  it('stays within its limits, whatever the song', () => {
    fc.assert(
      fc.property(anySong(fc.constant(120)), (song) => {
        const measures = measureMusic(song, ['pulse1', 'pulse2', 'triangle', 'noise']);
        for (const name of ['rests', 'polyphonyRate', 'emptyBeats', 'grooveConsistency', 'repeatedBars'] as const) {
          if (!Number.isNaN(measures[name])) expect(measures[name]).toBeGreaterThanOrEqual(0);
          if (!Number.isNaN(measures[name])) expect(measures[name]).toBeLessThanOrEqual(1);
        }
        if (!Number.isNaN(measures.polyphony)) {
          expect(measures.polyphony).toBeGreaterThanOrEqual(1);
          expect(measures.polyphony).toBeLessThanOrEqual(3);
        }
        expect(
          Object.values(compareMeasures([measures], [measures])).filter((each) => each !== 0 && each !== 1),
        ).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
