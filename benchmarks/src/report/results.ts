import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from '@chipsmith/data/node';
import { MEMORY_CATEGORIES } from '@chipsmith/kernels';
import { z } from 'zod';
import { FAILURES } from '../peers/messages.ts';
import { PEERS } from '../peers/names.ts';

const positive = z.number().positive();
const bytesByCategory = z.record(z.enum(MEMORY_CATEGORIES), z.int().nonnegative());

const shareSchema = z.strictObject({ of: z.enum(['FMA', 'copy']), value: positive });

const peerSchema = z.union([
  z.strictObject({
    peer: z.enum(PEERS),
    /** Milliseconds on the clock that one run took, median. */
    wall: positive,
    /** The peer's time divided by ours, of each round in which both took turns. */
    ratio: z.strictObject({ median: positive, least: positive, most: positive }),
  }),
  z.strictObject({ peer: z.enum(PEERS), failure: z.enum(FAILURES), detail: z.string() }),
]);

const resultSchema = z.strictObject({
  /** Unique in a file; `--compare` matches by it. */
  name: z.string().min(1),
  /** Milliseconds on the clock that one run took. */
  wall: z.strictObject({ minimum: positive, median: positive }),
  /** Milliseconds of processor time that one run took, all threads together. */
  cpu: z.strictObject({ median: z.number().nonnegative() }),
  rounds: z.int().positive(),
  /** From the median on the clock. */
  rates: z.array(z.strictObject({ value: positive, unit: z.string().min(1) })),
  /** Of the adapter's FMA peak or copy bandwidth, measured in turn with this one; the median of the rounds. */
  share: shareSchema.optional(),
  /** The share that it is to reach on two cores without a GPU. */
  goal: positive.optional(),
  /** Of the time: what launching its kernels, and moving its bytes at the copy bandwidth, would take alone. */
  bounds: z.strictObject({ launching: z.number().nonnegative(), memory: z.number().nonnegative() }).optional(),
  /** Bytes on the device: what the plan said before, and what the device then allocated. */
  memory: z.strictObject({ predicted: bytesByCategory, allocated: bytesByCategory }).optional(),
  /** Where peers were asked for the same. */
  peers: z.array(peerSchema).optional(),
});

const hostSchema = z.strictObject({
  name: z.string().min(1),
  dispatches: z.int().positive(),
  /** JavaScript of one `program.run()`, divided by its dispatches: the median. */
  microsecondsPerDispatch: positive,
  /** What a run leaves on the heap after a collection; negative where something else was freed meanwhile. */
  heapBytesPerRun: z.number(),
});

const growthSchema = z.strictObject({
  name: z.string().min(1),
  length: z.int().positive(),
  /** As planned: everything but the inputs and what belongs to the device. */
  bytes: z.int().nonnegative(),
  /** What the scores of all heads alone would take, length x length. */
  scoreBytes: z.int().positive(),
});

const waitingSchema = z.strictObject({
  /** Where the data is and what is done to it. */
  name: z.string().min(1),
  /** What a step takes on the device. */
  stepMilliseconds: positive,
  steps: z.int().positive(),
  /** Of all time, what steps waited for their batches. */
  waitedShare: z.number().min(0).max(1),
  millisecondsWaited: z.number().nonnegative(),
});

const machineSchema = z.strictObject({
  processor: z.string(),
  cores: z.int().positive(),
  memoryBytes: positive,
  system: z.string(),
});

const versionsSchema = z.strictObject({
  chipsmith: z.string(),
  commit: z.string().optional(),
  node: z.string(),
  webgpu: z.string(),
  /** Of the packages of the peers that were measured, by name. */
  peers: z.record(z.string(), z.string()),
});

const reportSchema = z.strictObject({
  format: z.literal('chipsmith benchmarks 2'),
  /** When it began, ISO 8601. */
  date: z.iso.datetime(),
  command: z.string(),
  machine: machineSchema,
  /** Missing when no kernel was measured. */
  adapter: z
    .strictObject({ name: z.string(), driver: z.string(), backend: z.string(), software: z.boolean() })
    .optional(),
  versions: versionsSchema,
  /** One-minute load average before the first and after the last benchmark; the run itself is in the second. */
  load: z.strictObject({ start: z.number(), end: z.number() }),
  results: z.array(resultSchema),
  host: z.array(hostSchema),
  growth: z.array(growthSchema),
  /** Missing in older files. */
  waiting: z.array(waitingSchema).default([]),
});

export type Result = z.infer<typeof resultSchema>;
export type Share = z.infer<typeof shareSchema>;
export type PeerResult = z.infer<typeof peerSchema>;
export type HostCost = z.infer<typeof hostSchema>;
export type Growth = z.infer<typeof growthSchema>;
export type Waiting = z.infer<typeof waitingSchema>;
export type Machine = z.infer<typeof machineSchema>;
export type Versions = z.infer<typeof versionsSchema>;
/** One run of the benchmarks, as it lies on disk. */
export type Report = z.infer<typeof reportSchema>;

/** A file that is not a report, or cannot be read. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/** @throws ReportError naming the file and the field */
export function readReport(file: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReportError(`${file} cannot be read: ${reason}`, { cause });
  }
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const field = path.length > 0 ? ` at ${path.join('.')}` : '';
  throw new ReportError(`${file} is not a report of the benchmarks${field}: ${message}. Write one with --json.`);
}

/** @throws ModelError if the file cannot be written */
export async function writeReport(file: string, report: Report): Promise<void> {
  await writeText(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** Writes a file whole or not at all; makes its folder where it is missing. @throws ModelError if that fails */
export async function writeText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, text);
}
