import { LengthCounter } from './length-counter.ts';
import { LinearCounter } from './linear-counter.ts';
import type { VoiceState } from './voice-state.ts';

/** Level of each of the 32 steps: 15 down to 0, then 0 up to 15. */
export const TRIANGLE_SEQUENCE: readonly number[] = Array.from({ length: 32 }, (_, step) =>
  step < 16 ? 15 - step : step - 16,
);

/** Below this timer period the tone is above 18 kHz: 28 or 56 kHz. */
const ULTRASONIC_PERIOD = 2;

/** The triangle channel: timer, 32-step sequencer, linear and length counter. Stopped, it holds its level. */
export class Triangle {
  /** What the channel sends to the mixer, 0..15. */
  level = TRIANGLE_SEQUENCE[0];
  /** Cycle of the next step of the sequencer; never while stopped. */
  nextEvent = Number.POSITIVE_INFINITY;
  readonly length = new LengthCounter();
  private readonly linear = new LinearCounter();
  private readonly holdUltrasonic: boolean;
  private period = 0;
  private step = 0;
  /** Cycle of the next timer expiry. The timer runs whether or not the sequencer does. */
  private stepAt = 1;
  private running = false;

  /** `holdUltrasonic` stops the sequencer at periods 0 and 1, which hardware does not do. */
  constructor(holdUltrasonic: boolean) {
    this.holdUltrasonic = holdUltrasonic;
  }

  /** Writes register 0..3 of the channel; 1 does nothing. */
  write(register: number, value: number): void {
    switch (register) {
      case 0:
        this.linear.write(value);
        this.length.setHalt((value & 0x80) !== 0);
        break;
      case 2:
        this.period = (this.period & 0x700) | value;
        break;
      case 3:
        this.period = (this.period & 0xff) | ((value & 7) << 8);
        this.length.load(value >> 3);
        this.linear.restart();
        break;
    }
  }

  get state(): VoiceState {
    return { period: this.period, volume: this.running ? 15 : 0, duty: 0 };
  }

  clockQuarterFrame(): void {
    this.linear.clockQuarterFrame();
  }

  clockHalfFrame(): void {
    this.length.clockHalfFrame();
  }

  /** Brings the timer, and the sequencer if it runs, up to `cycle` inclusive. Due before anything changes. */
  advance(cycle: number): void {
    if (this.stepAt > cycle) return;
    const steps = Math.floor((cycle - this.stepAt) / (this.period + 1)) + 1;
    if (this.running) this.step = (this.step + steps) & 31;
    this.stepAt += steps * (this.period + 1);
  }

  /** Works out level and next step. Due after anything changed. */
  update(): void {
    const held = this.holdUltrasonic && this.period < ULTRASONIC_PERIOD;
    this.running = this.length.count > 0 && this.linear.count > 0 && !held;
    this.nextEvent = this.running ? this.stepAt : Number.POSITIVE_INFINITY;
  }

  /** Runs the step at `nextEvent`. */
  runEvent(): void {
    this.step = (this.step + 1) & 31;
    this.level = TRIANGLE_SEQUENCE[this.step];
    this.stepAt = this.nextEvent + this.period + 1;
    this.nextEvent = this.stepAt;
  }
}
