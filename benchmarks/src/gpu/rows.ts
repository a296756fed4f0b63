import { crossEntropy, type Device, embedding, Graph, gradients, layerNorm, softmax } from '@chipsmith/kernels';
import type { Benchmark } from '../benchmark.ts';
import { graphBenchmark, type Traced, weightedSum } from './prepare-program.ts';
import { type CrossEntropy, classIds, type Embedding, type LayerNorm, numbers, type Softmax } from './problems.ts';

/** Rows of the size that MusicAutobot has: width 512, 312 classes, 8 sequences of 512. */
export const rowBenchmarks: readonly Benchmark<Device>[] = [
  softmaxBenchmark({ kind: 'softmax', rows: 4096, width: 512 }),
  layerNormBenchmark({ kind: 'layer norm', rows: 4096, width: 512 }),
  crossEntropyBenchmark({ kind: 'cross-entropy', rows: 4096, classes: 312 }),
  embeddingBenchmark({ kind: 'embedding', rows: 4096, classes: 312, width: 512 }),
];

export function softmaxBenchmark(problem: Softmax): Benchmark<Device> {
  return graphBenchmark(`softmax ${problem.rows}x${problem.width}`, problem, ({ rows, width }) => {
    const graph = new Graph();
    return { graph, results: [softmax(graph.constant(numbers(rows * width, 0), [rows, width]))] };
  });
}

export function layerNormBenchmark(problem: LayerNorm): Benchmark<Device> {
  return graphBenchmark(`layer norm ${problem.rows}x${problem.width}, training`, problem, ({ rows, width }) => {
    const graph = new Graph();
    const x = graph.constant(numbers(rows * width, 0), [rows, width]);
    const scale = graph.constant(numbers(width, 1), [width]);
    const shift = graph.constant(numbers(width, 2), [width]);
    const loss = weightedSum(layerNorm(x, scale, shift));
    return { graph, results: gradients(loss, [x, scale, shift]) };
  });
}

export function crossEntropyBenchmark(problem: CrossEntropy): Benchmark<Device> {
  return graphBenchmark(`cross-entropy ${problem.rows}x${problem.classes}, training`, problem, ({ rows, classes }) => {
    const graph = new Graph();
    const logits = graph.constant(numbers(rows * classes, 0), [rows, classes]);
    const targets = graph.constant(classIds(rows, classes), [rows]);
    const loss = crossEntropy(logits, targets, graph.constant(new Float32Array(rows).fill(1), [rows]));
    return { graph, results: [loss, ...gradients(loss, [logits])] };
  });
}

export function embeddingBenchmark(problem: Embedding): Benchmark<Device> {
  const { rows, classes } = problem;
  return graphBenchmark(`embedding ${rows} of ${classes}, training`, problem, traceEmbedding);
}

function traceEmbedding({ rows, classes, width }: Embedding): Traced {
  const graph = new Graph();
  const table = graph.constant(numbers(classes * width, 0), [classes, width]);
  const y = embedding(table, graph.constant(classIds(rows, classes), [rows]));
  return { graph, results: [y, ...gradients(weightedSum(y), [table])] };
}
