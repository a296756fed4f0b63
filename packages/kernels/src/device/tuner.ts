import { variantsOf } from '../kernels/dispatch.ts';
import type { Variant } from '../kernels/kernel.ts';
import type { PlannedDispatch } from '../plan/placement.ts';
import { describeNode } from '../trace/describe.ts';
import { Arena, alignUp } from '../trace/memory.ts';
import { BYTES_PER_ELEMENT } from '../trace/shape.ts';
import type { AdapterDescription, Device } from './device.ts';

/** Where winners are remembered: problem -> label of the kernel. A Map, a file (tuning-cache.ts) or IndexedDB (tuning-database.ts). */
export interface TuningMemory {
  get(problem: string): string | undefined;
  set(problem: string, winner: string): unknown;
}

/** What measured choices hold for: another driver may find another variant fastest. */
export function tuningKey({ backend, name, driver }: AdapterDescription): string {
  return [backend, name, driver].join(' / ');
}

/** Below this many floating-point operations even llvmpipe needs about a millisecond: not worth compiling variants. */
const LEAST_WORK = 3e7;

/**
 * A timed run repeats its dispatch to last about this long (ms), so that submitting it hardly counts. Not longer: on a
 * machine that does other work too, many short runs find a quiet moment where few long ones do not.
 */
const RUN_TIME = 2;
const MOST_REPEATS = 64;

/** Rounds in which two variants run in turn, and of which the fastest run of each counts; fewer where they take long (ms). */
const ROUNDS = 12;
const ENOUGH_TIME = 500;

/** After two rounds a variant that takes this many times as long as the other is not run again. */
const HOPELESS = 1.5;

/** A neighbour must take less than this part of the time: within it two timings are the same. */
const CLEARLY = 0.95;

/** One that takes at most this part of the time may have been disturbed: its next neighbour gets a chance too. */
const NEARLY = 1.15;

/**
 * Chooses among the variants of each kernel by running them on the device: what is fast differs from device to device
 * by more than any rule of thumb can know (over four vendors one fixed matmul tile reached 44 to 80 % of each GPU's best).
 *
 * Variants of a kernel give bit-identical results, so that a choice, and hence a noisy measurement, changes no number.
 */
export class Tuner {
  readonly #memory: TuningMemory;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(memory: TuningMemory) {
    this.#memory = memory;
  }

  /** For each dispatch its fastest variant. Programs made at the same time wait for each other, to measure undisturbed. */
  choose(device: Device, dispatches: readonly PlannedDispatch[]): Promise<readonly Variant[]> {
    const choose = async () => {
      const chosen: Variant[] = [];
      for (const dispatch of dispatches) chosen.push(await this.#winner(device, dispatch));
      return chosen;
    };
    const turn = this.#turn.then(choose, choose);
    this.#turn = turn;
    return turn;
  }

  async #winner(device: Device, dispatch: PlannedDispatch): Promise<Variant> {
    if (dispatch.choice === undefined || dispatch.choice.work < LEAST_WORK) return dispatch;
    // What is stored in 16 bits, or lies in textures, is another problem.
    const storage = dispatch.uses.map(({ half, image }) => (image !== undefined ? 't' : half ? 'h' : 'f')).join('');
    const problem = /[ht]/.test(storage) ? `${dispatch.choice.problem} ${storage}` : dispatch.choice.problem;
    const known = this.#memory.get(problem);
    const remembered = variantsOf(dispatch).find(({ kernel }) => kernel.label === known && device.supports(kernel));
    if (remembered !== undefined) return remembered;
    const winner = await fastest(device, dispatch);
    this.#memory.set(problem, winner.kernel.label);
    return winner;
  }
}

/**
 * Walks from the dispatch's own variant, or on a CPU from the likeliest there, to its neighbours while they get faster,
 * then tries other kinds: the first of each, and its neighbours if it was faster. Most of the time goes into compiling
 * (16x16 tiles take llvmpipe 0.6 s), so that a variant that is not run is time saved. Works on buffers of its own, which
 * are freed again before the program makes its.
 */
async function fastest(device: Device, dispatch: PlannedDispatch): Promise<Variant> {
  const { variants = [dispatch], likelyOnCpu, otherKinds = [], uniforms = [] } = dispatch.choice ?? {};
  const buffers: (GPUBuffer | GPUTexture)[] = [];
  let numbers: GPUBuffer | undefined;
  try {
    await device.allocating(`tuning ${describeNode(dispatch.node)}`, dispatch.node.site, () => {
      for (const { size, buffer } of dispatch.locations) {
        const texture = buffer instanceof Arena ? undefined : buffer.texture;
        const planned = { name: 'tuning', category: 'workspace', byteLength: size } as const;
        buffers.push(
          texture === undefined
            ? device.allocate(planned, GPUBufferUsage.STORAGE)
            : device.allocateTexture(planned, texture),
        );
      }
      if (uniforms.length > 0) {
        const byteLength = alignUp(uniforms.length * BYTES_PER_ELEMENT, 16);
        numbers = device.allocate({ name: 'tuning', category: 'workspace', byteLength }, GPUBufferUsage.UNIFORM);
        buffers.push(numbers);
      }
    });
    if (numbers !== undefined) device.gpu.queue.writeBuffer(numbers, 0, Uint32Array.from(uniforms));
    const likely = device.adapter.software ? likelyOnCpu : undefined;
    let best: Variant = likely ?? variants.find(({ kernel }) => kernel === dispatch.kernel) ?? dispatch;
    let holder = await timed(device, dispatch, best, buffers);
    /** Takes over as long as the next in line, or the one after a near miss, is faster. */
    const walk = async (line: readonly Variant[]) => {
      const before = best;
      let hasMissed = false;
      for (const variant of line) {
        const challenger = await timed(device, dispatch, variant, buffers);
        const part = await compare(challenger, holder);
        if (part < CLEARLY) {
          best = variant;
          holder = challenger;
        } else if (hasMissed || part > NEARLY) break;
        hasMissed = part >= CLEARLY;
      }
      return best !== before;
    };
    const line = variants.filter((variant) => variant === best || isLikely(device, variant));
    const start = line.indexOf(best);
    // Once one side was faster, the other side is not.
    if (!(await walk(line.slice(0, start).reverse()))) await walk(line.slice(start + 1));
    for (const kind of otherKinds) await walk(kind.filter((variant) => isLikely(device, variant)));
    return best;
  } finally {
    device.free(buffers);
  }
}

/**
 * Whether a variant can run and may be the fastest. On the CPU a barrier switches between the threads of a workgroup one by
 * one: matmul by workgroup memory takes llvmpipe 2.5 times as long as by registers.
 */
function isLikely(device: Device, { kernel }: Variant): boolean {
  return device.supports(kernel) && !(device.adapter.software && kernel.code.includes('workgroupBarrier'));
}

/** Runs a variant once and returns the milliseconds of one dispatch. */
type TimedRun = () => Promise<number>;

/** Runs the two in turn, so that what else the machine does meets both alike. @returns the challenger's part of the holder's time */
async function compare(challenger: TimedRun, holder: TimedRun): Promise<number> {
  let [challenge, hold] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const begin = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    hold = Math.min(hold, await holder());
    challenge = Math.min(challenge, await challenger());
    const decided = challenge > hold * HOPELESS || performance.now() - begin > ENOUGH_TIME;
    if (round > 0 && decided) break;
  }
  return challenge / hold;
}

async function timed(
  device: Device,
  { uses }: PlannedDispatch,
  { kernel, workgroups }: Variant,
  memory: readonly (GPUBuffer | GPUTexture)[],
): Promise<TimedRun> {
  const { pipeline, layout } = await device.pipeline(kernel, uses);
  const entries = memory.map((piece, binding) => ({
    binding,
    resource: piece instanceof GPUBuffer ? { buffer: piece } : piece.createView(),
  }));
  const bindGroup = device.gpu.createBindGroup({ label: kernel.label, layout, entries });
  const run = async (repeats: number) => {
    const start = performance.now();
    const encoder = device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let count = 0; count < repeats; count++) pass.dispatchWorkgroups(...workgroups);
    pass.end();
    device.gpu.queue.submit([encoder.finish()]);
    await device.check();
    return (performance.now() - start) / repeats;
  };
  // Drivers finish compiling at the first launch. The next ones show how many make a run: several, because one that was
  // disturbed would leave this variant with too few, and with more of the time of submitting than the others.
  await run(1);
  const once = Math.min(await run(1), await run(1), await run(1));
  const repeats = Math.min(MOST_REPEATS, Math.ceil(RUN_TIME / once));
  return () => run(repeats);
}
