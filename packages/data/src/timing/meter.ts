import type { Meter, Song, Tempo } from '../song.ts';
import { FRAMES_PER_SECOND } from './latch.ts';
import { gathering, type Onset, startsOf } from './onsets.ts';

/** Below this many onsets nothing is known; below the second number, a jingle, nothing but four is believed. */
const MIN_ONSETS = 4;
const MIN_ONSETS_FOR_THREE = 64;
/** Most NES music is in four: the evidence for three must be this much stronger. */
const CLEARLY_BETTER = 0.05;
/** Longer notes do not tell more, in quarter notes. */
const LONGEST_NOTE = 4;

/**
 * The meter by where long notes lie, as these begin bars and beats: 4/4, unless they gather clearly better on bars of
 * three quarters, or half bars of that length, than on those of four. Then it is 6/8 if they gather better on dotted
 * quarters than on quarters, which is also what a shuffle comes out as, else 3/4. How often that is right: see the
 * README.
 */
export function estimateMeter(song: Song, tempo: Tempo): Meter {
  const quarter = (FRAMES_PER_SECOND * 60) / tempo.beatsPerMinute;
  const onsets = startsOf(song).map(
    ({ frame, length }): Onset => ({ frame, weight: Math.min(LONGEST_NOTE, length / quarter) ** 2 }),
  );
  const onQuarters = (count: number) => gathering(onsets, count * quarter).strength;
  const dotted = onQuarters(1.5);
  const three = Math.max(dotted, onQuarters(3));
  const four = Math.max(onQuarters(2), onQuarters(4));
  if (onsets.length < MIN_ONSETS) return { beats: 4, unit: 4, origin: 'assumed' };
  if (onsets.length < MIN_ONSETS_FOR_THREE || three < four + CLEARLY_BETTER)
    return { beats: 4, unit: 4, origin: 'estimated' };
  return dotted > onQuarters(1)
    ? { beats: 6, unit: 8, origin: 'estimated' }
    : { beats: 3, unit: 4, origin: 'estimated' };
}
