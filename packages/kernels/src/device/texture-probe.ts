import type { TextureSupport } from '../kernels/image.ts';
import { matmul } from '../operations/matmul/matmul.ts';
import { type Plan, plan } from '../plan/plan.ts';
import { Graph } from '../trace/graph.ts';
import type { Device } from './device.ts';
import type { PreparationOptions } from './preparation.ts';
import { Program } from './program.ts';
import type { TuningMemory } from './tuner.ts';

/** From where kernels read matrices. Anything but `buffers` is copied to textures first, in the same program. */
export type MatrixReading = 'buffers' | TextureSupport['reading'];

/** What winners are remembered by. */
const PROBLEM = 'matrices from buffers or textures';

/**
 * Rows, columns and inner size of the product that decides: 28 MFLOP, a few milliseconds on two cores, and not tuned
 * itself.
 */
const SIZE = 240;

/**
 * Rounds in which all ways run in turn, of which the fastest run counts: so many, and more while there is time (ms).
 */
const ROUNDS = 6;
const MAX_ROUNDS = 40;
const ENOUGH_TIME = 400;

/** Textures must take less than this part of the buffers' time, since they take memory besides. */
const CLEARLY = 0.9;

/** The ways a device can read matrices. */
export function possibleReadings(device: Device, canReadStorage: boolean): TextureSupport[] {
  const maxSide = device.gpu.limits.maxTextureDimension2D;
  const sampled = { reading: 'sampled', maxSide } as const;
  return canReadStorage ? [{ reading: 'storage', maxSide }, sampled] : [sampled];
}

/**
 * Measures a matrix product with operands from buffers and from textures, copies included, and remembers which is
 * fastest. On llvmpipe a load from a buffer is done lane by lane: textures take 0.3 to 0.6 of the time there. Where
 * buffers are as fast, as on most GPUs, they stay.
 *
 * @returns how the device is to read, undefined for buffers
 * @throws the signal's reason once it is aborted
 */
export async function fastestReading(
  device: Device,
  memory: TuningMemory,
  possible: readonly TextureSupport[],
  { onProgress, signal }: PreparationOptions = {},
): Promise<TextureSupport | undefined> {
  const known = memory.get(PROBLEM);
  const remembered = possible.find(({ reading }) => reading === known);
  if (remembered !== undefined || known === 'buffers') return remembered;
  const programs: { support: TextureSupport | undefined; program: Program; milliseconds: number }[] = [];
  try {
    const ways = [undefined, ...possible];
    const tell = (done: number, label: string) =>
      onProgress?.({ stage: 'measuring', done, total: ways.length, label, secondsLeft: undefined });
    for (const [done, support] of ways.entries()) {
      tell(done, PROBLEM);
      const program = await Program.create(device, planProduct(support), { signal });
      programs.push({ support, program, milliseconds: Number.POSITIVE_INFINITY });
      program.run();
      await device.check();
    }
    const begin = performance.now();
    const isEnough = (rounds: number) => rounds >= ROUNDS && performance.now() - begin > ENOUGH_TIME;
    for (let round = 0; round < MAX_ROUNDS && !isEnough(round); round++) {
      signal?.throwIfAborted();
      for (const candidate of programs) {
        const start = performance.now();
        candidate.program.run();
        await device.check();
        candidate.milliseconds = Math.min(candidate.milliseconds, performance.now() - start);
      }
    }
    tell(ways.length, '');
  } finally {
    for (const { program } of programs) program.destroy();
  }
  const [buffers, ...textures] = programs;
  const [best] = textures.sort((a, b) => a.milliseconds - b.milliseconds);
  const winner = best.milliseconds < CLEARLY * buffers.milliseconds ? best.support : undefined;
  memory.set(PROBLEM, winner?.reading ?? 'buffers');
  return winner;
}

function planProduct(textures: TextureSupport | undefined): Plan {
  const graph = new Graph();
  const [a, b] = [graph.input([SIZE, SIZE]), graph.input([SIZE, SIZE])];
  return plan(graph, {
    outputs: [matmul(a, b)],
    limits: { maxBufferSize: 2 ** 20, maxStorageBufferBindingSize: 2 ** 20, textures },
  });
}
