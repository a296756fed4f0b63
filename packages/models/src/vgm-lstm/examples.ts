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
    baselines: (train, heldOut) => ({ 'constant probability of each pitch': constantLoss(train, heldOut, rollOf) }),
  };
}

/**
 * Nats a step of sounding notes, where each pitch always has its share of the training data, one step added to each.
 */
function constantLoss(
  train: readonly EventSequence[],
  heldOut: readonly EventSequence[],
  rollOf: (events: Uint16Array) => Float32Array,
): number {
  const stepsOf = (sequences: readonly EventSequence[], start: number) => {
    const steps = new Float64Array(PITCHES).fill(start);
    for (const sequence of sequences) {
      for (const [cell, duration] of rollOf(sequence.read()).entries()) steps[cell % PITCHES] += duration;
    }
    return { steps, total: steps.reduce((sum, count) => sum + count) };
  };
  const [learnt, seen] = [stepsOf(train, 1), stepsOf(heldOut, 0)];
  const nats = seen.steps.reduce((sum, count, pitch) => sum - count * Math.log(learnt.steps[pitch] / learnt.total), 0);
  return nats / Math.max(1, seen.total);
}
