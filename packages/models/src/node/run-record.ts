import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@chipsmith/data';
import { fileError, isMissing, readInputFile } from '@chipsmith/data/node';
import { MEMORY_CATEGORIES } from '@chipsmith/kernels';
import { z } from 'zod';
import { ModelError } from '../error.ts';
import type { MetricsPart, MetricsPosition, RunFacts } from '../training/run-facts.ts';
import type { Metrics, RunStart } from '../training/run-store.ts';
import { lockOwner } from './run-lock.ts';

/** What to do with what cannot be a file of a run. */
export const MOVE_AWAY = 'move it away';

/** Settings and the counts of first events, of at most 65,536 classes. */
export const MAX_CONFIG_BYTES = 2 ** 24;

/** Ten million steps. */
export const MAX_METRICS_BYTES = 2 ** 28;

/** Eleven numbers and a name. */
const MAX_DEVICE_BYTES = 2 ** 16;

const metricsSchema = z.looseObject({
  step: z.int(),
  time: z.number(),
  loss: z.number(),
  gradientNorm: z.number(),
  learningRate: z.number(),
  tokensPerSecond: z.number(),
  waited: z.number(),
  valid: z.record(z.string(), z.number()).optional(),
});

/** What tells a run's config.json from that of another program, and what a watcher needs of it. */
const configSchema = z.looseObject({
  format: z.literal('chipsmith-checkpoint'),
  model: z.string(),
  training: z.looseObject({ baseline: z.number().nullable() }),
});

const category = z.number().min(0);
const bytesSchema = z.object(Object.fromEntries(MEMORY_CATEGORIES.map((name) => [name, category])));
const startSchema = z.object({ adapter: z.string(), predicted: bytesSchema, measured: bytesSchema });

/** A file of the run as text. @throws DataError if it cannot be read, or has more than `maxBytes` */
export async function readText(path: string, maxBytes: number): Promise<string> {
  return (await readInputFile(path, maxBytes, MOVE_AWAY)).toString();
}

export function isRunConfig(text: string): boolean {
  return configSchema.safeParse(parseJson(text)).success;
}

/** The whole lines of a run's metrics; what cannot be read, such as half a line of a killed process, is left out. */
export function metricsLines(text: string): Metrics[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const metrics = metricsSchema.safeParse(parseJson(line));
    return metrics.success ? [metrics.data as Metrics] : [];
  });
}

/** The step of a folder of previews; undefined for other names. */
export function previewStep(name: string): number | undefined {
  const [, digits] = /^step-(\d+)$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Reads a run's folder while another process may be training there, and changes nothing. */
export class RunRecord {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws ModelError if it is not the folder of a run; DataError if it cannot be read */
  async facts(): Promise<RunFacts> {
    const path = join(this.path, 'config.json');
    const config = configSchema.safeParse(parseJson((await this.#text('config.json', MAX_CONFIG_BYTES)) ?? ''));
    if (!config.success)
      throw new ModelError(`${path}: is not of a run of this version; name a folder that train wrote.`);
    const device = startSchema.safeParse(parseJson((await this.#text('device.json', MAX_DEVICE_BYTES)) ?? ''));
    const { model, training } = config.data;
    return {
      model,
      baseline: training.baseline,
      isTraining: (await lockOwner(join(this.path, 'lock'))) !== undefined,
      start: device.success ? (device.data as RunStart) : undefined,
      previews: await this.#previews(),
    };
  }

  /**
   * Whole lines of metrics from where somebody has come to, or from the start where the file is another one by now.
   *
   * @param from left out for all
   * @throws DataError if they cannot be read
   */
  async metrics(from?: MetricsPosition): Promise<MetricsPart> {
    const path = join(this.path, 'metrics.jsonl');
    let file: FileHandle | undefined;
    try {
      file = await open(path);
      const { ino, size } = await file.stat();
      const isStart = from === undefined || from.file !== ino || from.offset > size;
      const start = isStart ? 0 : from.offset;
      const buffer = Buffer.alloc(Math.min(size - start, MAX_METRICS_BYTES));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
      // A line that is being written is read next time.
      const whole = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
      const lines = metricsLines(buffer.toString('utf8', 0, whole));
      return { isStart, lines, position: { file: ino, offset: start + whole } };
    } catch (error) {
      if (isMissing(error)) return { isStart: true, lines: [], position: { file: 0, offset: 0 } };
      throw fileError(path, error);
    } finally {
      await file?.close();
    }
  }

  async #previews(): Promise<number[]> {
    try {
      const names = await readdir(join(this.path, 'previews'));
      return names.flatMap((name) => previewStep(name) ?? []).sort((a, b) => a - b);
    } catch (error) {
      if (isMissing(error)) return [];
      throw fileError(this.path, error);
    }
  }

  /** A file's text; undefined if there is none. */
  async #text(name: string, limit: number): Promise<string | undefined> {
    try {
      return await readText(join(this.path, name), limit);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}
