import type { CallSite } from '../call-site.ts';
import { BINDING_ALIGNMENT } from '../trace/memory.ts';
import type { Device } from './device.ts';
import { encode, type Launch, type Transfer } from './launch.ts';

/** How long the kernels of a program take. */
export interface Profile {
  /** `timestamps` of the device, one pass a dispatch; or by the `host`, from submit to done, one submit a dispatch. */
  readonly timedBy: 'timestamps' | 'host';
  /** Milliseconds of an empty submit, which the host's times include; 0 for timestamps. */
  readonly overhead: number;
  /** Runs of the program, of which each dispatch counts with its fastest. */
  readonly runs: number;
  /** The slowest first. */
  readonly kernels: readonly { readonly label: string; readonly dispatches: number; readonly milliseconds: number }[];
  readonly milliseconds: number;
}

/** WebGPU allows 4,096 queries a set, two for each pass. */
const PASSES_PER_QUERY_SET = 2048;
const NANOSECONDS = 1e-6;

/** Runs launches on their own and times each. */
export async function timeLaunches(
  device: Device,
  launches: readonly (Launch | Transfer)[],
  runs: number,
  at: CallSite,
): Promise<Profile> {
  const hasTimestamps = device.gpu.features.has('timestamp-query');
  const fastest = launches.map(() => Number.POSITIVE_INFINITY);
  let overhead = hasTimestamps ? 0 : Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const times = hasTimestamps ? await timeByDevice(device, launches, at) : await timeByHost(device, launches);
    for (const [index, time] of times.entries()) fastest[index] = Math.min(fastest[index], time);
    if (!hasTimestamps) overhead = Math.min(overhead, await timeSubmit(device, undefined));
  }
  await device.check(at);
  const byLabel = new Map<string, { label: string; dispatches: number; milliseconds: number }>();
  for (const [index, { label }] of launches.entries()) {
    const total = byLabel.get(label) ?? { label, dispatches: 0, milliseconds: 0 };
    total.dispatches++;
    total.milliseconds += fastest[index];
    byLabel.set(label, total);
  }
  const kernels = [...byLabel.values()].sort((a, b) => b.milliseconds - a.milliseconds);
  const milliseconds = kernels.reduce((total, kernel) => total + kernel.milliseconds, 0);
  return { timedBy: hasTimestamps ? 'timestamps' : 'host', overhead, runs, kernels, milliseconds };
}

/** A table for people, one row a kernel. */
export function formatProfile({ timedBy, overhead, runs, kernels, milliseconds }: Profile): string {
  const how =
    timedBy === 'timestamps'
      ? 'by timestamps of the device'
      : `on the host by separate submits (no timestamps here), each including about ${overhead.toFixed(3)} ms of submitting`;
  const rows = kernels.map((kernel) => {
    const share = milliseconds > 0 ? (100 * kernel.milliseconds) / milliseconds : 0;
    const columns = [kernel.milliseconds.toFixed(3), share.toFixed(1), String(kernel.dispatches)];
    return `${columns.map((column) => column.padStart(10)).join(' ')}  ${kernel.label}`;
  });
  const head = `${['ms', '%', 'dispatches'].map((column) => column.padStart(10)).join(' ')}  kernel`;
  return [
    `Times of ${runs} runs, the fastest of each dispatch, ${how}:`,
    head,
    ...rows,
    `${milliseconds.toFixed(3).padStart(10)}  in all`,
  ].join('\n');
}

async function timeByHost(device: Device, launches: readonly (Launch | Transfer)[]): Promise<number[]> {
  const times: number[] = [];
  for (const launch of launches) times.push(await timeSubmit(device, launch));
  return times;
}

/** Milliseconds from the submit of one pass until the device says that it is done. */
async function timeSubmit({ gpu }: Device, launch: Launch | Transfer | undefined): Promise<number> {
  const start = performance.now();
  const encoder = gpu.createCommandEncoder();
  if (launch !== undefined) encode(encoder, [launch]);
  gpu.queue.submit([encoder.finish()]);
  await gpu.queue.onSubmittedWorkDone();
  return performance.now() - start;
}

async function timeByDevice(device: Device, launches: readonly (Launch | Transfer)[], at: CallSite): Promise<number[]> {
  const times: number[] = [];
  for (let first = 0; first < launches.length; first += PASSES_PER_QUERY_SET) {
    times.push(...(await timePasses(device, launches.slice(first, first + PASSES_PER_QUERY_SET), at)));
  }
  return times;
}

async function timePasses(device: Device, launches: readonly (Launch | Transfer)[], at: CallSite): Promise<number[]> {
  const count = 2 * launches.length;
  const querySet = device.gpu.createQuerySet({ type: 'timestamp', count });
  const byteLength = Math.ceil((8 * count) / BINDING_ALIGNMENT) * BINDING_ALIGNMENT;
  const stamps = device.allocate(
    { name: 'timestamps', category: 'workspace', byteLength },
    GPUBufferUsage.QUERY_RESOLVE,
  );
  try {
    const encoder = device.gpu.createCommandEncoder();
    for (const [index, launch] of launches.entries()) {
      // A pass before and one after it, because transfers stand outside of passes.
      encoder.beginComputePass({ timestampWrites: { querySet, endOfPassWriteIndex: 2 * index } }).end();
      encode(encoder, [launch]);
      encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * index + 1 } }).end();
    }
    encoder.resolveQuerySet(querySet, 0, count, stamps, 0);
    device.gpu.queue.submit([encoder.finish()]);
    const values = new BigUint64Array(await device.readBuffer(stamps, 0, byteLength, 'Reading timestamps', at));
    return launches.map((_, index) => Number(values[2 * index + 1] - values[2 * index]) * NANOSECONDS);
  } finally {
    querySet.destroy();
    device.free([stamps]);
  }
}
