import { durationRollOf } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, compose, evaluateCheckpoint, ModelError } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { learntTunes, valuesOf } from './support/learnt.ts';

const device = await testDevice();
const LENGTH = 32;
const { encoding, sequences, checkpoint } = await learntTunes(
  device,
  'vgm-lstm',
  { units: 12 },
  { steps: 30, length: LENGTH },
);

describe('the objective', () => {
  it('is the cross-entropy against the durations that a plain float64 network gives', async () => {
    let [nats, weight] = [0, 0];
    for (const sequence of sequences) {
      const roll = durationRollOf(sequence.read());
      for (let start = 0; start < roll.length / 49; start += LENGTH) {
        for (const [time, logProbabilities] of predict(checkpoint, roll, start).entries()) {
          for (let pitch = 0; pitch < 49; pitch++) {
            const duration = roll[(start + time) * 49 + pitch] ?? 0;
            nats -= duration * logProbabilities[pitch];
            weight += duration;
          }
        }
      }
    }
    const evaluation = await evaluateCheckpoint(device, checkpoint, sequences);
    expect(evaluation.weight).toBe(weight);
    expect(evaluation.loss / (nats / weight)).toBeCloseTo(1, 5);
  });

  it('has counting as baselines: of pitches, and of pitches after the one before', () => {
    const { baselines } = checkpoint.model.examples;
    const { unigram, bigram } = baselines?.(sequences, sequences) ?? {};
    expect(bigram).toBeGreaterThan(1);
    expect(unigram).toBeGreaterThan(bigram);
    expect(unigram).toBeLessThan(Math.log(49));
  });
});

describe('composing', () => {
  const options = { encoding, length: 600 };

  it('goes on for any length, from the events that are given', async () => {
    const primer = [...sequences[0].read().subarray(0, 60)];
    const requests = [1, 2].map((seed) => ({ seed, primer }));
    const [one, other] = await compose(device, checkpoint, 'continue', requests, options);
    expect(one.events).toHaveLength(600);
    expect([...one.events.subarray(0, 60)]).toEqual(primer);
    expect(other.events).not.toEqual(one.events);
  });

  it('gives the same for a seed, whatever is composed beside it', async () => {
    const many = Array.from({ length: 17 }, (_, seed) => ({ seed }));
    const made = await compose(device, checkpoint, 'sample', many, options);
    const [alone] = await compose(device, checkpoint, 'sample', [{ seed: 16 }], options);
    expect(alone).toEqual(made[16]);
  });

  it.each([
    [1, 'drawn'],
    [1, 'likeliest'],
    [2, 'drawn'],
  ])('has %d times as many notes a step as the songs, %s', async (density, choice) => {
    const requests = Array.from({ length: 8 }, (_, seed) => ({ seed }));
    const made = await compose(device, checkpoint, 'sample', requests, { ...options, settings: { density, choice } });
    const notesOfStep = (all: readonly ArrayLike<number>[]) => {
      const rolls = all.map(durationRollOf);
      const notes = rolls.reduce((sum, roll) => sum + roll.filter((duration) => duration > 0).length, 0);
      return notes / rolls.reduce((sum, roll) => sum + roll.length / 49, 0);
    };
    const ratio =
      notesOfStep(made.map(({ events }) => events)) / notesOfStep(sequences.map((sequence) => sequence.read()));
    // 200 notes each: a Poisson number of 1,600 is within 8 % in 999 of 1,000 cases.
    expect(Math.abs(ratio / density - 1)).toBeLessThan(0.15);
  });

  it('ends each sequence with its bars', async () => {
    const made = await compose(device, checkpoint, 'sample', [{ seed: 1 }, { seed: 2 }], { ...options, bars: 5.5 });
    for (const { events } of made) {
      const steps = durationRollOf(events).length / 49;
      expect(steps).toBeGreaterThan(4 * 16);
      // The last note starts before they are over.
      expect(steps).toBeLessThanOrEqual(5.5 * 16 + 16);
      expect(events.length).toBeLessThan(600);
    }
  });

  it("starts every pitch that reaches the source's threshold if it is to take the likeliest", async () => {
    const primer = [...sequences[0].read().subarray(0, 60)];
    const settings = { threshold: 0.05, choice: 'likeliest' };
    const requests = [1, 2].map((seed) => ({ seed, primer }));
    const [one, other] = await compose(device, checkpoint, 'continue', requests, { ...options, settings });
    expect(other.events).toEqual(one.events);
  });

  it('refuses a primer without a whole note', async () => {
    const requests = [{ seed: 1, primer: [3] }];
    await expect(compose(device, checkpoint, 'continue', requests, options)).rejects.toThrow(ModelError);
  });
});

/** Log-probabilities of each step of the window from `start`, by a plain LSTM over the window before it. */
function predict(trained: Checkpoint, roll: Float32Array, start: number): number[][] {
  const values = valuesOf(trained);
  const [input, recurrent, bias] = ['input', 'recurrent', 'bias'].map((name) => values(`lstm/0/${name}`));
  const [kernel, outputBias] = [values('output/kernel'), values('output/bias')];
  const units = bias.length / 4;
  let [hidden, cell] = [new Array<number>(units).fill(0), new Array<number>(units).fill(0)];
  return Array.from({ length: LENGTH }, (_, time) => {
    const x = Array.from({ length: 49 }, (_, pitch) => roll[(start - LENGTH + time) * 49 + pitch] ?? 0);
    const gates = plus(plus([...bias], x, input), hidden, recurrent);
    const gate = (number: number, unit: number) => gates[number * units + unit];
    cell = cell.map((c, unit) => c * sigmoid(gate(2, unit)) + sigmoid(gate(0, unit)) * Math.tanh(gate(1, unit)));
    hidden = cell.map((c, unit) => sigmoid(gate(3, unit)) * Math.tanh(c));
    const scores = plus([...outputBias], hidden, kernel);
    const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    return scores.map((score) => score - total);
  });
}

/** A vector plus another one times a row-major matrix. */
function plus(start: readonly number[], vector: readonly number[], matrix: Float32Array): number[] {
  return start.map((value, column) =>
    vector.reduce((sum, entry, row) => sum + entry * matrix[row * start.length + column], value),
  );
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
