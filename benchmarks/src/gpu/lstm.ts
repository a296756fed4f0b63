import {
  adam,
  adamSchedule,
  type Device,
  elementCount,
  globalNorm,
  gradients,
  type Program,
  store,
  uniformArray,
} from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError } from '../benchmark.ts';
import { forwardFlop, type LstmModel, type LstmShape, lstmModel } from './lstm-model.ts';
import { prepareProgram } from './prepare-program.ts';

const BASE = { units: 256, layers: 2, batch: 16, classes: 38 };

/** Settings of Magenta's melody RNNs; they do not change what is computed. */
const DROPOUT = 0.5;
const LEARNING_RATE = 0.001;
const CLIP_NORM = 3;

export const lstmBenchmarks: readonly Benchmark<Device>[] = [32, 128].flatMap((steps) => [
  lstmForward({ ...BASE, steps }),
  lstmTraining({ ...BASE, steps }),
]);

/** The loss of one batch, without dropout and without gradients. */
export function lstmForward(shape: LstmShape): Benchmark<Device> {
  const name = `LSTM forward ${describe(shape)}`;
  return {
    name,
    async prepare(device) {
      const model = lstmModel(shape, 0);
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
export function lstmTraining(shape: LstmShape): Benchmark<Device> {
  const name = `LSTM training step ${describe(shape)}`;
  return {
    name,
    async prepare(device) {
      const model = lstmModel(shape, DROPOUT);
      const { graph, parameters, loss, seed } = model;
      const gradientArena = parameters.mirror('gradients', 'gradients');
      const variables = parameters.slots.map((slot) => graph.variable(slot));
      for (const [index, gradient] of gradients(loss, variables).entries()) {
        if (gradient !== undefined) store(gradient, gradientArena.slots[index]);
      }
      const schedule = graph.input([3]);
      const flatGradients = graph.flat(gradientArena);
      const state = {
        parameters: graph.flat(parameters),
        gradients: flatGradients,
        firstMoment: graph.flat(parameters.mirror('first moment', 'optimiser')),
        secondMoment: graph.flat(parameters.mirror('second moment', 'optimiser')),
      };
      adam(state, schedule, globalNorm(flatGradients), CLIP_NORM);

      const { program, prepared } = await prepareProgram(device, graph, { history: [loss] });
      fill(device, program, model, shape);
      let step = 0;
      const run = () => {
        step++;
        program.write(schedule, adamSchedule(step, LEARNING_RATE));
        program.write(seed, Uint32Array.of(step));
        program.run();
      };
      return {
        ...prepared,
        work: tokens(shape),
        gigaflop: (3 * forwardFlop(shape)) / 1e9,
        run,
        verify: () => verifyLosses(name, program),
      };
    },
  };
}

function tokens({ batch, steps }: LstmShape) {
  return { amount: batch * steps, unit: 'tokens/s' };
}

function describe({ units, layers, batch, steps, classes }: LstmShape): string {
  return `${layers}x${units}, batch ${batch}, length ${steps}, ${classes} classes`;
}

/** Parameters as Magenta draws them on average, and a batch that counts upwards. */
function fill(device: Device, program: Program, { parameters, events, targets }: LstmModel, shape: LstmShape): void {
  for (const [index, slot] of parameters.slots.entries()) {
    device.write(slot, uniformArray(elementCount(slot.shape), 0.08, index, 1));
  }
  const rows = shape.batch * shape.steps;
  program.write(
    events,
    Uint32Array.from({ length: rows }, (_, row) => (row * 7) % shape.classes),
  );
  program.write(
    targets,
    Uint32Array.from({ length: rows }, (_, row) => (row * 7 + 7) % shape.classes),
  );
}

async function verifyLosses(name: string, program: Program): Promise<void> {
  const losses = (await program.history()).flat();
  const wrong = losses.find((loss) => !(loss > 0 && loss < 20));
  if (losses.length === 0 || wrong !== undefined) {
    throw new BenchmarkError(`${name}: a loss is ${wrong ?? 'missing'} where untrained guessing gives about 3.6.`);
  }
}
