import { type Device, evaluate, Graph, matmul } from '@chipsmith/kernels';
import type { Command } from '../terminal/command.ts';
import { CommandError } from '../terminal/errors.ts';
import { print } from '../terminal/output.ts';
import { formatBytes } from '../terminal/progress.ts';
import { adapterOption, deviceOf } from './options.ts';

/** Sizes that divide by nothing, so that edges are computed too. */
const [ROWS, INNER, COLUMNS] = [61, 37, 53];

export const doctor: Command = {
  name: 'doctor',
  description: 'Look whether this machine can train: Node, adapter, a small calculation.',
  options: { ...adapterOption },
  examples: [
    ['doctor', 'Check the adapter that would be used'],
    ['doctor --adapter gles', 'Check the software adapter'],
  ],
  async run(args) {
    const device = await deviceOf(args);
    try {
      const error = await worstError(device);
      const { maxBufferSize, maxStorageBufferBindingSize, textures } = device.limits;
      const report = {
        node: process.version,
        adapter: device.adapter,
        limits: { maxBufferSize, maxStorageBufferBindingSize },
        matrices: textures?.reading ?? 'buffers',
        calculationError: error,
      };
      if (!(error < 1e-4)) {
        throw new CommandError(
          `${device.adapter.name} calculates wrongly (error ${error}); update its driver, or use --adapter gles.`,
        );
      }
      const { name, backend, software } = device.adapter;
      const lines = [
        `Node       ${process.version}`,
        `Adapter    ${name} (${backend}${software ? ', calculates on the CPU' : ''})`,
        `Buffers    up to ${formatBytes(maxBufferSize)}, bound up to ${formatBytes(maxStorageBufferBindingSize)}`,
        `Matrices   read from ${textures === undefined ? 'buffers' : `${textures.reading} textures`}, the fastest here`,
        `Check      a ${ROWS}x${INNER}x${COLUMNS} product is right to ${error.toExponential(1)}`,
        'This machine can train.',
      ];
      print(args, report, lines.join('\n'));
      return 0;
    } finally {
      device.destroy();
    }
  },
};

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
