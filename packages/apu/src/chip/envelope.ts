/** The volume unit of pulses and noise: a constant, or a decay from 15 to 0 clocked by quarter frames. */
export class Envelope {
  private start = false;
  private loop = false;
  private constant = false;
  private parameter = 0;
  private divider = 0;
  private decay = 0;

  /** Low six bits of $4000, $4004 and $400C: loop, constant volume, volume or divider period. */
  write(value: number): void {
    this.loop = (value & 0x20) !== 0;
    this.constant = (value & 0x10) !== 0;
    this.parameter = value & 0x0f;
  }

  /** A write to $4003, $4007 or $400F: the next quarter frame starts the decay again. */
  restart(): void {
    this.start = true;
  }

  clockQuarterFrame(): void {
    if (this.start) {
      this.start = false;
      this.decay = 15;
      this.divider = this.parameter;
    } else if (this.divider > 0) {
      this.divider--;
    } else {
      this.divider = this.parameter;
      if (this.decay > 0) this.decay--;
      else if (this.loop) this.decay = 15;
    }
  }

  /** 0..15. */
  get volume(): number {
    return this.constant ? this.parameter : this.decay;
  }
}
