import { BOUNDARY, FIRST_WAIT } from './vocabulary.ts';
import { WAITS } from './waits.ts';

/** Fewest events, both `<S>` counted, of a sequence that LakhNES scores. */
const MIN_EVENTS = 10;

/**
 * The sequence that LakhNES' evaluation scores for a song's TX1 or TX2 events: a wait at either end trimmed, `<S>`
 * before and after; undefined where fewer than 10 events are left, for such songs are skipped. Its first event is
 * given, the closing `<S>` is predicted. In training nothing is trimmed or skipped unless the training script is asked
 * to.
 */
export function lakhNesEvaluationSequence(events: Uint16Array): Uint16Array | undefined {
  const start = isWait(events[0]) ? 1 : 0;
  const end = events.length > start && isWait(events[events.length - 1]) ? events.length - 1 : events.length;
  return end - start + 2 < MIN_EVENTS ? undefined : withBoundaries(events.subarray(start, end));
}

/** A song's TX1 or TX2 events between `<S>` and `<S>`, as LakhNES trains on them. */
export function withBoundaries(events: ArrayLike<number>): Uint16Array {
  return Uint16Array.from([BOUNDARY, ...Array.from(events), BOUNDARY]);
}

function isWait(id: number | undefined): boolean {
  return id !== undefined && id >= FIRST_WAIT && id < FIRST_WAIT + WAITS.length;
}
