import type { Region } from './region.ts';

/** What a step of the frame counter clocks: the value of a step is a sum of these. */
export const QUARTER_FRAME = 1;
export const HALF_FRAME = 2;
const RAISE_INTERRUPT = 4;
const END_INTERRUPT = 8;
const RESTART = 16;

/** One step: CPU cycles after the restart, and what happens. */
type Step = readonly [cycle: number, actions: number];

const BOTH = QUARTER_FRAME | HALF_FRAME;

/** The 4-step sequence, given the cycles of its quarter frames and of its first interrupt. */
function fourSteps(first: number, second: number, third: number, interrupt: number): readonly Step[] {
  return [
    [first, QUARTER_FRAME],
    [second, BOTH],
    [third, QUARTER_FRAME],
    [interrupt, RAISE_INTERRUPT],
    [interrupt + 1, RAISE_INTERRUPT | BOTH],
    [interrupt + 2, END_INTERRUPT | RESTART],
  ];
}

/** The 5-step sequence: its fourth step clocks nothing, and there is no interrupt. */
function fiveSteps(first: number, second: number, third: number, last: number): readonly Step[] {
  return [
    [first, QUARTER_FRAME],
    [second, BOTH],
    [third, QUARTER_FRAME],
    [last, BOTH],
    [last + 1, RESTART],
  ];
}

const SEQUENCES: Readonly<Record<Region, readonly [readonly Step[], readonly Step[]]>> = {
  ntsc: [fourSteps(7457, 14_913, 22_371, 29_828), fiveSteps(7457, 14_913, 22_371, 37_281)],
  pal: [fourSteps(8313, 16_627, 24_939, 33_252), fiveSteps(8313, 16_627, 24_939, 41_565)],
};

/** Clocks envelopes, sweeps and counters about 240 times a second, and raises the frame interrupt. */
export class FrameCounter {
  /** The flag that $4015 shows. It is raised even while inhibited, for two cycles. */
  interrupt = false;
  /** Bit 6 of $4017: keeps the flag from the CPU. */
  inhibit = false;
  /** Cycle of the next thing that happens here. */
  nextEvent: number;
  private readonly sequences: readonly [readonly Step[], readonly Step[]];
  private steps: readonly Step[];
  private step = 0;
  /**
   * Cycle of the last restart. The first is power-up: to the CPU, whose reset takes seven cycles, it is as if $4017 had
   * been written ten cycles before its first instruction.
   */
  private start = 0;
  private pendingMode: 0 | 1 = 0;
  private pendingAt = Number.POSITIVE_INFINITY;
  private acknowledgeAt = Number.POSITIVE_INFINITY;

  constructor(region: Region) {
    this.sequences = SEQUENCES[region];
    this.steps = this.sequences[0];
    this.nextEvent = this.start + this.steps[0][0];
  }

  /**
   * $4017. The sequence restarts 3 cycles after a write on an odd cycle, 4 after one on an even cycle.
   *
   * Writes may follow each other sooner than that: a VGM file gives $C0 and then $40 the same time. One still pending
   * then takes effect at once, before the new one is accepted, so that no forced clock is ever lost.
   *
   * Returns the clocks that the pending write forces now.
   */
  write(cycle: number, value: number): number {
    const forced = this.pendingAt < Number.POSITIVE_INFINITY ? this.restart(cycle) : 0;
    this.pendingMode = (value & 0x80) !== 0 ? 1 : 0;
    this.pendingAt = cycle + (cycle % 2 === 1 ? 3 : 4);
    this.inhibit = (value & 0x40) !== 0;
    if (this.inhibit) this.interrupt = false;
    this.findNextEvent();
    return forced;
  }

  /** A read of $4015 drops the flag at the next change from an odd to an even cycle. */
  acknowledge(cycle: number): void {
    this.acknowledgeAt = cycle + (cycle % 2 === 0 ? 2 : 1);
    this.findNextEvent();
  }

  /** Runs what happens at `cycle`, which is `nextEvent`; returns the clocks due. */
  runEvent(cycle: number): number {
    let clocks = 0;
    if (this.acknowledgeAt === cycle) {
      this.acknowledgeAt = Number.POSITIVE_INFINITY;
      this.interrupt = false;
    }
    if (this.start + this.steps[this.step][0] === cycle) clocks |= this.runStep(cycle);
    if (this.pendingAt === cycle) clocks |= this.restart(cycle);
    this.findNextEvent();
    return clocks;
  }

  private runStep(cycle: number): number {
    const actions = this.steps[this.step][1];
    if ((actions & RAISE_INTERRUPT) !== 0) this.interrupt = true;
    if ((actions & END_INTERRUPT) !== 0) this.interrupt = !this.inhibit;
    this.step++;
    if ((actions & RESTART) !== 0) {
      this.step = 0;
      this.start = cycle;
    }
    return actions & BOTH;
  }

  private restart(cycle: number): number {
    this.steps = this.sequences[this.pendingMode];
    this.pendingAt = Number.POSITIVE_INFINITY;
    this.step = 0;
    this.start = cycle;
    return this.pendingMode === 1 ? BOTH : 0;
  }

  private findNextEvent(): void {
    this.nextEvent = Math.min(this.start + this.steps[this.step][0], this.pendingAt, this.acknowledgeAt);
  }
}
