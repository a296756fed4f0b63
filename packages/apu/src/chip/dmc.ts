import type { Region } from './region.ts';

/** CPU cycles between two bits of a sample, by rate index. */
export const DMC_PERIODS: Readonly<Record<Region, readonly number[]>> = {
  ntsc: [428, 380, 340, 320, 286, 254, 226, 214, 190, 160, 142, 128, 106, 84, 72, 54],
  pal: [398, 354, 316, 298, 276, 236, 210, 198, 176, 148, 132, 118, 98, 78, 66, 50],
};

const NO_BYTE = -1;

/**
 * The delta modulation channel: plays one-bit samples from memory, or takes its level from $4011.
 *
 * Bytes are fetched at once when the buffer is empty; the cycles that the fetch steals are the business of a CPU.
 */
export class Dmc {
  /** What the channel sends to the mixer, 0..127. */
  level = 0;
  /** Cycle of the next bit; never while nothing plays. */
  nextEvent = Number.POSITIVE_INFINITY;
  /** Set when a sample that does not loop has been fetched to its end. */
  interrupt = false;
  bytesRemaining = 0;
  private readonly periods: readonly number[];
  private readonly readMemory: (address: number) => number;
  private interruptEnabled = false;
  private loop = false;
  private period: number;
  private sampleAddress = 0xc000;
  private sampleLength = 1;
  private address = 0xc000;
  private buffer = NO_BYTE;
  private shiftRegister = 0;
  private silent = true;
  private bitsRemaining = 8;
  private bitAt: number;

  constructor(region: Region, readMemory: (address: number) => number) {
    this.periods = DMC_PERIODS[region];
    this.readMemory = readMemory;
    this.period = this.periods[0];
    this.bitAt = this.period;
  }

  /** Writes register 0..3 of the channel, $4010..$4013. */
  write(register: number, value: number): void {
    switch (register) {
      case 0:
        this.interruptEnabled = (value & 0x80) !== 0;
        if (!this.interruptEnabled) this.interrupt = false;
        this.loop = (value & 0x40) !== 0;
        this.period = this.periods[value & 0x0f];
        break;
      case 1:
        this.level = value & 0x7f;
        break;
      case 2:
        this.sampleAddress = 0xc000 + 64 * value;
        break;
      default:
        this.sampleLength = 16 * value + 1;
    }
  }

  /**
   * The channel's bit of $4015: starts the sample unless one is playing, or lets it end with the byte in the buffer.
   */
  setEnabled(enabled: boolean): void {
    this.interrupt = false;
    if (!enabled) this.bytesRemaining = 0;
    else if (this.bytesRemaining === 0) this.restart();
    this.fetch();
  }

  /** Brings an idle channel's phase up to `cycle` inclusive. Due before anything changes. */
  advance(cycle: number): void {
    if (this.bitAt > cycle) return;
    const bits = Math.floor((cycle - this.bitAt) / this.period) + 1;
    this.bitAt += bits * this.period;
    this.bitsRemaining = 8 - ((8 - this.bitsRemaining + bits) % 8);
  }

  /** Works out the next event. Due after anything changed. */
  update(): void {
    const idle = this.silent && this.buffer === NO_BYTE;
    this.nextEvent = idle ? Number.POSITIVE_INFINITY : this.bitAt;
  }

  /** Runs the bit at `nextEvent`. */
  runEvent(): void {
    if (!this.silent) {
      if ((this.shiftRegister & 1) === 0) {
        if (this.level >= 2) this.level -= 2;
      } else if (this.level <= 125) {
        this.level += 2;
      }
      this.shiftRegister >>= 1;
    }
    this.bitsRemaining--;
    if (this.bitsRemaining === 0) {
      this.bitsRemaining = 8;
      this.silent = this.buffer === NO_BYTE;
      this.shiftRegister = this.buffer;
      this.buffer = NO_BYTE;
      this.fetch();
    }
    this.bitAt = this.nextEvent + this.period;
    this.update();
  }

  private restart(): void {
    this.address = this.sampleAddress;
    this.bytesRemaining = this.sampleLength;
  }

  private fetch(): void {
    if (this.buffer !== NO_BYTE || this.bytesRemaining === 0) return;
    this.buffer = this.readMemory(this.address) & 0xff;
    this.address = this.address === 0xffff ? 0x8000 : this.address + 1;
    this.bytesRemaining--;
    if (this.bytesRemaining > 0) return;
    if (this.loop) this.restart();
    else if (this.interruptEnabled) this.interrupt = true;
  }
}
