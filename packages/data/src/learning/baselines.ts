import type { EventSequence } from '../dataset/dataset.ts';
import { DataError } from '../error.ts';

/** How well a predictor does on held-out sequences, over the events 1..L-1 of each (the first event is given). */
export interface Evaluation {
  /** Mean negative log-likelihood per predicted event, natural logarithm. */
  readonly nll: number;
  /** exp(nll). */
  readonly perplexity: number;
  /** Share of events that were the predictor's first choice. */
  readonly accuracy: number;
  /** Number of predicted events. */
  readonly tokens: number;
}

type Sequences = readonly EventSequence[];

/**
 * Predicts each event by how often it occurs in the train sequences, whatever came before: p(e) = (n(e) + 1) / (N + C)
 * over C classes (add-one smoothing, so that no event is impossible).
 *
 * @throws DataError if the held-out sequences have nothing to predict
 */
export function unigram(train: Sequences, heldOut: Sequences, classes: number): Evaluation {
  return evaluateCounts(train, heldOut, classes, 1, () => 0);
}

/**
 * Predicts each event from the one before it: p(e | d) = (n(d, e) + 1) / (n(d) + C), add-one smoothing over C classes.
 *
 * @throws DataError if the held-out sequences have nothing to predict
 */
export function bigram(train: Sequences, heldOut: Sequences, classes: number): Evaluation {
  return evaluateCounts(train, heldOut, classes, classes, (previous) => previous);
}

/** Counts events by context over `train` and evaluates the smoothed frequencies on `heldOut`. */
function evaluateCounts(
  train: Sequences,
  heldOut: Sequences,
  classes: number,
  contexts: number,
  contextOf: (previous: number) => number,
): Evaluation {
  const counts = Array.from({ length: contexts }, () => new Float64Array(classes).fill(1));
  for (const sequence of train) {
    const events = sequence.read();
    for (let index = 1; index < events.length; index++) counts[contextOf(events[index - 1])][events[index]]++;
  }
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const favourites = counts.map((row) => row.indexOf(Math.max(...row)));

  let loss = 0;
  let hits = 0;
  let tokens = 0;
  for (const sequence of heldOut) {
    const events = sequence.read();
    for (let index = 1; index < events.length; index++) {
      const context = contextOf(events[index - 1]);
      loss -= Math.log(counts[context][events[index]] / totals[context]);
      hits += favourites[context] === events[index] ? 1 : 0;
      tokens++;
    }
  }
  if (tokens === 0) {
    throw new DataError('evaluation', 'the sequences have nothing to predict', 'choose a split that is not empty');
  }
  return { nll: loss / tokens, perplexity: Math.exp(loss / tokens), accuracy: hits / tokens, tokens };
}
