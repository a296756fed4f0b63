/** The triangle's finer gate, clocked by quarter frames: while its control bit is set it reloads every time. */
export class LinearCounter {
  count = 0;
  private control = false;
  private reloadValue = 0;
  private reload = false;

  /** $4008: control bit and reload value 0..127. */
  write(value: number): void {
    this.control = (value & 0x80) !== 0;
    this.reloadValue = value & 0x7f;
  }

  /** A write to $400B: the next quarter frame reloads. */
  restart(): void {
    this.reload = true;
  }

  clockQuarterFrame(): void {
    if (this.reload) this.count = this.reloadValue;
    else if (this.count > 0) this.count--;
    if (!this.control) this.reload = false;
  }
}
