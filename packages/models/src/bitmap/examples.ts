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
      let [notes, onsets] = [0, 0];
      for (const sequence of train) {
        const counts = countNotes(bitmapOf(sequence.read()));
        notes += counts.notes;
        onsets += counts.onsets;
      }
      const pieces = Math.max(1, train.length);
      return { notesOfPiece: notes / pieces, onsetsOfPiece: onsets / pieces };
    },
    baselines: (train, heldOut) => countingLosses(train, heldOut, bitmapOf),
  };
}

/** How many notes a bitmap has, and steps in which some start. */
export function countNotes(bitmap: Float32Array): { readonly notes: number; readonly onsets: number } {
  const begun = new Set<number>();
  let notes = 0;
  for (const [cell, set] of bitmap.entries()) {
    if (set === 0) continue;
    notes++;
    begun.add(Math.floor(cell / pitches));
  }
  return { notes, onsets: begun.size };
}

/**
 * Nats a piece of counting: each pitch starts in each step with its share of the training data (unigram), or with its
 * share where it started a quarter note before, or did not (bigram); one start added to each.
 */
function countingLosses(
  train: readonly EventSequence[],
  heldOut: readonly EventSequence[],
  bitmapOf: (events: Uint16Array) => Float32Array,
): Readonly<Record<string, number>> {
  const [learnt, seen] = [train, heldOut].map((sequences) => countStarts(sequences, bitmapOf));
  const lossOf = (order: 'unigram' | 'bigram') => {
    const [model, data] = [learnt[order], seen[order]];
    const nats = data.starts.reduce((sum, starts, context) => {
      const share = (model.starts[context] + 1) / (model.steps[context] + 2);
      return sum - starts * Math.log(share) - (data.steps[context] - starts) * Math.log(1 - share);
    }, 0);
    return nats / Math.max(1, heldOut.length);
  };
  return { unigram: lossOf('unigram'), bigram: lossOf('bigram') };
}

/** Steps, and those of them in which a note starts, of each pitch; of bigrams first where none started before. */
function countStarts(sequences: readonly EventSequence[], bitmapOf: (events: Uint16Array) => Float32Array) {
  const counts = (contexts: number) => ({ starts: new Float64Array(contexts), steps: new Float64Array(contexts) });
  const [unigram, bigram] = [counts(pitches), counts(2 * pitches)];
  for (const sequence of sequences) {
    const bitmap = bitmapOf(sequence.read());
    for (const [cell, start] of bitmap.entries()) {
      const pitch = cell % pitches;
      const before = cell < QUARTER * pitches ? 0 : bitmap[cell - QUARTER * pitches];
      for (const [{ starts, steps }, context] of [
        [unigram, pitch],
        [bigram, pitch + before * pitches],
      ] as const) {
        starts[context] += start;
        steps[context]++;
      }
    }
  }
  return { unigram, bigram };
}

/** Steps. */
const QUARTER = 12;
