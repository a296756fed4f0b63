import { type Device, Graph, matmul } from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError } from '../benchmark.ts';
import { graphBenchmark, type Traced } from './prepare-program.ts';
import { type Matmul, numbers } from './problems.ts';

const CUBES = [512, 1024].flatMap((size) =>
  (['NN', 'NT', 'TN'] as const).map((form) => ({ form, M: size, N: size, K: size })),
);

/** What two layers of 256, batch 16, length 32 and 38 classes ask of matmul: T * B = 512 rows. */
const LSTM_SHAPES = [
  // Inputs of the second layer to gates, forward; its gradients with respect to the inputs and to the weights.
  { form: 'NN', M: 512, N: 1024, K: 256 },
  { form: 'NT', M: 512, N: 256, K: 1024 },
  { form: 'TN', M: 256, N: 1024, K: 512 },
  // The same three of the output layer, whose rows of 38 are not whole vec4s.
  { form: 'NN', M: 512, N: 38, K: 256 },
  { form: 'NT', M: 512, N: 256, K: 38 },
  { form: 'TN', M: 256, N: 38, K: 512 },
] as const;

export const matmulBenchmarks: readonly Benchmark<Device>[] = [...CUBES, ...LSTM_SHAPES].map((sizes) =>
  matmulBenchmark({ kind: 'matmul', ...sizes }),
);

export function matmulBenchmark(problem: Matmul): Benchmark<Device> {
  const name = `matmul ${problem.form} ${problem.M}x${problem.N}x${problem.K}`;
  const benchmark = graphBenchmark(name, problem, trace);
  return {
    ...benchmark,
    async prepare(device) {
      const prepared = await benchmark.prepare(device);
      const verify = async () => {
        const [values] = (await prepared.results?.()) ?? [];
        requireProducts(name, problem, values);
      };
      return { ...prepared, verify };
    },
  };
}

function trace({ form, M, N, K }: Matmul): Traced {
  const [transposeA, transposeB] = [form === 'TN', form === 'NT'];
  const graph = new Graph();
  const a = graph.constant(numbers(M * K, 0), transposeA ? [K, M] : [M, K]);
  const b = graph.constant(numbers(K * N, 1), transposeB ? [N, K] : [K, N]);
  return { graph, results: [matmul(a, b, { transposeA, transposeB })], gigaflop: (2 * M * N * K) / 1e9 };
}

/** Holds three elements to sums in float64. @throws BenchmarkError */
function requireProducts(name: string, { form, M, N, K }: Matmul, values: ArrayLike<number>): void {
  const [left, right] = [numbers(M * K, 0), numbers(K * N, 1)];
  for (const [m, n] of [
    [0, 0],
    [M >> 1, N >> 1],
    [M - 1, N - 1],
  ]) {
    let expected = 0;
    for (let k = 0; k < K; k++) {
      expected += left[form === 'TN' ? k * M + m : m * K + k] * right[form === 'NT' ? n * K + k : k * N + n];
    }
    // A sum of K products below 1 loses at most about K roundings of 2^-24 of its size, some sqrt(K) / 3.
    const difference = Math.abs(values[m * N + n] - expected);
    if (!(difference < 1e-6 * K)) {
      throw new BenchmarkError(`${name}: c[${m}, ${n}] is ${values[m * N + n]} instead of ${expected}.`);
    }
  }
}
