import type { Variant } from '../kernels/kernel.ts';
import { kernelSource } from '../kernels/shader.ts';
import type { PlannedDispatch } from '../plan/placement.ts';
import { describeNode } from '../trace/describe.ts';
import { Arena, alignUp } from '../trace/memory.ts';
import { BYTES_PER_ELEMENT } from '../trace/shape.ts';
import { type CompileTimes, extrapolated, inlinedLength } from './compile-times.ts';
import type { Device } from './device.ts';
import { encode, type Launch } from './launch.ts';
import { warmUp } from './warm-up.ts';

/**
 * A timed run repeats its dispatch to last about this long (ms), so that submitting it hardly counts. Not longer: on a
 * machine that does other work too, many short runs find a quiet moment where few long ones do not.
 */
const RUN_TIME = 2;
const MAX_REPEATS = 64;

/**
 * Rounds in which two variants run in turn, and of which the fastest run of each counts; fewer where they take long
 * (ms).
 */
const ROUNDS = 12;
const ENOUGH_TIME = 500;

/** A run that takes so long (ms) is not repeated to find out whether it was disturbed. */
const LONG_RUN = 100;

/** After two rounds a variant that takes this many times as long as the other is not run again. */
const HOPELESS = 1.5;

/** A neighbour must take less than this part of the time: within it two timings are the same. */
const CLEARLY = 0.95;

/** One that takes at most this part of the time may have been disturbed: its next neighbour gets a chance too. */
const NEARLY = 1.15;

/**
 * Code that is expected to take longer to compile (s) is not measured: meanwhile nothing else happens, not even Ctrl-C.
 */
const MAX_COMPILE_SECONDS = 2;

/** Measuring starts with, and what is not measured uses, code that is expected to take no longer than this (s). */
const QUICK_COMPILE = 0.3;

/** On a CPU, of launches with more floating-point operations only a part is run: half a second at 2 GFLOP/s. */
const MAX_WORK = 1e9;

/** What measuring may take, and by what. */
export interface Limits {
  /** When it is to end, on the clock. */
  readonly deadline: number;
  /** Milliseconds, as `performance.now`. */
  readonly clock: () => number;
  readonly compileTimes: CompileTimes;
  readonly signal: AbortSignal | undefined;
}

/**
 * Whether a variant can run and may be the fastest. On the CPU a barrier switches between the threads of a workgroup
 * one by one: matmul by workgroup memory takes llvmpipe 2.5 times as long as by registers.
 */
export function isUsable(device: Device, { kernel }: Variant): boolean {
  return device.supports(kernel) && !(device.adapter.software && kernel.code.includes('workgroupBarrier'));
}

/** The dispatch's own variant, or on a CPU the likeliest there. */
function wantedVariant(device: Device, dispatch: PlannedDispatch): Variant {
  const { variants = [dispatch], likelyOnCpu } = dispatch.choice ?? {};
  const own = variants.find(({ kernel }) => kernel === dispatch.kernel) ?? dispatch;
  return (device.adapter.software && likelyOnCpu) || own;
}

/**
 * What a dispatch uses unmeasured, and where measuring starts: of the wanted variant and its neighbours the nearest
 * that compiles quickly.
 */
export function likeliest(device: Device, dispatch: PlannedDispatch, compileTimes: CompileTimes): Variant {
  const { variants = [dispatch] } = dispatch.choice ?? {};
  const wanted = wantedVariant(device, dispatch);
  const expected = (variant: Variant) => compileTimes.expected(lengthOf(dispatch, variant));
  const place = variants.indexOf(wanted);
  const byDistance = variants
    .map((variant, index) => ({ variant, distance: Math.abs(index - place) }))
    .filter(({ variant }) => variant === wanted || isUsable(device, variant))
    .sort((a, b) => a.distance - b.distance)
    .map(({ variant }) => variant);
  const quick = byDistance.find((variant) => expected(variant) <= QUICK_COMPILE);
  return quick ?? byDistance.reduce((a, b) => (expected(b) < expected(a) ? b : a), wanted);
}

const lengthOf = ({ uses }: PlannedDispatch, { kernel }: Variant) => inlinedLength(kernelSource(kernel, uses));

/**
 * Walks from the likeliest variant to its neighbours while they get faster, then tries other kinds: the first of each,
 * and its neighbours if it was faster. Most of the time goes into compiling (16x16 tiles take llvmpipe 0.6 s), so that
 * a variant that is not run is time saved. Works on buffers of its own, which are freed again before the program makes
 * its.
 *
 * @param work floating-point operations of one launch
 * @param start the fastest that an earlier process found; the likeliest variant if left out
 * @returns the fastest variant so far, and whether none was left out for want of time; undefined if there was no time
 *   to compare two
 */
export async function fastest(
  device: Device,
  dispatch: PlannedDispatch,
  work: number,
  start: Variant | undefined,
  limits: Limits,
): Promise<{ readonly best: Variant; readonly isFinal: boolean } | undefined> {
  const { variants = [dispatch], otherKinds = [] } = dispatch.choice ?? {};
  const buffers: (GPUBuffer | GPUTexture)[] = [];
  try {
    await allocateOperands(device, dispatch, buffers);
    // A GPU would be idle with a part, and needs none.
    const share = device.adapter.software ? Math.min(1, MAX_WORK / work) : 1;
    const bench = new Bench(device, dispatch, buffers, share, limits);
    let best = start ?? likeliest(device, dispatch, limits.compileTimes);
    let holder = await bench.timed(best);
    if (holder === undefined) return undefined;
    let hasCompared = false;
    /** Takes over as long as the next in line, or the one after a near miss, is faster. */
    const walk = async (line: readonly Variant[]) => {
      const before = best;
      let hasMissed = false;
      for (const variant of line) {
        const challenger = holder && (await bench.timed(variant, holder));
        if (holder === undefined || challenger === undefined) break;
        const part = await bench.compare(challenger, holder);
        hasCompared = true;
        if (part < CLEARLY) {
          best = variant;
          holder = challenger;
        } else if (hasMissed || part > NEARLY) break;
        hasMissed = part >= CLEARLY;
      }
      return best !== before;
    };
    const line = variants.filter((variant) => variant === best || isUsable(device, variant));
    const place = line.indexOf(best);
    const sides = [line.slice(0, place).reverse(), line.slice(place + 1)];
    if (line.indexOf(wantedVariant(device, dispatch)) > place) sides.reverse();
    // Once one side was faster, the other side is not.
    if (!(await walk(sides[0]))) await walk(sides[1]);
    for (const kind of otherKinds) await walk(kind.filter((variant) => isUsable(device, variant)));
    const isFinal = !bench.hasLeftOut;
    return hasCompared || isFinal ? { best, isFinal } : undefined;
  } finally {
    device.free(buffers);
  }
}

/** About a share of the workgroups, fewer along the longest axis, and exactly which part of all they are. */
export function partOfGrid(
  workgroups: Variant['workgroups'],
  share: number,
): { readonly workgroups: Variant['workgroups']; readonly part: number } {
  const longest = Math.max(...workgroups);
  const left = Math.max(1, Math.round(longest * share));
  const axis = workgroups.indexOf(longest);
  const [x, y, z] = workgroups.map((count, index) => (index === axis ? left : count));
  return { workgroups: [x, y, z], part: left / longest };
}

/** Memory for a dispatch that is measured, its uniforms filled. */
async function allocateOperands(
  device: Device,
  { node, choice, locations }: PlannedDispatch,
  buffers: (GPUBuffer | GPUTexture)[],
): Promise<void> {
  const { uniforms = [] } = choice ?? {};
  let numbers: GPUBuffer | undefined;
  await device.allocating(`tuning ${describeNode(node)}`, node.site, () => {
    for (const { size, buffer } of locations) {
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
}

/** A variant that is compiled and can be timed. */
interface Timed {
  /** Runs it, and returns the milliseconds of one dispatch. */
  readonly run: () => Promise<number>;
  /** Of its code, and the seconds that compiling it took. */
  readonly length: number;
  readonly seconds: number;
}

/** Where the variants of one dispatch are timed, on the same memory. */
class Bench {
  readonly #device: Device;
  readonly #dispatch: PlannedDispatch;
  readonly #memory: readonly (GPUBuffer | GPUTexture)[];
  readonly #share: number;
  readonly #limits: Limits;
  /** Whether something was left out for want of time. */
  hasLeftOut = false;

  constructor(
    device: Device,
    dispatch: PlannedDispatch,
    memory: readonly (GPUBuffer | GPUTexture)[],
    share: number,
    limits: Limits,
  ) {
    this.#device = device;
    this.#dispatch = dispatch;
    this.#memory = memory;
    this.#share = share;
    this.#limits = limits;
  }

  /**
   * Compiles a variant, if there is time.
   *
   * @param like one that is compiled, of the same dispatch, by which to judge how long this one takes
   */
  async timed(variant: Variant, like?: Timed): Promise<Timed | undefined> {
    const { clock, compileTimes, deadline, signal } = this.#limits;
    const length = lengthOf(this.#dispatch, variant);
    const expected = Math.max(compileTimes.expected(length), like === undefined ? 0 : extrapolated(like, length));
    const start = clock();
    const isTooLong = like !== undefined && length > like.length && expected > MAX_COMPILE_SECONDS;
    if (isTooLong || start + 1000 * expected > deadline) {
      this.hasLeftOut = true;
      return undefined;
    }
    const { workgroups, part } = partOfGrid(variant.workgroups, this.#share);
    const launch = await this.#launch({ ...variant, workgroups });
    // Drivers finish compiling at the first launch.
    await warmUp(this.#device, [launch], { signal });
    await this.#device.check();
    const seconds = compileTimes.note(length, (clock() - start) / 1000, this.#device.adapter.software);
    const run = async (repeats: number) => {
      signal?.throwIfAborted();
      const begin = clock();
      const encoder = this.#device.gpu.createCommandEncoder();
      encode(encoder, new Array<Launch>(repeats).fill(launch));
      this.#device.gpu.queue.submit([encoder.finish()]);
      await this.#device.check();
      return (clock() - begin) / repeats / part;
    };
    // How many make a run is judged by several, because one that was disturbed would leave this variant with too few,
    // and with more of the time of submitting than the others.
    let once = await run(1);
    for (let again = 0; again < 2 && once * part < LONG_RUN; again++) once = Math.min(once, await run(1));
    const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(RUN_TIME / (once * part))));
    return { run: () => run(repeats), length, seconds };
  }

  /**
   * Runs the two in turn, so that what else the machine does meets both alike.
   *
   * @returns the challenger's part of the holder's time
   */
  async compare(challenger: Timed, holder: Timed): Promise<number> {
    const { clock, deadline } = this.#limits;
    let [challenge, hold] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const end = Math.min(clock() + ENOUGH_TIME, deadline);
    for (let round = 0; round < ROUNDS; round++) {
      hold = Math.min(hold, await holder.run());
      challenge = Math.min(challenge, await challenger.run());
      const isSure = round > 0 || hold * this.#share > LONG_RUN;
      if (clock() > end || (isSure && challenge > hold * HOPELESS)) break;
    }
    return challenge / hold;
  }

  async #launch({ kernel, workgroups }: Variant): Promise<Launch> {
    const { pipeline, layout } = await this.#device.pipeline(kernel, this.#dispatch.uses);
    const entries = this.#memory.map((piece, binding) => ({
      binding,
      resource: piece instanceof GPUBuffer ? { buffer: piece } : piece.createView(),
    }));
    const bindGroup = this.#device.gpu.createBindGroup({ label: kernel.label, layout, entries });
    return { label: kernel.label, pipeline, bindGroup, workgroups };
  }
}
