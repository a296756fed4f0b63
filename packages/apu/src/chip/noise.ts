import { Envelope } from './envelope.ts';
import { LengthCounter } from './length-counter.ts';
import type { Region } from './region.ts';
import type { VoiceState } from './voice-state.ts';

/** CPU cycles between two shifts, by period index. */
export const NOISE_PERIODS: Readonly<Record<Region, readonly number[]>> = {
  ntsc: [4, 8, 16, 32, 64, 96, 128, 160, 202, 254, 380, 508, 762, 1016, 2034, 4068],
  pal: [4, 8, 14, 30, 60, 88, 118, 148, 188, 236, 354, 472, 708, 944, 1890, 3778],
};

const REGISTER_BITS = 15;
/** After this many shifts the register is back where it was: the long sequence, and 3 x 31 for both short ones. */
const SEQUENCE_LENGTHS = { long: 32_767, short: 93 };

/**
 * Shifts a noise register `count` times at once: bit i of the feedback is bit i xor bit i + tap, which holds until the
 * first new bit reaches the tap, for up to 15 - tap shifts.
 */
function shift(register: number, tap: number, count: number): number {
  const feedback = (register ^ (register >> tap)) & ((1 << count) - 1);
  return (register >> count) | (feedback << (REGISTER_BITS - count));
}

/** The noise channel: timer, 15-bit shift register, envelope and length counter. */
export class Noise {
  /** What the channel sends to the mixer, 0..15. */
  level = 0;
  /** Cycle up to which the output is known to hold; never while silent. */
  nextEvent = Number.POSITIVE_INFINITY;
  readonly length = new LengthCounter();
  private readonly envelope = new Envelope();
  private readonly periods: readonly number[];
  private period: number;
  /** Which bit is added to bit 0 to make the feedback: 1 for the long sequence, 6 for the short one. */
  private tap = 1;
  private register = 1;
  /** Cycle of the next shift. */
  private shiftAt: number;
  /** Shifts that `nextEvent` will run at once. */
  private pendingShifts = 0;
  private volume = 0;

  constructor(region: Region) {
    this.periods = NOISE_PERIODS[region];
    this.period = this.periods[0];
    this.shiftAt = this.period;
  }

  /** Writes register 0..3 of the channel; 1 does nothing. */
  write(register: number, value: number): void {
    switch (register) {
      case 0:
        this.envelope.write(value);
        this.length.setHalt((value & 0x20) !== 0);
        break;
      case 2:
        this.tap = (value & 0x80) !== 0 ? 6 : 1;
        this.period = this.periods[value & 0x0f];
        break;
      case 3:
        this.length.load(value >> 3);
        this.envelope.restart();
        break;
    }
  }

  get state(): VoiceState {
    return { period: this.periods.indexOf(this.period), volume: this.volume, duty: this.tap === 6 ? 1 : 0 };
  }

  clockQuarterFrame(): void {
    this.envelope.clockQuarterFrame();
  }

  clockHalfFrame(): void {
    this.length.clockHalfFrame();
  }

  /** Brings the shift register up to `cycle` inclusive, however long it was silent. Due before anything changes. */
  advance(cycle: number): void {
    if (this.shiftAt > cycle) return;
    const shifts = Math.floor((cycle - this.shiftAt) / this.period) + 1;
    this.shiftAt += shifts * this.period;
    let left = shifts % (this.tap === 1 ? SEQUENCE_LENGTHS.long : SEQUENCE_LENGTHS.short);
    for (const most = REGISTER_BITS - this.tap; left > 0; left -= most) {
      this.register = shift(this.register, this.tap, Math.min(left, most));
    }
  }

  /** Works out level and next event. Due after anything changed. */
  update(): void {
    this.volume = this.length.count > 0 ? this.envelope.volume : 0;
    this.hold();
    if (this.volume === 0) this.nextEvent = Number.POSITIVE_INFINITY;
  }

  /** Runs the shifts up to `nextEvent`. */
  runEvent(): void {
    this.register = shift(this.register, this.tap, this.pendingShifts);
    this.shiftAt = this.nextEvent + this.period;
    this.hold();
  }

  /** The output stays as it is for as many shifts as bit 0 has equal bits above it. */
  private hold(): void {
    const output = this.register & 1;
    this.level = output === 0 ? this.volume : 0;
    const differing = output === 0 ? this.register : ~this.register;
    const equalBits = 31 - Math.clz32(differing & -differing);
    this.pendingShifts = Math.min(equalBits, REGISTER_BITS - this.tap);
    this.nextEvent = this.shiftAt + (this.pendingShifts - 1) * this.period;
  }
}
