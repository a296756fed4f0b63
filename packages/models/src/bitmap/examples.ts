import { type Encoding, type EventSequence, ONSET_BITMAP_SHAPE, onsetBitmapOf, WHOLE_SEQUENCES } from '@chipsmith/data';
import type { Examples } from '../examples.ts';
import { requireClasses } from '../next-event/reading.ts';

const { steps, pitches } = ONSET_BITMAP_SHAPE;
/** Of a piece: 16 bars of 48 steps of 88 pitches. */
export const CELLS = steps * pitches;

/** Whole pieces: `bitmap` (B, 67584), and `mask` (B), 1 where there is a piece. Each weighs 1. */
export function bitmapExamples({ classes }: Encoding): Examples {
  const bitmapOf = (events: Uint16Array) => onsetBitmapOf(requireClasses(events, classes));
  return {
    fields: {
      bitmap: { dtype: 'f32', per: 'example', shape: [CELLS] },
      mask: { dtype: 'f32', per: 'example', shape: [] },
    },
    cutting: WHOLE_SEQUENCES,
    fill({ fields }, lane, { events }) {
      fields.bitmap.set(bitmapOf(events), lane * CELLS);
      fields.mask[lane] = 1;
      return 1;
    },
    facts: (train) => {
      const cells = train.reduce((sum, sequence) => sum + cellCount(bitmapOf(sequence.read())), 0);
      return { cellsOfPiece: cells / Math.max(1, train.length) };
    },
    baselines: (train, heldOut) => ({ 'constant probability of each pitch': constantLoss(train, heldOut, bitmapOf) }),
  };
}

/** Cells of a bitmap that are set: notes that start. */
export function cellCount(bitmap: Float32Array): number {
  return bitmap.reduce((sum, cell) => sum + cell, 0);
}

/**
 * Nats a piece, where each pitch starts in each step with the share it has in the training data, one start added to
 * each.
 */
function constantLoss(
  train: readonly EventSequence[],
  heldOut: readonly EventSequence[],
  bitmapOf: (events: Uint16Array) => Float32Array,
): number {
  const startsOf = (sequences: readonly EventSequence[]) => {
    const starts = new Float64Array(pitches);
    for (const sequence of sequences) {
      for (const [cell, set] of bitmapOf(sequence.read()).entries()) starts[cell % pitches] += set;
    }
    return starts;
  };
  const [learnt, seen] = [startsOf(train), startsOf(heldOut)];
  const nats = seen.reduce((sum, count, pitch) => {
    const share = (learnt[pitch] + 1) / (steps * train.length + 2);
    return sum - count * Math.log(share) - (steps * heldOut.length - count) * Math.log(1 - share);
  }, 0);
  return nats / Math.max(1, heldOut.length);
}
