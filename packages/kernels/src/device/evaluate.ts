import { plan } from '../plan/plan.ts';
import type { TensorData } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import type { Device } from './device.ts';
import { Program } from './program.ts';

/** Computes tensors of one graph once, for tests and exploration: plans, runs, reads and frees. */
export async function evaluate(device: Device, tensors: readonly Tensor[]): Promise<TensorData[]> {
  if (tensors.length === 0) return [];
  const program = await Program.create(device, plan(tensors[0].graph, { outputs: tensors, limits: device.limits }));
  try {
    program.run();
    const values: TensorData[] = [];
    for (const tensor of tensors) values.push(await program.read(tensor));
    return values;
  } finally {
    program.destroy();
  }
}
