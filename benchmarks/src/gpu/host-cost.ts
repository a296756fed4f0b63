import { type Device, Program, plan, type Tensor } from '@chipsmith/kernels';
import { collectGarbage } from '../measure.ts';
import type { HostCost } from '../report/results.ts';
import { median } from '../statistics.ts';
import { ATTENTION, traceAttention } from './attention.ts';
import { traceLstmTraining } from './lstm.ts';

/** A traced step that is replayed. */
interface Step {
  readonly name: string;
  trace(): { graph: Tensor['graph']; outputs: readonly Tensor[] };
}

const LSTM = { units: 256, layers: 2, batch: 16, classes: 38 };

export const HOST_STEPS: readonly Step[] = [
  ...[32, 128].map((steps): Step => ({ name: `host cost LSTM training, T ${steps}`, trace: () => lstmStep(steps) })),
  { name: 'host cost attention training, L 256', trace: attentionStep },
];

function lstmStep(steps: number) {
  const { graph, loss } = traceLstmTraining({ ...LSTM, steps }).model;
  return { graph, outputs: [loss] };
}

function attentionStep() {
  const { graph, results } = traceAttention({ ...ATTENTION, length: 256 });
  return { graph, outputs: results };
}

const SAMPLES = 15;
/** Enough that a byte a dispatch would show, few enough that the null device's queue stays short. */
const RUNS_PER_SAMPLE = 20;

/**
 * Time and heap of `program.run()` itself: encoding and submitting, not computing.
 *
 * @param device on the null adapter, where a submit validates but computes nothing; on llvmpipe's GLES a submit
 *   computes
 */
export async function measureHostCost(device: Device, { name, trace }: Step): Promise<HostCost> {
  const { graph, outputs } = trace();
  const planned = plan(graph, { outputs, limits: device.limits });
  const program = await Program.create(device, planned);
  const times: number[] = [];
  const runs = () => {
    const start = performance.now();
    for (let run = 0; run < RUNS_PER_SAMPLE; run++) program.run();
    return (performance.now() - start) / RUNS_PER_SAMPLE;
  };
  // Compiled code after the first ones.
  for (let warm = 0; warm < 5; warm++) runs();
  await device.check();
  collectGarbage();
  const heapBefore = process.memoryUsage().heapUsed;
  for (let sample = 0; sample < SAMPLES; sample++) {
    times.push(runs());
    await device.check();
  }
  collectGarbage();
  const heapBytesPerRun = (process.memoryUsage().heapUsed - heapBefore) / (SAMPLES * RUNS_PER_SAMPLE);
  program.destroy();
  for (const arena of planned.arenas) device.release(arena);
  const dispatches = planned.dispatches.length;
  return { name, dispatches, microsecondsPerDispatch: (median(times) * 1000) / dispatches, heapBytesPerRun };
}
