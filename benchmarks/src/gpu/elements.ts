import {
  Arena,
  adam,
  adamSchedule,
  add,
  type Device,
  Graph,
  globalNorm,
  multiply,
  sum,
  unary,
} from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError } from '../benchmark.ts';
import { graphBenchmark, prepareProgram } from './prepare-program.ts';
import { type Adam, CLIP_NORM, type Elementwise, LEARNING_RATE, numbers, type Sum } from './problems.ts';

export const elementBenchmarks: readonly Benchmark<Device>[] = [
  elementwiseBenchmark({ kind: 'elementwise', elements: 2 ** 21 }),
  sumBenchmark({ kind: 'sum', rows: 4096, width: 1024, over: 'rows' }),
  sumBenchmark({ kind: 'sum', rows: 4096, width: 1024, over: 'all' }),
  // As many as the published basic_rnn has.
  adamBenchmark({ kind: 'Adam', elements: 3_247_104 }),
];

export function elementwiseBenchmark(problem: Elementwise): Benchmark<Device> {
  return graphBenchmark(`tanh(x a + b) sigmoid(x), ${millions(problem.elements)}`, problem, ({ elements }) => {
    const graph = new Graph();
    const [x, a, b] = [0, 1, 2].map((stream) => graph.constant(numbers(elements, stream), [elements]));
    return { graph, results: [multiply(unary('tanh', add(multiply(x, a), b)), unary('sigmoid', x))] };
  });
}

export function sumBenchmark(problem: Sum): Benchmark<Device> {
  const name = `sum of ${problem.rows}x${problem.width} over ${problem.over}`;
  return graphBenchmark(name, problem, ({ rows, width, over }) => {
    const graph = new Graph();
    const x = graph.constant(numbers(rows * width, 0), [rows, width]);
    return { graph, results: [sum(x, over === 'rows' ? [0] : undefined)] };
  });
}

/** Reads parameters, gradients and both moments, writes all but the gradients; the norm reads the gradients again. */
const ADAM_ACCESSES = 8;

export function adamBenchmark(problem: Adam): Benchmark<Device> {
  const { elements } = problem;
  const name = `Adam, ${millions(elements)}`;
  return {
    name,
    problem,
    async prepare(device) {
      const parameters = new Arena('parameters', 'parameters');
      const slot = parameters.add('all', [elements]);
      const others = ['gradients', 'first moment', 'second moment'].map((each) => parameters.mirror(each, 'optimiser'));
      const graph = new Graph();
      const [flat, gradients, firstMoment, secondMoment] = [parameters, ...others].map((arena) => graph.flat(arena));
      const schedule = graph.input([3]);
      const state = { parameters: flat, gradients, firstMoment, secondMoment };
      adam(state, schedule, globalNorm(gradients), CLIP_NORM);
      const { program, prepared } = await prepareProgram(device, graph, {});
      device.write(slot, numbers(elements, 0));
      device.write(others[0].slots[0], numbers(elements, 1));
      let step = 0;
      const run = () => {
        step++;
        program.write(schedule, adamSchedule(step, LEARNING_RATE));
        program.run();
      };
      const results = async () => [await device.read(slot)];
      const verify = async () => {
        const [first] = await device.read(slot);
        const moved = Math.abs(first - numbers(1, 0)[0]);
        // With constant gradients every step is as long as the learning rate.
        if (!(moved > 0 && moved < 1.01 * step * LEARNING_RATE)) {
          throw new BenchmarkError(`${name}: the first parameter moved by ${moved} in ${step} steps.`);
        }
      };
      const work = { amount: (ADAM_ACCESSES * 4 * elements) / 1e9, unit: 'GB/s' };
      return { ...prepared, work, run, results, verify };
    },
  };
}

function millions(elements: number): string {
  return `${(elements / 1e6).toFixed(1)}M`;
}
