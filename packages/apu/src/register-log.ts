import { ApuError } from './errors.ts';
import { isWhole } from './whole-number.ts';

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

/** Bytes that appear in the memory the DMC reads its samples from, before the writes of the same cycle. */
export interface MemoryBlock {
  readonly cycle: number;
  /** 0x8000..0xFFFF, and so is the address of the last byte. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The only thing the sound chip understands: what was written to it, and when. */
export interface RegisterLog {
  /** CPU cycles a second. */
  readonly clock: number;
  readonly writes: readonly RegisterWrite[];
  /** Length of the piece in CPU cycles; at least the cycle of the last write. */
  readonly duration: number;
  /** DMC samples, sorted by cycle; absent where the piece has none. */
  readonly memory?: readonly MemoryBlock[];
  /**
   * CPU cycle, before `duration`, at which playing goes on after the end; absent where the piece ends. Writes of that
   * very cycle are part of the loop.
   */
  readonly loop?: number;
}

/** Throws ApuError unless the log is what its type says: whole numbers in range, sorted, within the duration. */
export function checkRegisterLog(log: RegisterLog): void {
  const { clock, writes, duration, memory = [], loop } = log;
  if (!isWhole(clock, 1, 100_000_000)) {
    throw new ApuError(`the log's clock is ${clock}: give whole CPU cycles a second, ${NTSC_CPU_CLOCK} for NTSC`);
  }
  if (!isWhole(duration, 0, Number.MAX_SAFE_INTEGER)) {
    throw new ApuError(`the log's duration is ${duration}: give whole CPU cycles, 0 or more`);
  }
  if (loop !== undefined && !isWhole(loop, 0, duration - 1)) {
    throw new ApuError(`the log's loop is ${loop}: give a whole CPU cycle before its duration of ${duration} cycles`);
  }
  checkOrder('write', writes, duration);
  checkOrder('memory block', memory, duration);
  writes.forEach(({ register, value }, index) => {
    if (!isWhole(register, 0x4000, 0x4017)) {
      throw new ApuError(`write ${index}: register ${register} is not one of the sound chip's, 0x4000 to 0x4017`);
    }
    if (!isWhole(value, 0, 0xff)) throw new ApuError(`write ${index}: value ${value} is not a byte, 0 to 255`);
  });
  memory.forEach(({ address, bytes }, index) => {
    if (!isWhole(address, 0x8000, 0x10000 - Math.max(1, bytes.length))) {
      throw new ApuError(
        `memory block ${index}: ${bytes.length} bytes at ${address} do not lie within 0x8000 to 0xFFFF, all the DMC reads`,
      );
    }
  });
}

function checkOrder(what: string, items: readonly { readonly cycle: number }[], duration: number): void {
  let previous = 0;
  items.forEach(({ cycle }, index) => {
    if (!isWhole(cycle, 0, Number.MAX_SAFE_INTEGER)) {
      throw new ApuError(`${what} ${index}: cycle ${cycle} is not a whole number of 0 or more`);
    }
    if (cycle < previous) {
      throw new ApuError(`${what} ${index}: cycle ${cycle} comes after cycle ${previous}: sort by cycle`);
    }
    previous = cycle;
  });
  if (previous > duration) {
    throw new ApuError(`the last ${what} is at cycle ${previous}, after the log's duration of ${duration} cycles`);
  }
}
