import { DURATION_ROLL_SHAPE, durationRollOf, type Encoding, type EventSequence } from '@chipsmith/data';
import type { Examples } from '../examples.ts';
import { requireClasses } from '../next-event/reading.ts';

const { pitches: PITCHES, stepsPerBar } = DURATION_ROLL_SHAPE;

/**
 * Windows of a roll of durations to predict, each from the window before it: `before` and `after`, (T, B, 49) both. A
 * unit is a step that is predicted; before the first step of a piece there is silence. An example weighs as much as its
 * durations add up to.
 */
export function rollExamples({ classes }: Encoding): Examples {
  const rollOf = (events: Uint16Array) => durationRollOf(requireClasses(events, classes));
  return {
    fields: {
      before: { dtype: 'f32', per: 'unit', shape: [PITCHES] },
      after: { dtype: 'f32', per: 'unit', shape: [PITCHES] },
    },
    cutting: {
      unitsOf: (sequence) => rollOf(sequence.read()).length / PITCHES,
      barOf: () => stepsPerBar,
    },
    fill({ fields, lanes, length: steps }, lane, { events, start, length }) {
      const roll = rollOf(events);
      const rowOf = (step: number) => roll.subarray(step * PITCHES, (step + 1) * PITCHES);
      let weight = 0;
      for (let time = 0; time < steps; time++) {
        const entry = (time * lanes + lane) * PITCHES;
        if (start + time >= steps) fields.before.set(rowOf(start + time - steps), entry);
        if (time >= length) continue;
        const row = rowOf(start + time);
        fields.after.set(row, entry);
        for (const duration of row) weight += duration;
      }
      return weight;
    },
    facts: (train) => {
      let [notes, steps] = [0, 0];
      for (const sequence of train) {
        const roll = rollOf(sequence.read());
        for (const duration of roll) if (duration > 0) notes++;
        steps += roll.length / PITCHES;
      }
      return { notesOfStep: notes / Math.max(1, steps) };
    },
    baselines: (train, heldOut) => countingLosses(train, heldOut, rollOf),
  };
}

/**
 * Nats a step of sounding notes of counting: each pitch has its share of the training data (unigram), or its share after
 * the highest pitch of the last step in which notes started (bigram); one step added to each.
 */
function countingLosses(
  train: readonly EventSequence[],
  heldOut: readonly EventSequence[],
  rollOf: (events: Uint16Array) => Float32Array,
): Readonly<Record<string, number>> {
  const [learnt, seen] = [train, heldOut].map((sequences) => countSteps(sequences, rollOf));
  const lossOf = (order: 'unigram' | 'bigram') => {
    let [nats, total] = [0, 0];
    for (let context = 0; context < seen[order].length; context += PITCHES) {
      const model = learnt[order].subarray(context, context + PITCHES);
      const sum = model.reduce((sum, steps) => sum + steps + 1, 0);
      for (let pitch = 0; pitch < PITCHES; pitch++) {
        const steps = seen[order][context + pitch];
        nats -= steps * Math.log((model[pitch] + 1) / sum);
        total += steps;
      }
    }
    return nats / Math.max(1, total);
  };
  return { unigram: lossOf('unigram'), bigram: lossOf('bigram') };
}

/** Steps that each pitch sounds: (pitch), and (pitch before or none, pitch). */
function countSteps(sequences: readonly EventSequence[], rollOf: (events: Uint16Array) => Float32Array) {
  const unigram = new Float64Array(PITCHES);
  const bigram = new Float64Array((PITCHES + 1) * PITCHES);
  for (const sequence of sequences) {
    const roll = rollOf(sequence.read());
    let before = PITCHES;
    for (let step = 0; step < roll.length; step += PITCHES) {
      const row = roll.subarray(step, step + PITCHES);
      for (const [pitch, duration] of row.entries()) {
        unigram[pitch] += duration;
        bigram[before * PITCHES + pitch] += duration;
      }
      const highest = row.findLastIndex((duration) => duration > 0);
      if (highest >= 0) before = highest;
    }
  }
  return { unigram, bigram };
}
