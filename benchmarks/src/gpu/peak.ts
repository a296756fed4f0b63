import { type Device, Graph, type Tensor } from '@chipsmith/kernels';
import {
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  type Operation,
  onceDifferentiable,
  read,
  write,
} from '@chipsmith/kernels/operation';
import { BenchmarkError, type Prepared } from '../benchmark.ts';
import { prepareProgram } from './prepare-program.ts';

/** Independent chains of fma in a thread: enough to fill the pipelines' latency, few enough to stay in registers. */
const ACCUMULATORS = 12;
/** Links of each chain. */
const ITERATIONS = 512;
/** Two operations an fma, four lanes a vector. */
const FLOP_PER_THREAD = ACCUMULATORS * ITERATIONS * 4 * 2;

/** Threads to start with; more until a run takes this long, so that launching it does not count. */
const MIN_THREADS = 2 ** 14;
const MAX_THREADS = 2 ** 22;
const MIN_RUN_MILLISECONDS = 5;

/**
 * As many fused multiply-adds a second as the adapter can do: each thread turns chains v = fma(v, x[1], x[2]) that
 * start at different values and adds up their ends. The factors come from a buffer and the sum is stored, so that no
 * compiler can shorten the work.
 *
 * Input (4) f32; output (threads) f32.
 */
const fmaChains: Operation<{ threads: number }> = {
  name: 'fma chains',
  outputs: (_, { threads }) => [{ shape: [threads], dtype: 'f32' }],
  kernels({ inputs, outputs, attributes }) {
    const chains = Array.from({ length: ACCUMULATORS }, (_, index) => `v${index}`);
    const code = `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  let scale = vec4f(load_x(1));
  let shift = vec4f(load_x(2));
${chains.map((chain, index) => `  var ${chain} = vec4f(load_x(0) + ${index}.0);`).join('\n')}
  for (var i = 0u; i < ${ITERATIONS}u; i++) {
${chains.map((chain) => `    ${chain} = fma(${chain}, scale, shift);`).join('\n')}
  }
  store_y(index, dot(${chains.join(' + ')}, vec4f(1.0)));
}`;
    return [
      {
        kernel: {
          label: 'fma chains',
          bindings: [read('x'), write('y')],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code,
        },
        operands: [inputs[0], outputs[0]],
        uniforms: [],
        workgroups: linearGrid(attributes.threads, LINEAR_WORKGROUP),
      },
    ];
  },
  backward: onceDifferentiable,
};

/** y = x, four elements a thread. */
const copy: Operation<object> = {
  name: 'copy',
  outputs: ([{ shape, dtype }]) => [{ shape, dtype }],
  kernels({ inputs, outputs }) {
    const threads = inputs[0].shape[0] / 4;
    const code = `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index < ${threads}u) { store_y(index, load_x(index)); }
}`;
    return [
      {
        kernel: {
          label: 'copy',
          bindings: [read('x', 4), write('y', 4)],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code,
        },
        operands: [inputs[0], outputs[0]],
        uniforms: [],
        workgroups: linearGrid(threads, LINEAR_WORKGROUP),
      },
    ];
  },
  backward: onceDifferentiable,
};

/** The adapter's FMA peak, with as many threads as this device needs to be kept busy. */
export async function prepareFmaPeak(device: Device): Promise<Prepared> {
  let threads = MIN_THREADS;
  while (threads < MAX_THREADS && (await milliseconds(device, threads)) < MIN_RUN_MILLISECONDS) threads *= 4;
  return prepareFmaChains(device, threads);
}

async function milliseconds(device: Device, threads: number): Promise<number> {
  const chains = await prepareFmaChains(device, threads);
  chains.run();
  await device.check();
  const start = performance.now();
  chains.run();
  await device.check();
  const duration = performance.now() - start;
  chains.release();
  return duration;
}

async function prepareFmaChains(device: Device, threads: number): Promise<Prepared> {
  const gigaflop = (threads * FLOP_PER_THREAD) / 1e9;
  const graph = new Graph();
  // Each chain tends to shift / (1 - scale) = 1, far from infinities and denormals.
  const x = graph.constant(Float32Array.of(1, 0.999, 0.001, 0), [4]);
  const [y] = graph.apply(fmaChains, [x], { threads });
  const { program, prepared } = await prepareProgram(device, graph, { outputs: [y] });
  const expected = 4 * sumOfChains();
  const verify = async () => {
    const values = await program.read(y);
    for (const value of [values[0], values[threads - 1]]) {
      if (!(Math.abs(value / expected - 1) < 1e-3)) {
        throw new BenchmarkError(`FMA peak: a thread gave ${value} instead of ${expected}.`);
      }
    }
  };
  return { ...prepared, work: { amount: gigaflop, unit: 'GFLOP/s' }, gigaflop, verify };
}

/** v_n = 1 + (v_0 - 1) scale^n, summed over the chains that start at 1, 2, 3 ... */
function sumOfChains(): number {
  let sum = 0;
  for (let index = 0; index < ACCUMULATORS; index++) sum += 1 + index * 0.999 ** ITERATIONS;
  return sum;
}

/** 64 MiB read and 64 MiB written: beyond the caches of processors and GPUs, and within a binding's base limit. */
const COPY_ELEMENTS = 2 ** 24;

/** The adapter's memory bandwidth; bytes read and written both count. */
export async function prepareCopy(device: Device, elements = COPY_ELEMENTS): Promise<Prepared> {
  const graph = new Graph();
  const x = graph.input([elements]);
  const [y] = graph.apply(copy, [x], {});
  const { program, prepared } = await prepareProgram(device, graph, { outputs: [y] });
  const values = new Float32Array(elements);
  values[elements - 1] = 1;
  program.write(x, values);
  const verify = async () => {
    const copied = await program.read(y);
    if (copied[elements - 1] !== 1) throw new BenchmarkError('Copy bandwidth: the last element was not copied.');
  };
  return { ...prepared, work: { amount: (2 * elements * 4) / 1e9, unit: 'GB/s' }, verify };
}

/** Kernels of one workgroup, each of which waits for the one before. */
export const LAUNCHES = 256;

/** Launching kernels that do next to nothing: what every dispatch costs besides its work. */
export async function prepareLaunches(device: Device): Promise<Prepared> {
  const graph = new Graph();
  let x: Tensor = graph.constant(new Float32Array(4).fill(1), [4]);
  for (let launch = 0; launch < LAUNCHES; launch++) [x] = graph.apply(copy, [x], {});
  const { program, prepared } = await prepareProgram(device, graph, { outputs: [x] });
  const verify = async () => {
    const values = await program.read(x);
    if (values.some((value) => value !== 1)) throw new BenchmarkError(`launches: copies of 1 gave ${values}.`);
  };
  return { ...prepared, work: { amount: LAUNCHES, unit: 'launches/s' }, verify };
}
