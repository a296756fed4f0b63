import { Envelope } from './envelope.ts';
import { LengthCounter } from './length-counter.ts';
import { Sweep } from './sweep.ts';
import type { VoiceState } from './voice-state.ts';

/** Output of the sequencer, in the order of time from a restart: 12.5 %, 25 %, 50 %, 25 % inverted. */
export const DUTY_SEQUENCES: readonly (readonly number[])[] = [
  [0, 1, 0, 0, 0, 0, 0, 0],
  [0, 1, 1, 0, 0, 0, 0, 0],
  [0, 1, 1, 1, 1, 0, 0, 0],
  [1, 0, 0, 1, 1, 1, 1, 1],
];

/** Steps from each step of each sequence to the next one that differs. */
const STEPS_TO_EDGE = DUTY_SEQUENCES.map((sequence) =>
  sequence.map((output, step) => {
    let steps = 1;
    while (sequence[(step + steps) & 7] === output) steps++;
    return steps;
  }),
);

/** A pulse channel: timer, 8-step sequencer, envelope, sweep and length counter. */
export class Pulse {
  /** What the channel sends to the mixer, 0..15. */
  level = 0;
  /** Cycle of the next edge of the output; never while silent. */
  nextEvent = Number.POSITIVE_INFINITY;
  readonly length = new LengthCounter();
  private readonly envelope = new Envelope();
  private readonly sweep: Sweep;
  private duty = 0;
  private period = 0;
  private step = 0;
  /** Cycle of the next step of the sequencer. The timer is clocked on even cycles. */
  private stepAt = 2;
  private volume = 0;

  constructor(arithmetic: 'ones-complement' | 'twos-complement') {
    this.sweep = new Sweep(arithmetic);
  }

  /** Writes register 0..3 of the channel. */
  write(register: number, value: number): void {
    switch (register) {
      case 0:
        this.duty = value >> 6;
        this.envelope.write(value);
        this.length.setHalt((value & 0x20) !== 0);
        break;
      case 1:
        this.sweep.write(value);
        break;
      case 2:
        this.period = (this.period & 0x700) | value;
        break;
      default:
        this.period = (this.period & 0xff) | ((value & 7) << 8);
        this.length.load(value >> 3);
        this.envelope.restart();
        this.step = 0;
    }
  }

  get state(): VoiceState {
    return { period: this.period, volume: this.volume, duty: this.duty };
  }

  clockQuarterFrame(): void {
    this.envelope.clockQuarterFrame();
  }

  clockHalfFrame(): void {
    this.length.clockHalfFrame();
    this.period = this.sweep.clockHalfFrame(this.period);
  }

  /** Brings the sequencer up to `cycle` inclusive, however long it was silent. Due before anything changes. */
  advance(cycle: number): void {
    if (this.stepAt > cycle) return;
    const stepLength = 2 * (this.period + 1);
    const steps = Math.floor((cycle - this.stepAt) / stepLength) + 1;
    this.step = (this.step + steps) & 7;
    this.stepAt += steps * stepLength;
  }

  /** Works out level and next edge. Due after anything changed. */
  update(): void {
    this.volume = this.length.count > 0 && !this.sweep.mutes(this.period) ? this.envelope.volume : 0;
    this.level = this.volume * DUTY_SEQUENCES[this.duty][this.step];
    this.nextEvent = this.volume > 0 ? this.edgeAfterStep() : Number.POSITIVE_INFINITY;
  }

  /** Runs the edge at `nextEvent`. */
  runEvent(): void {
    this.step = (this.step + STEPS_TO_EDGE[this.duty][this.step]) & 7;
    this.stepAt = this.nextEvent + 2 * (this.period + 1);
    this.level = this.volume - this.level;
    this.nextEvent = this.edgeAfterStep();
  }

  private edgeAfterStep(): number {
    return this.stepAt + (STEPS_TO_EDGE[this.duty][this.step] - 1) * 2 * (this.period + 1);
  }
}
