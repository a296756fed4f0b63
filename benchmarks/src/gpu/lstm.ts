import {
  adamSchedule,
  type Device,
  elementCount,
  gradients,
  optimiser,
  type Program,
  type Tensor,
} from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError } from '../benchmark.ts';
import { forwardFlop, type LstmModel, type LstmShape, lstmModel } from './lstm-model.ts';
import { prepareProgram } from './prepare-program.ts';
import { CLIP_NORM, classIds, LEARNING_RATE, type LstmTraining, numbers, PARAMETER_LIMIT } from './problems.ts';

const BASE = { units: 256, layers: 2, batch: 16, classes: 38 };

export const lstmBenchmarks: readonly Benchmark<Device>[] = [32, 128].flatMap((steps) => [
  lstmForward({ ...BASE, steps }),
  lstmTraining({ kind: 'LSTM training', ...BASE, steps }),
]);

/** The loss of one batch, without gradients. */
export function lstmForward(shape: LstmShape): Benchmark<Device> {
  const name = `LSTM forward ${describe(shape)}`;
  return {
    name,
    async prepare(device) {
      const model = lstmModel(shape);
      const { program, prepared } = await prepareProgram(device, model.graph, { history: [model.loss] });
      fill(device, program, model, shape);
      return {
        ...prepared,
        work: tokens(shape),
        gigaflop: forwardFlop(shape) / 1e9,
        verify: () => verifyLosses(name, program),
      };
    },
  };
}

/** One step on one batch: forward, backward, clipping by the global norm, Adam. */
export function lstmTraining(problem: LstmTraining): Benchmark<Device> {
  const name = `LSTM training ${describe(problem)}`;
  return {
    name,
    problem,
    async prepare(device) {
      const { model, schedule } = traceLstmTraining(problem);
      const { program, prepared } = await prepareProgram(device, model.graph, { history: [model.loss] });
      fill(device, program, model, problem);
      let step = 0;
      const run = () => {
        step++;
        program.write(schedule, adamSchedule(step, LEARNING_RATE));
        program.run();
      };
      return {
        ...prepared,
        work: tokens(problem),
        gigaflop: (3 * forwardFlop(problem)) / 1e9,
        run,
        results: async () => (await program.history()).map((row) => Float32Array.from(row)),
        verify: () => verifyLosses(name, program),
      };
    },
  };
}

/** The graph of a training step; `schedule` is what Adam asks for. */
export function traceLstmTraining(shape: LstmShape): { model: LstmModel; schedule: Tensor } {
  const model = lstmModel(shape);
  const { graph, parameters, loss } = model;
  const slopes = gradients(loss, graph.variables(parameters));
  const { schedule } = optimiser({ kind: 'adam' }, parameters).step(slopes, { clipNorm: CLIP_NORM });
  return { model, schedule };
}

function tokens({ batch, steps }: LstmShape) {
  return { amount: batch * steps, unit: 'tokens/s' };
}

function describe({ units, layers, batch, steps }: LstmShape): string {
  return `${layers}x${units}, B ${batch}, T ${steps}`;
}

/** Parameters as Magenta draws them on average, and a batch in which each event has one successor. */
function fill(device: Device, program: Program, { parameters, events, targets }: LstmModel, shape: LstmShape): void {
  for (const [index, slot] of parameters.slots.entries()) {
    device.write(slot, numbers(elementCount(slot.shape), index, PARAMETER_LIMIT));
  }
  const rows = shape.batch * shape.steps;
  program.write(events, classIds(rows, shape.classes));
  program.write(targets, classIds(rows, shape.classes, 1));
}

async function verifyLosses(name: string, program: Program): Promise<void> {
  const losses = (await program.history()).flat();
  const wrong = losses.find((loss) => !(loss > 0 && loss < 20));
  if (losses.length === 0 || wrong !== undefined) {
    throw new BenchmarkError(`${name}: a loss is ${wrong ?? 'missing'} where untrained guessing gives about 3.6.`);
  }
}
