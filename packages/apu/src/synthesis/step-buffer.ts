import { KERNEL_PHASES, KERNEL_TAPS, makeStepKernel } from './step-kernel.ts';

const KERNEL = makeStepKernel();

/**
 * Turns steps at CPU cycles into samples without aliasing: each step adds its band-limited shape to the differences
 * of the samples around it, and reading sums the differences up.
 */
export class StepBuffer {
  private readonly samplesPerCycle: number;
  private readonly differences: Float64Array;
  /** Index, among all samples of the piece, of the first difference in the buffer. */
  private first = 1 - KERNEL_TAPS / 2;
  private level = 0;

  /** `capacity` samples can be read at a time; steps may lie up to KERNEL_REACH samples behind them. */
  constructor(sampleRate: number, clock: number, capacity: number) {
    this.samplesPerCycle = sampleRate / clock;
    this.differences = new Float64Array(capacity + 2 * KERNEL_TAPS);
    // What lies before sample 0 is summed up, not given out.
    this.unreadLead = -this.first;
  }

  private unreadLead: number;

  /** Adds a step of `height` at `cycle`, which must not lie before samples already read. */
  add(cycle: number, height: number): void {
    const { differences } = this;
    const position = cycle * this.samplesPerCycle + 0.5;
    const sample = Math.floor(position);
    const phase = (position - sample) * KERNEL_PHASES;
    const row = Math.floor(phase);
    const upper = height * (phase - row);
    const lower = height - upper;
    let target = sample + 1 - KERNEL_TAPS / 2 - this.first;
    let source = row * KERNEL_TAPS;
    for (const end = source + KERNEL_TAPS; source < end; source++, target++) {
      differences[target] += lower * KERNEL[source] + upper * KERNEL[source + KERNEL_TAPS];
    }
  }

  /** Gives the next `count` samples; all steps up to KERNEL_REACH samples behind them must have been added. */
  read(samples: Float64Array, count: number): void {
    const { differences } = this;
    let level = this.level;
    const lead = this.unreadLead;
    for (let i = 0; i < lead; i++) level += differences[i];
    for (let i = 0; i < count; i++) {
      level += differences[lead + i];
      samples[i] = level;
    }
    this.level = level;
    this.unreadLead = 0;
    this.first += lead + count;
    differences.copyWithin(0, lead + count);
    differences.fill(0, differences.length - lead - count);
  }
}
