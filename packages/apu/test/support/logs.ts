import { NTSC_CPU_CLOCK, type RegisterLog } from '../../src/index.ts';

/** A log of [register, value] pairs written 8 cycles apart from cycle 8 on, lasting `seconds`. */
export function makeLog(pairs: readonly (readonly [number, number])[], seconds: number): RegisterLog {
  const writes = pairs.map(([register, value], index) => ({ cycle: 8 + 8 * index, register, value }));
  return { clock: NTSC_CPU_CLOCK, writes, duration: Math.round(seconds * NTSC_CPU_CLOCK) };
}

/** Pulse 1 at full volume, held. */
export function pulseLog(period: number, duty: number, seconds: number): RegisterLog {
  return makeLog(
    [
      [0x4015, 0x0f],
      [0x4000, (duty << 6) | 0x3f],
      [0x4001, 0x08],
      [0x4002, period & 0xff],
      [0x4003, 0x08 | (period >> 8)],
    ],
    seconds,
  );
}

/** The triangle, held. */
export function triangleLog(period: number, seconds: number): RegisterLog {
  return makeLog(
    [
      [0x4015, 0x0f],
      [0x4008, 0xff],
      [0x400a, period & 0xff],
      [0x400b, 0x08 | (period >> 8)],
      [0x4017, 0xc0],
    ],
    seconds,
  );
}
