/** What the five length bits of $4003, $4007, $400B and $400F load. */
export const LENGTH_TABLE: readonly number[] = [
  10, 254, 20, 2, 40, 4, 80, 6, 160, 8, 60, 10, 14, 12, 26, 14, 12, 16, 24, 18, 48, 20, 96, 22, 192, 24, 72, 26, 16, 28,
  32, 30,
];

/**
 * Silences a channel after a number of half frames.
 *
 * Halt and reload reach the counter one cycle after the write, behind a half frame that falls on that cycle, and a
 * reload is lost if that half frame counted the counter down (blargg's tests 10 and 11 of 2005). The chip therefore
 * calls `commit` on the cycle after each write that may have changed either.
 */
export class LengthCounter {
  count = 0;
  private enabled = false;
  private halt = false;
  private nextHalt = false;
  private reload = 0;
  private countAtReload = 0;

  setHalt(halt: boolean): void {
    this.nextHalt = halt;
  }

  /** Loads entry `index` (0..31) of the table, unless $4015 has the channel disabled. */
  load(index: number): void {
    if (!this.enabled) return;
    this.reload = LENGTH_TABLE[index];
    this.countAtReload = this.count;
  }

  /** The channel's bit of $4015: clearing it empties the counter at once. */
  setEnabled(enabled: boolean): void {
    this.enabled = enabled;
    if (enabled) return;
    this.count = 0;
    this.reload = 0;
  }

  commit(): void {
    this.halt = this.nextHalt;
    if (this.reload !== 0 && this.count === this.countAtReload) this.count = this.reload;
    this.reload = 0;
  }

  clockHalfFrame(): void {
    if (this.count > 0 && !this.halt) this.count--;
  }
}
