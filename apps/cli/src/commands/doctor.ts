import { findEncoding } from '@chipsmith/data';
import { type Device, evaluate, Graph, matmul, type PreparationOptions } from '@chipsmith/kernels';
import { configure, models, traineeOf } from '@chipsmith/models';
import type { Command } from '../terminal/command.ts';
import { CommandError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print } from '../terminal/output.ts';
import { formatBytes } from '../terminal/progress.ts';
import { adapterOption, withDevice } from './options.ts';
import { measureOutlook, outlookWords } from './speed.ts';

/** Sizes that divide by nothing, so that edges are computed too. */
const [ROWS, INNER, COLUMNS] = [61, 37, 53];

export const doctor: Command = {
  name: 'doctor',
  description: 'Check whether this machine can train, and how fast: Node, adapter, a calculation, a few steps.',
  options: { ...adapterOption },
  examples: [
    ['doctor', 'Check the adapter that would be used'],
    ['doctor --adapter gles', 'Check the software adapter'],
  ],
  async run(args) {
    const { report, words } = await interruptible((signal) =>
      withDevice(args, signal, (device, onProgress) => examine(device, { signal, onProgress })),
    );
    print(args, report, words);
    return 0;
  },
};

/** @throws CommandError if it calculates wrongly; the signal's reason once it is aborted */
async function examine(device: Device, preparation: PreparationOptions): Promise<{ report: unknown; words: string }> {
  const error = await worstError(device);
  const { maxBufferSize, maxStorageBufferBindingSize, textures } = device.limits;
  if (!(error < 1e-4)) {
    throw new CommandError(
      `${device.adapter.name} calculates wrongly (error ${error}); update its driver, or use --adapter gles.`,
    );
  }
  const [definition] = models;
  const trainee = traineeOf(definition, configure(definition, {}), findEncoding(definition.encodings[0]));
  const speed = await measureOutlook(device, trainee, definition.training, preparation);
  const report = {
    node: process.version,
    adapter: device.adapter,
    limits: { maxBufferSize, maxStorageBufferBindingSize },
    matrices: textures?.reading ?? 'buffers',
    calculationError: error,
    training: { model: definition.name, ...speed },
  };
  const { name, backend, software } = device.adapter;
  const lines = [
    `Node       ${process.version}`,
    `Adapter    ${name} (${backend}${software ? ', calculates on the CPU' : ''})`,
    `Buffers    up to ${formatBytes(maxBufferSize)}, bound up to ${formatBytes(maxStorageBufferBindingSize)}`,
    `Matrices   read from ${textures === undefined ? 'buffers' : `${textures.reading} textures`}, the fastest here`,
    `Check      a ${ROWS}x${INNER}x${COLUMNS} product is right to ${error.toExponential(1)}`,
    `Speed      ${definition.name}: ${outlookWords(definition, speed)}`,
    'This machine can train.',
  ];
  return { report, words: lines.join('\n') };
}

/** Largest difference of a product on the device from the same product in float64. */
async function worstError(device: Device): Promise<number> {
  const a = Float32Array.from({ length: ROWS * INNER }, (_, i) => Math.sin(i));
  const b = Float32Array.from({ length: INNER * COLUMNS }, (_, i) => Math.cos(3 * i));
  const graph = new Graph();
  const [c] = await evaluate(device, [matmul(graph.constant(a, [ROWS, INNER]), graph.constant(b, [INNER, COLUMNS]))]);
  let worst = 0;
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      let expected = 0;
      for (let k = 0; k < INNER; k++) expected += a[row * INNER + k] * b[k * COLUMNS + column];
      worst = Math.max(worst, Math.abs(expected - c[row * COLUMNS + column]));
    }
  }
  return worst;
}
