import { type AdapterDescription, type Device, KernelError } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import { APU_BENCHMARKS } from './apu/benchmarks.ts';
import { type Options, type Suite, UsageError } from './arguments.ts';
import type { OnResult } from './benchmark.ts';
import { DATA_BENCHMARKS } from './data/encode.ts';
import { measureWaiting, WAITING } from './data/waiting.ts';
import { ATTENTION_MEMORY, attentionMemory } from './gpu/attention-memory.ts';
import { COMPOSING, measureComposing } from './gpu/composing.ts';
import { HOST_STEPS, measureHostCost } from './gpu/host-cost.ts';
import { KERNEL_BENCHMARKS, runKernels } from './gpu/run-kernels.ts';
import { busyWarning, describeMachine, loadAverage, readVersions } from './machine.ts';
import { FULL, QUICK } from './measure.ts';
import { BRIEF, PATIENT, Peer } from './peers/peer.ts';
import type { Composing, HostCost, Report, Result, Waiting } from './report/results.ts';
import { runPlain } from './run-plain.ts';

/** What a run reports while it goes on. */
export interface Listener {
  note(line: string): void;
  result: OnResult;
}

/**
 * Runs the benchmarks that the options ask for.
 *
 * @param command as typed, for the report
 * @throws UsageError where filter or adapter match nothing, BenchmarkError for a wrong result, KernelError without an
 *   adapter
 */
export async function runBenchmarks(options: Options, command: string, listener: Listener): Promise<Report> {
  const matching = <T extends { name: string }>(suite: Suite, benchmarks: readonly T[]) =>
    options.suites.includes(suite) ? benchmarks.filter(({ name }) => contains(name, options.filter)) : [];
  const kernels = matching('kernels', KERNEL_BENCHMARKS);
  const steps = matching('kernels', HOST_STEPS);
  const growing = matching('kernels', [{ name: ATTENTION_MEMORY }]);
  const composes = matching('kernels', [{ name: COMPOSING }]);
  const plain = [...matching('data', DATA_BENCHMARKS), ...matching('apu', APU_BENCHMARKS)];
  const waits = matching('data', [{ name: WAITING }]);
  if (kernels.length + steps.length + growing.length + composes.length + plain.length + waits.length === 0) {
    throw new UsageError(
      `No benchmark's name contains "${options.filter}": try matmul, LSTM, attention, composing, host, data or APU.`,
    );
  }

  const date = new Date().toISOString();
  const machine = describeMachine();
  const start = loadAverage();
  listener.note(`${machine.processor}, ${machine.cores} cores, load average ${start.toFixed(2)}`);
  const warning = busyWarning(start, machine.cores);
  if (warning !== undefined) listener.note(warning);

  const effort = options.quick ? QUICK : FULL;
  const results: Result[] = [];
  const onResult: OnResult = (result) => {
    results.push(result);
    listener.result(result);
  };
  let adapter: AdapterDescription | undefined;
  if (kernels.length > 0) {
    const device = await open(options.adapter);
    const peers = options.peers.map((name) => new Peer(name, device.adapter.backend, options.quick ? BRIEF : PATIENT));
    try {
      adapter = device.adapter;
      listener.note(`Adapter: ${adapter.name}${adapter.software ? ' (computes on the CPU)' : ''}`);
      await runKernels(device, kernels, peers, effort, onResult);
    } finally {
      for (const peer of peers) peer.close();
      device.destroy();
    }
  }
  const composing = composes.length > 0 ? await runComposing(options) : [];
  for (const { name, timesAsFast } of composing) {
    listener.note(`  ${COMPOSING}: ${name}: ${timesAsFast.toFixed(1)} times as fast in one batch`);
  }
  const host = await runHostSteps(steps);
  await runPlain(plain, effort, onResult);
  const onWaiting = ({ name, stepMilliseconds, waitedShare }: Waiting) =>
    listener.note(`  ${WAITING} of ${stepMilliseconds} ms, ${name}: ${(100 * waitedShare).toFixed(2)} %`);
  const waiting = waits.length > 0 ? await measureWaiting(options.quick ? 100 : 300, onWaiting) : [];
  return {
    format: 'chipsmith benchmarks 2',
    date,
    command,
    machine,
    ...(adapter === undefined ? {} : { adapter }),
    versions: readVersions(options.peers),
    load: { start, end: loadAverage() },
    results,
    host,
    growth: growing.length > 0 ? attentionMemory() : [],
    waiting,
    composing,
  };
}

async function runComposing({ adapter, quick }: Options): Promise<Composing[]> {
  const device = await open(adapter);
  try {
    return [await measureComposing(device, quick ? 1 : 5)];
  } finally {
    device.destroy();
  }
}

async function runHostSteps(steps: typeof HOST_STEPS): Promise<HostCost[]> {
  if (steps.length === 0) return [];
  const device = await openDevice({ adapter: 'null' });
  try {
    const costs = [];
    for (const step of steps) costs.push(await measureHostCost(device, step));
    return costs;
  } finally {
    device.destroy();
  }
}

/** Without an adapter the machine lacks something; without the one that was named, the name is wrong. */
async function open(adapter: string | undefined): Promise<Device> {
  try {
    return await openDevice({ adapter });
  } catch (error) {
    const named = adapter !== undefined && error instanceof KernelError && error.code === 'no-adapter';
    throw named ? new UsageError(error.message, { cause: error }) : error;
  }
}

function contains(name: string, filter: string | undefined): boolean {
  return filter === undefined || name.toLowerCase().includes(filter.toLowerCase());
}
