import { type Device, Graph, matmul, uniformArray } from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError } from '../benchmark.ts';
import { prepareProgram } from './prepare-program.ts';

/** c (M, N) = a b with inner size K; T where an operand is stored transposed. */
interface Product {
  readonly form: 'NN' | 'NT' | 'TN';
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

const CUBES = [256, 512, 1024].flatMap((size) =>
  (['NN', 'NT', 'TN'] as const).map((form): Product => ({ form, M: size, N: size, K: size })),
);

/** What two layers of 256, batch 16, length 32 and 38 classes ask of matmul: T * B = 512 rows. */
const LSTM_SHAPES: readonly Product[] = [
  // Inputs of the second layer to gates, forward; its gradients with respect to the inputs and to the weights.
  { form: 'NN', M: 512, N: 1024, K: 256 },
  { form: 'NT', M: 512, N: 256, K: 1024 },
  { form: 'TN', M: 256, N: 1024, K: 512 },
  // The same three of the output layer, whose rows of 38 are not whole vec4s.
  { form: 'NN', M: 512, N: 38, K: 256 },
  { form: 'NT', M: 512, N: 256, K: 38 },
  { form: 'TN', M: 256, N: 38, K: 512 },
];

export const matmulBenchmarks: readonly Benchmark<Device>[] = [...CUBES, ...LSTM_SHAPES].map(matmulBenchmark);

export function matmulBenchmark(product: Product): Benchmark<Device> {
  const { form, M, N, K } = product;
  const name = `matmul ${form} ${M}x${N}x${K}`;
  const gigaflop = (2 * M * N * K) / 1e9;
  return {
    name,
    async prepare(device) {
      const [transposeA, transposeB] = [form === 'TN', form === 'NT'];
      const graph = new Graph();
      const left = uniformArray(M * K, 1, 0, 1);
      const right = uniformArray(K * N, 1, 1, 1);
      const a = graph.constant(left, transposeA ? [K, M] : [M, K]);
      const b = graph.constant(right, transposeB ? [N, K] : [K, N]);
      const c = matmul(a, b, { transposeA, transposeB });
      const { program, prepared } = await prepareProgram(device, graph, { outputs: [c] });
      const verify = async () => {
        const values = await program.read(c);
        for (const [m, n] of [
          [0, 0],
          [M >> 1, N >> 1],
          [M - 1, N - 1],
        ]) {
          let expected = 0;
          for (let k = 0; k < K; k++) {
            expected += left[transposeA ? k * M + m : m * K + k] * right[transposeB ? n * K + k : k * N + n];
          }
          // A sum of K products below 1 loses at most about K roundings of 2^-24 of its size, some sqrt(K) / 3.
          const difference = Math.abs(values[m * N + n] - expected);
          if (!(difference < 1e-6 * K)) {
            throw new BenchmarkError(`${name}: c[${m}, ${n}] is ${values[m * N + n]} instead of ${expected}.`);
          }
        }
      };
      return { ...prepared, work: { amount: gigaflop, unit: 'GFLOP/s' }, gigaflop, verify };
    },
  };
}
