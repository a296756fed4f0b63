import { Random } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from '../src/checkpoint/safetensors.ts';
import { configure, decodeCheckpoint, encodeCheckpoint, ModelError } from '../src/index.ts';
import { basicRnn, freshCheckpoint } from './support/tiny.ts';

const checkpoint = freshCheckpoint();
const bytes = encodeCheckpoint(checkpoint);

/** The checkpoint's file with something about it changed. */
function changed(change: (file: SafetensorsFile) => SafetensorsFile): Uint8Array {
  return writeSafetensors(change(readSafetensors(bytes, 'file')));
}

function withMetadata(change: (metadata: typeof checkpoint.metadata) => unknown): Uint8Array {
  return changed(({ tensors }) => ({ metadata: { chipsmith: JSON.stringify(change(checkpoint.metadata)) }, tensors }));
}

function messageOf(file: Uint8Array): string {
  try {
    decodeCheckpoint(file, 'latest.safetensors');
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    if (error instanceof ModelError) return error.message;
  }
  return 'no error';
}

describe('a checkpoint', () => {
  it('comes back as it was written', () => {
    const moments = freshCheckpoint(undefined, 2).state.parameters;
    const trained = { ...checkpoint, state: { ...checkpoint.state, firstMoment: moments } };
    const { metadata, settings, model, state } = decodeCheckpoint(encodeCheckpoint(trained), 'file');
    expect(metadata).toEqual(checkpoint.metadata);
    expect(state).toEqual(trained.state);
    expect(settings).toEqual(checkpoint.settings);
    expect(model.parameters.slots.map(({ name, shape }) => [name, shape])).toEqual(
      checkpoint.model.parameters.slots.map(({ name, shape }) => [name, shape]),
    );
  });

  it('keeps micro-batch, what is computed again, and budget', () => {
    const settings = { microBatch: 2, recompute: [{ first: 0, end: 5 }], budget: 6e9 };
    const training = { ...checkpoint.metadata.training, ...settings };
    const held = encodeCheckpoint({ ...checkpoint, metadata: { ...checkpoint.metadata, training } });
    expect(decodeCheckpoint(held, 'file').metadata.training).toEqual(training);
  });

  it('has the same bytes each time it is written', () => {
    expect(encodeCheckpoint(decodeCheckpoint(bytes, 'file'))).toEqual(bytes);
  });

  it('holds three sections of the tensors of its model, by name', () => {
    const names = readSafetensors(bytes, 'file').tensors.map(({ name }) => name);
    const slots = ['lstm/0/input', 'lstm/0/recurrent', 'lstm/0/bias', 'output/kernel', 'output/bias'];
    expect(names).toEqual(
      ['parameters', 'firstMoment', 'secondMoment'].flatMap((section) => slots.map((slot) => `${section}/${slot}`)),
    );
  });

  it.each([
    [
      'without one of its tensors',
      changed(({ metadata, tensors }) => ({ metadata, tensors: tensors.slice(1) })),
      'tensor parameters/lstm/0/input is missing, basic-rnn needs [38, 32]; use another checkpoint.',
    ],
    [
      'with a tensor of another shape',
      changed(({ metadata, tensors: [first, ...others] }) => ({
        metadata,
        tensors: [{ ...first, shape: [32, 38] }, ...others],
      })),
      'tensor parameters/lstm/0/input has shape [32, 38], basic-rnn needs [38, 32]; use another checkpoint.',
    ],
    [
      'with values that are no numbers',
      changed(({ metadata, tensors: [first, ...others] }) => ({
        metadata,
        tensors: [{ ...first, data: first.data.map((value, index) => (index === 7 ? Number.NaN : value)) }, ...others],
      })),
      'tensor parameters/lstm/0/input holds values that are not finite numbers; use another checkpoint.',
    ],
    [
      'of another format',
      withMetadata((metadata) => ({ ...metadata, formatVersion: 1 })),
      /metadata: formatVersion: .+; use another checkpoint\.$/,
    ],
    [
      'with a tensor too many',
      changed(({ metadata, tensors }) => ({
        metadata,
        tensors: [...tensors, { name: 'parameters/lstm/1/bias', shape: [0], data: new Float32Array(0) }],
      })),
      'has 1 tensors that basic-rnn lacks; use another checkpoint.',
    ],
    [
      'of layers that it does not have',
      withMetadata((metadata) => ({ ...metadata, configuration: configure(basicRnn, { layers: [16] }) })),
      'tensor parameters/lstm/0/input has shape [38, 32], basic-rnn needs [38, 64]; use another checkpoint.',
    ],
    [
      'of another model',
      withMetadata((metadata) => ({ ...metadata, model: 'music-vae' })),
      /There is no model "music-vae"; there is: basic-rnn, mono-rnn, .+\.$/,
    ],
    [
      'of another program',
      changed(({ tensors }) => ({ metadata: { format: 'pt' }, tensors })),
      'a safetensors file of another program; use another checkpoint.',
    ],
    [
      'whose metadata is not JSON',
      changed(({ tensors }) => ({ metadata: { chipsmith: '{' }, tensors })),
      /metadata: Invalid input: expected object/,
    ],
    [
      'of a later format',
      withMetadata((metadata) => ({ ...metadata, formatVersion: 3 })),
      /metadata: formatVersion: .+; use another checkpoint\.$/,
    ],
    [
      'with settings that its model lacks',
      withMetadata((metadata) => ({ ...metadata, configuration: { layres: [8] } })),
      /Settings of basic-rnn: .*layres/,
    ],
    [
      'with a micro-batch that does not divide its batch',
      withMetadata((metadata) => ({ ...metadata, training: { ...metadata.training, microBatch: 3 } })),
      /metadata: training: micro-batch 3 does not divide batch 4; use another checkpoint\.$/,
    ],
    [
      'that knows no event to start with',
      withMetadata((metadata) => ({ ...metadata, firstEvents: new Array(38).fill(0) })),
      /metadata: firstEvents: must hold a count for each class/,
    ],
    [
      'with counts of too few events to start with',
      withMetadata((metadata) => ({ ...metadata, firstEvents: [1] })),
      /metadata: firstEvents: must hold a count for each class/,
    ],
    ...Object.entries({
      batch: 1e9,
      length: 1e6,
      microBatch: 0,
      seed: -1,
      budget: 0,
      step: 1e12,
      baseline: 'none',
      recompute: [{ first: 4, end: 2 }],
      best: { step: -1, nll: 1 },
    }).map(([name, value]): [string, Uint8Array, RegExp] => [
      `with ${JSON.stringify(value)} for the ${name} of its training`,
      withMetadata((metadata) => ({ ...metadata, training: { ...metadata.training, [name]: value } })),
      new RegExp(`metadata: training\\.${name}`),
    ]),
    ...[0, 1e-9, 1e9].map((beatsPerMinute): [string, Uint8Array, RegExp] => [
      `of music at ${beatsPerMinute} beats a minute`,
      withMetadata((metadata) => ({ ...metadata, beatsPerMinute })),
      /metadata: beatsPerMinute: Too (small|big)/,
    ]),
    ...[{ optimiser: { learningRate: 0 } }, { optimiser: { clipNorm: 1e99 } }, { layers: [1e9] }, { dropout: 1 }].map(
      (settings): [string, Uint8Array, RegExp] => [
        `with the settings ${JSON.stringify(settings)}`,
        withMetadata((metadata) => ({ ...metadata, configuration: { ...metadata.configuration, ...settings } })),
        /Settings of basic-rnn: .*Too (small|big)/,
      ],
    ),
    ...[
      [{ name: 'gregorian' }, /encoding "gregorian": does not exist/],
      [{ version: 99 }, /encoding "melody": the data has version 99/],
      [{ stepsPerBar: 0 }, /encoding melody .* not 38 and 0; the file was changed/],
      [{ name: 'mono' }, /encoding "?mono/],
    ].map(([change, why]): [string, Uint8Array, RegExp] => [
      `in the encoding ${JSON.stringify(change)}`,
      withMetadata((metadata) => ({ ...metadata, encoding: { ...metadata.encoding, ...change } })),
      why as RegExp,
    ]),
  ])('%s is refused in one line that names the file', (_, file, why) => {
    const message = messageOf(file);
    expect(message).toMatch(/^latest\.safetensors: [^\n]+\.$/);
    if (typeof why === 'string') expect(message).toBe(`latest.safetensors: ${why}`);
    else expect(message).toMatch(why);
  });

  it('cut anywhere is refused', () => {
    for (let length = 0; length < bytes.length; length += length < 2600 ? 1 : 97) {
      expect(messageOf(bytes.subarray(0, length)), `${length} bytes`).toMatch(/^latest\.safetensors: [^\n]+\.$/);
    }
    expect(messageOf(bytes.subarray(0, -1))).toContain('cut short');
  });

  it('with random damage is read or refused, and nothing else', () => {
    const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const random = new Random(1);
    let refused = 0;
    for (let round = 0; round < 1000; round++) {
      const damaged = Uint8Array.from(bytes);
      const hits = 1 + random.nextInteger(4);
      for (let hit = 0; hit < hits; hit++) {
        // Most hits on the header: a hit on the numbers is only another number.
        const within = random.nextInteger(8) === 0 ? bytes.length : headerEnd;
        damaged[random.nextInteger(within)] = random.nextInteger(256);
      }
      const message = messageOf(damaged);
      if (message === 'no error') continue;
      refused++;
      expect(message).toMatch(/^latest\.safetensors: /);
      expect(message).not.toContain('\n');
    }
    // What is left over hit a number, the text of a field that may be any text, or changed nothing.
    expect(refused).toBeGreaterThan(800);
  });
});
