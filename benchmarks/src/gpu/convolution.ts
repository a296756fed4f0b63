import { conv2d, type Device, Graph, gradients } from '@chipsmith/kernels';
import type { Benchmark } from '../benchmark.ts';
import { graphBenchmark, type Traced, weightedSum } from './prepare-program.ts';
import { type Convolution, convolvedSize, numbers, WINDOW } from './problems.ts';

/** The second layer of an autoencoder over bars of 48 steps by 88 pitches. */
export const convolutionBenchmarks: readonly Benchmark<Device>[] = [
  convolutionBenchmark({ kind: 'convolution', batch: 16, height: 24, width: 44, channels: 32, filters: 64 }),
];

export function convolutionBenchmark(problem: Convolution): Benchmark<Device> {
  const { height, width, channels, filters } = problem;
  return graphBenchmark(`conv2d ${height}x${width}x${channels} to ${filters}, training`, problem, trace);
}

/** Forward and backward: three times the products of the forward pass. */
function trace(problem: Convolution): Traced {
  const { batch, height, width, channels, filters } = problem;
  const { size, stride, padding } = WINDOW;
  const graph = new Graph();
  const x = graph.constant(numbers(batch * height * width * channels, 0), [batch, height, width, channels]);
  const w = graph.constant(numbers(size * size * channels * filters, 1), [size, size, channels, filters]);
  const y = conv2d(x, w, { stride, padding });
  const [rows, columns] = convolvedSize(problem);
  const products = batch * rows * columns * filters * size * size * channels;
  return { graph, results: [y, ...gradients(weightedSum(y), [x, w])], gigaflop: (3 * 2 * products) / 1e9 };
}
