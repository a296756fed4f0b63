/** Timer periods below this are muted by the sweep unit. */
const LOWEST_PERIOD = 8;
const HIGHEST_PERIOD = 0x7ff;

/** A pulse's pitch slide, clocked by half frames. Its overflow check mutes the pulse even while the slide is off. */
export class Sweep {
  private readonly negateExtra: number;
  private enabled = false;
  private negate = false;
  private shift = 0;
  private dividerPeriod = 0;
  private divider = 0;
  private reload = false;

  /** Pulse 1 subtracts in ones' complement, that is one more than pulse 2. */
  constructor(arithmetic: 'ones-complement' | 'twos-complement') {
    this.negateExtra = arithmetic === 'ones-complement' ? 1 : 0;
  }

  /** $4001 or $4005: EPPP NSSS. */
  write(value: number): void {
    this.enabled = (value & 0x80) !== 0;
    this.dividerPeriod = (value >> 4) & 7;
    this.negate = (value & 8) !== 0;
    this.shift = value & 7;
    this.reload = true;
  }

  /** The period the slide would go to from `period`; negative results are 0. */
  target(period: number): number {
    const change = period >> this.shift;
    return this.negate ? Math.max(0, period - change - this.negateExtra) : period + change;
  }

  mutes(period: number): boolean {
    return period < LOWEST_PERIOD || this.target(period) > HIGHEST_PERIOD;
  }

  /** One half frame: returns the period after it. */
  clockHalfFrame(period: number): number {
    const slides = this.divider === 0 && this.enabled && this.shift !== 0 && !this.mutes(period);
    if (this.divider === 0 || this.reload) {
      this.divider = this.dividerPeriod;
      this.reload = false;
    } else {
      this.divider--;
    }
    return slides ? this.target(period) : period;
  }
}
