import { type BytesByCategory, type Device, type Graph, type PlanOptions, Program, plan } from '@chipsmith/kernels';
import type { Prepared } from '../benchmark.ts';

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
    run: () => program.run(),
    settle: () => device.check(),
    release: () => {
      program.destroy();
      for (const arena of planned.arenas) device.release(arena);
    },
  };
  return { program, prepared };
}

/** What was allocated in between. The staging buffer is the device's, made with it, and counts in every plan. */
function allocatedSince(before: BytesByCategory, after: BytesByCategory): BytesByCategory {
  const bytes = { ...after };
  for (const category of ['parameters', 'gradients', 'optimiser', 'activations', 'workspace'] as const) {
    bytes[category] -= before[category];
  }
  return bytes;
}
