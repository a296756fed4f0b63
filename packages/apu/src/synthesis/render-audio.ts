import { Apu } from '../chip/apu.ts';
import { type Region, regionOfClock } from '../chip/region.ts';
import { ApuError } from '../errors.ts';
import { checkRegisterLog, type RegisterLog } from '../register-log.ts';
import type { VoiceName } from '../score.ts';
import { FILTER_PROFILES, type FilterName, FirstOrderFilter } from './filters.ts';
import { StepBuffer } from './step-buffer.ts';
import { KERNEL_REACH } from './step-kernel.ts';

export interface RenderOptions {
  /** Samples a second, 8,000..192,000; 48,000 by default. */
  readonly sampleRate?: number;
  /** Output path of the console; 'nes' by default. */
  readonly filter?: FilterName;
  /**
   * What the chip's output, 0..1, is multiplied by; DEFAULT_GAIN by default. A piece that would then exceed 1 is turned
   * down as a whole to a peak of exactly 1, so that nothing clips.
   */
  readonly gain?: number;
  /** Seconds at the end over which the sound fades out, so that a note cut there does not click; 0.005 by default. */
  readonly fade?: number;
  /** Tables of the chip; by default those that go with the log's clock. */
  readonly region?: Region;
  /** Holds the triangle at timer periods 0 and 1 (28 and 56 kHz), which games use as a mute; off by default. */
  readonly holdUltrasonicTriangle?: boolean;
  /** Voices that are muted: they reach the mixer, which is not linear, as 0. None by default. */
  readonly silentVoices?: readonly VoiceName[];
}

/** Brings four voices at full volume to peaks of about 0.9 behind the NES's filters. */
export const DEFAULT_GAIN = 2.5;

/** Samples made at a time: the buffers stay in the processor's first cache. */
const BLOCK = 1024;

/** Three hours at 48 kHz, 2 GiB: a longer piece is a mistake, or a damaged file that waits for hours. */
const MAX_SAMPLES = 2 ** 29;

/**
 * Plays a register log on the chip.
 *
 * Returns round(duration * sampleRate / clock) mono samples in -1..1; sample n is the sound at cycle
 * n * clock / sampleRate. The chip starts from power-up, and what it puts out then counts as silence. The same log and
 * options give the same samples.
 *
 * Throws ApuError for a malformed log, one of more than three hours, or an option out of range.
 */
export function renderAudio(log: RegisterLog, options: RenderOptions = {}): Float32Array {
  const { sampleRate = 48_000, filter = 'nes', gain = DEFAULT_GAIN, fade = 0.005 } = options;
  checkRegisterLog(log);
  checkRange('sampleRate', sampleRate, 8_000, 192_000);
  checkRange('gain', gain, 0, 1000);
  checkRange('fade', fade, 0, 3600);
  if (!Object.hasOwn(FILTER_PROFILES, filter)) {
    throw new ApuError(`filter '${filter}' is not known: choose ${Object.keys(FILTER_PROFILES).join(', ')}`);
  }

  const length = Math.round((log.duration * sampleRate) / log.clock);
  if (length > MAX_SAMPLES) {
    throw new ApuError(
      `the log lasts ${Math.round(log.duration / log.clock)} s: at most ${MAX_SAMPLES} samples are made`,
    );
  }

  const steps = new StepBuffer(sampleRate, log.clock, BLOCK);
  const stages = FILTER_PROFILES[filter].map((stage) => new FirstOrderFilter(stage, sampleRate));
  const player = new LogPlayer(log, options, (cycle, height) => steps.add(cycle, height));
  const samples = new Float32Array(length);
  const block = new Float64Array(BLOCK);
  let peak = 0;
  for (let start = 0; start < samples.length; start += BLOCK) {
    const count = Math.min(BLOCK, samples.length - start);
    player.runTo(Math.ceil(((start + count + KERNEL_REACH) * log.clock) / sampleRate));
    steps.read(block, count);
    for (const stage of stages) stage.process(block, count);
    for (let i = 0; i < count; i++) {
      const sample = gain * block[i];
      peak = Math.max(peak, Math.abs(sample));
      samples[start + i] = sample;
    }
  }
  if (peak > 1) for (let i = 0; i < samples.length; i++) samples[i] /= peak;
  fadeOut(samples, Math.round(fade * sampleRate));
  return samples;
}

/** A chip, the memory its DMC reads, and the log that is played on it. */
class LogPlayer {
  private readonly log: RegisterLog;
  private readonly memory = new Uint8Array(0x8000);
  private readonly apu: Apu;
  private nextWrite = 0;
  private nextBlock = 0;

  constructor(log: RegisterLog, options: RenderOptions, onStep: (cycle: number, height: number) => void) {
    this.log = log;
    this.apu = new Apu({
      region: options.region ?? regionOfClock(log.clock),
      holdUltrasonicTriangle: options.holdUltrasonicTriangle ?? false,
      silentVoices: options.silentVoices ?? [],
      readMemory: (address) => this.memory[address - 0x8000],
      onStep,
    });
  }

  runTo(cycle: number): void {
    const { writes } = this.log;
    while (this.nextWrite < writes.length && writes[this.nextWrite].cycle <= cycle) {
      const write = writes[this.nextWrite++];
      this.loadMemory(write.cycle);
      this.apu.write(write.cycle, write.register, write.value);
    }
    this.loadMemory(cycle);
    this.apu.runTo(cycle);
  }

  private loadMemory(cycle: number): void {
    const { memory = [] } = this.log;
    while (this.nextBlock < memory.length && memory[this.nextBlock].cycle <= cycle) {
      const block = memory[this.nextBlock++];
      this.apu.runTo(block.cycle);
      this.memory.set(block.bytes, block.address - 0x8000);
    }
  }
}

function checkRange(name: string, value: number, lowest: number, highest: number): void {
  if (!(value >= lowest && value <= highest)) {
    throw new ApuError(`${name} is ${value}: give a number from ${lowest} to ${highest}`);
  }
}

/** Half a cosine over the last `length` samples. */
function fadeOut(samples: Float32Array, length: number): void {
  const count = Math.min(length, samples.length);
  const start = samples.length - count;
  for (let i = 0; i < count; i++) samples[start + i] *= 0.5 + 0.5 * Math.cos((Math.PI * (i + 1)) / count);
}
