import { Random, sequenceOf } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { configure, evaluateCheckpoint, ModelError, planEvaluation } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { predict } from './support/reference.ts';
import { basicRnn, freshCheckpoint } from './support/tiny.ts';

const device = await testDevice();
const checkpoint = freshCheckpoint(configure(basicRnn, { layers: [8, 6] }));

function randomSequence(length: number, seed: number): Uint16Array {
  const random = new Random(seed);
  return Uint16Array.from({ length }, () => random.nextInteger(38));
}

describe('evaluation', () => {
  it('equals a plain float64 pass over whole sequences, across the edges of pieces', async () => {
    // Pieces are 32 events long: 2, 33 and 34 lie at an edge, 100 has four pieces; 0 and 1 have nothing to predict.
    const sequences = [0, 1, 2, 33, 34, 100].map((length, seed) => randomSequence(length, seed + 1));
    const result = await evaluateCheckpoint(device, checkpoint, sequences.map(sequenceOf));
    const predictions = sequences.map((events) => predict(checkpoint, events));
    const losses = predictions.flatMap(({ nll }) => nll);
    const correct = predictions.flatMap(({ logits }, index) =>
      logits.slice(0, -1).map((scores, at) => scores.indexOf(Math.max(...scores)) === sequences[index][at + 1]),
    );
    expect(result.weight).toBe(1 + 32 + 33 + 99);
    expect(losses).toHaveLength(result.weight);
    expect(result.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / losses.length, 5);
    expect(result.measures.accuracy).toBeCloseTo(correct.filter(Boolean).length / correct.length, 12);
  });

  it('does not depend on how sequences share lanes', async () => {
    // 40 sequences for 32 lanes: some lanes are used twice.
    const sequences = Array.from({ length: 40 }, (_, index) => randomSequence(2 + ((index * 7) % 40), index + 1));
    const together = await evaluateCheckpoint(device, checkpoint, sequences.map(sequenceOf));
    const reversed = await evaluateCheckpoint(device, checkpoint, sequences.toReversed().map(sequenceOf));
    let loss = 0;
    for (const events of sequences) {
      loss += predict(checkpoint, events).nll.reduce((sum, value) => sum + value, 0);
    }
    expect(together.loss).toBeCloseTo(loss / together.weight, 5);
    expect(reversed.loss).toBeCloseTo(together.loss, 6);
    expect(reversed.measures).toEqual(together.measures);
  });

  it('of an untrained model is near chance, ln 38', async () => {
    const { loss } = await evaluateCheckpoint(device, checkpoint, [sequenceOf(randomSequence(200, 1))]);
    expect(Math.abs(loss - Math.log(38))).toBeLessThan(0.1);
  });

  it('takes the memory that was planned, and gives it back', async () => {
    const before = device.allocated;
    const seen: { share: number; bytes: typeof before }[] = [];
    await evaluateCheckpoint(device, checkpoint, [sequenceOf(randomSequence(40, 1))], {
      onProgress: (share) => seen.push({ share, bytes: device.allocated }),
    });
    expect(seen).toEqual([{ share: 1, bytes: planEvaluation(checkpoint.model, 8, device.limits).plan.byCategory }]);
    expect(device.allocated).toEqual(before);
  });

  it.each([
    ['nothing', [], 'There is nothing to evaluate: the sequences of the split are too short.'],
    ['single events only', [[3], [5]], 'There is nothing to evaluate'],
    [
      'an event of another encoding',
      [[3, 38]],
      'Event 38 is not a class of the model (0..37); use data in its encoding.',
    ],
  ])('refuses %s in one line, and gives the memory back', async (_, sequences, message) => {
    const before = device.allocated;
    const evaluating = evaluateCheckpoint(device, checkpoint, sequences.map(sequenceOf));
    await expect(evaluating).rejects.toBeInstanceOf(ModelError);
    await expect(evaluating).rejects.toThrow(message);
    expect(device.allocated).toEqual(before);
  });

  it('ends with the reason of an abort', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(evaluateCheckpoint(device, checkpoint, [sequenceOf([3, 4])], { signal })).rejects.toThrow('enough');
  });
});
