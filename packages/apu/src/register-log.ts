/** CPU clock of the NTSC console in Hz (21,477,272 / 12). */
export const NTSC_CPU_CLOCK = 1_789_773;

/** One write of the CPU to the sound chip. */
export interface RegisterWrite {
  /** CPU cycles from the start of the log; writes are sorted by cycle, and equal cycles keep their order. */
  readonly cycle: number;
  /** 0x4000..0x4017. */
  readonly register: number;
  /** 0..255. */
  readonly value: number;
}

/** The only thing the sound chip understands: what was written to it, and when. */
export interface RegisterLog {
  /** CPU cycles a second. */
  readonly clock: number;
  readonly writes: readonly RegisterWrite[];
  /** Length of the piece in CPU cycles; at least the cycle of the last write. */
  readonly duration: number;
}
