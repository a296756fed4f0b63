import { startingValues } from '@chipsmith/kernels';
import { describe, expect, it } from 'vitest';
import { configure, createModel, findModel, ModelError, models } from '../src/index.ts';
import { basicRnn, tinySettings } from './support/tiny.ts';

const create = (settings: unknown) => createModel(basicRnn, settings);

describe('parameter count', () => {
  it('is that of the source with its configuration', () => {
    expect(create({}).parameters.valueCount).toBe(221_990);
    expect(createModel(findModel('mono-rnn')).parameters.valueCount).toBe(280_962);
  });

  it.each([[[256, 256]], [[512, 512]], [[8]], [[3, 5, 7]]])(
    'follows the formula of BasicLSTMCell for layers %j',
    (layers) => {
      // A cell has one matrix ((inputs + units), 4 units) and 4 units biases; the output (units, classes) and its
      // biases.
      const cells = layers.map((units, index) => ((index === 0 ? 38 : layers[index - 1]) + units + 1) * 4 * units);
      const output = (layers[layers.length - 1] + 1) * 38;
      expect(create({ layers }).parameters.valueCount).toBe(cells.reduce((sum, count) => sum + count, output));
    },
  );

  it('is that of the published checkpoint with its layers, 3.247 million', () => {
    expect(create({ layers: [512, 512] }).parameters.valueCount / 1e6).toBeCloseTo(3.247, 3);
  });
});

describe('settings', () => {
  it('have the defaults of the source', () => {
    expect(configure(basicRnn, {})).toEqual({
      layers: [128, 128],
      dropout: 0.5,
      optimiser: {
        ...{ algorithm: 'adam', learningRate: 0.001, clipNorm: 5, average: 0 },
        ...{ warmUp: 0, schedule: 'constant', decaySteps: 10_000, lowestRate: 0 },
      },
    });
  });

  it.each([
    ['an unknown setting', { units: 3 }, 'units'],
    ['an unknown setting of the optimiser', { optimiser: { momentum: 1 } }, 'optimiser'],
    ['text for a number', { dropout: '0.5' }, 'dropout'],
    ['no layers', { layers: [] }, 'layers'],
    ['a layer of no units', { layers: [128, 0] }, 'layers.1'],
    ['half a unit', { layers: [1.5] }, 'layers.0'],
    ['a rate of 0', { optimiser: { learningRate: 0 } }, 'optimiser.learningRate'],
    ['a clip norm that f32 cannot hold', { optimiser: { clipNorm: 1e300 } }, 'optimiser.clipNorm'],
    ['no object', 7, 'basic-rnn'],
  ])('refuse %s in one line that names the place', (_, settings, place) => {
    let message = '';
    try {
      configure(basicRnn, settings);
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
      message = error instanceof ModelError ? error.message : '';
    }
    expect(message).toMatch(/^Settings of basic-rnn: .+; correct it, or leave it out for the default\.$/);
    expect(message).toContain(place);
  });
});

describe('the list of models', () => {
  it('names what there is when a name is unknown', () => {
    const names = models.map(({ name }) => name);
    expect(() => findModel('basic_rnn')).toThrow(
      new ModelError(`There is no model "basic_rnn"; there is: ${names.join(', ')}.`),
    );
    expect([names[0], new Set(names).size]).toEqual(['basic-rnn', names.length]);
  });
});

describe('starting values', () => {
  const model = createModel(basicRnn, tinySettings);
  const slotsWith = (part: string, values = startingValues(model.parameters, 1)) =>
    values.filter((_, index) => model.parameters.slots[index].name.includes(part));

  it('are the same for the same seed, and others for another', () => {
    expect(startingValues(model.parameters, 1)).toEqual(startingValues(model.parameters, 1));
    expect(startingValues(model.parameters, 1)).not.toEqual(startingValues(model.parameters, 2));
  });

  it('have biases of zero but for the forget gate, which starts at 1', () => {
    const [lstm, output] = slotsWith('bias');
    // Gates in the order i, j, f, o, 8 units each.
    expect([...lstm]).toEqual([...new Array(16).fill(0), ...new Array(8).fill(1), ...new Array(8).fill(0)]);
    expect([...output]).toEqual(new Array(38).fill(0));
  });

  it.each([
    ['lstm/0/input', 38 + 128, 4 * 128],
    ['lstm/0/recurrent', 38 + 128, 4 * 128],
    ['lstm/1/input', 128 + 128, 4 * 128],
    ['lstm/1/recurrent', 128 + 128, 4 * 128],
    ['output/kernel', 128, 38],
  ])('of %s are uniform within the bounds of Glorot', (name, fanIn, fanOut) => {
    const large = create({});
    const index = large.parameters.slots.findIndex((slot) => slot.name === name);
    const values = startingValues(large.parameters, 3)[index];
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    const highest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(highest).toBeLessThanOrEqual(Math.fround(limit));
    expect(highest).toBeGreaterThan(0.99 * limit);
    // A uniform distribution has the variance limit^2 / 3; 4,864 values or more estimate it to 1.3 % (one deviation).
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(variance / (limit ** 2 / 3)).toBeCloseTo(1, 1);
  });
});
