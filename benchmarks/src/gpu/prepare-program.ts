import {
  type BytesByCategory,
  type Device,
  elementCount,
  type Graph,
  multiply,
  type Plan,
  type PlanOptions,
  Program,
  plan,
  sum,
  type Tensor,
} from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError, type Demand, type Prepared, type Work } from '../benchmark.ts';
import { numbers, type Problem } from './problems.ts';

/** Plans a graph and puts it on the device, with its memory as planned and as allocated. */
export async function prepareProgram(
  device: Device,
  graph: Graph,
  options: PlanOptions,
): Promise<{ program: Program; prepared: Omit<Prepared, 'work' | 'verify'> }> {
  const planned = plan(graph, { ...options, limits: device.limits });
  const before = device.allocated;
  const program = await Program.create(device, planned);
  const prepared = {
    memory: { predicted: planned.byCategory, allocated: allocatedSince(before, device.allocated) },
    demand: demandOf(planned),
    run: () => program.run(),
    settle: () => device.check(),
    release: () => {
      program.destroy();
      for (const arena of planned.arenas) device.release(arena);
    },
  };
  return { program, prepared };
}

/** A problem as a graph of ours. */
export interface Traced {
  readonly graph: Graph;
  readonly results: readonly Tensor[];
  /** Of the matrix products, in units of 10^9; where there are none, the bytes count. */
  readonly gigaflop?: number;
}

/** A benchmark that runs a graph again and again, unchanged. */
export function graphBenchmark<P extends Problem>(
  name: string,
  problem: P,
  trace: (problem: P) => Traced,
): Benchmark<Device> {
  return {
    name,
    problem,
    async prepare(device) {
      const { graph, results: outputs, gigaflop } = trace(problem);
      const { program, prepared } = await prepareProgram(device, graph, { outputs });
      const results = async () => {
        const values = [];
        for (const output of outputs) values.push(await program.read(output));
        return values;
      };
      const verify = async () => {
        for (const [index, values] of (await results()).entries()) {
          const wrong = values.find((value) => !Number.isFinite(value));
          if (wrong !== undefined || values.every((value) => value === 0)) {
            throw new BenchmarkError(`${name}: result ${index} is ${wrong ?? 'all zeros'}.`);
          }
        }
      };
      const work: Work =
        gigaflop === undefined
          ? { amount: movedBytes([...graph.inputs, ...outputs]) / 1e9, unit: 'GB/s' }
          : { amount: gigaflop, unit: 'GFLOP/s' };
      return { ...prepared, work, ...(gigaflop === undefined ? {} : { gigaflop }), results, verify };
    },
  };
}

/** sum(y weights): a loss under which every element of y has another gradient. */
export function weightedSum(y: Tensor): Tensor {
  return sum(multiply(y, y.graph.constant(numbers(elementCount(y.shape), 9), y.shape)));
}

function demandOf({ dispatches, nodes }: Plan): Demand {
  const computed = nodes.filter((node) => node.operation.alias?.(node) === undefined);
  const bytes = computed.reduce((total, { inputs, outputs }) => total + movedBytes([...inputs, ...outputs]), 0);
  return { launches: dispatches.length, gigabytes: bytes / 1e9 };
}

/** As if each operand were read once and each result written once, 4 bytes an element. */
function movedBytes(tensors: readonly Tensor[]): number {
  return tensors.reduce((bytes, { shape }) => bytes + 4 * elementCount(shape), 0);
}

/** What was allocated in between. The staging buffer is the device's, made with it, and counts in every plan. */
function allocatedSince(before: BytesByCategory, after: BytesByCategory): BytesByCategory {
  const bytes = { ...after };
  for (const category of ['parameters', 'gradients', 'optimiser', 'activations', 'workspace'] as const) {
    bytes[category] -= before[category];
  }
  return bytes;
}
