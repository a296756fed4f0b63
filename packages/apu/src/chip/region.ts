/** Which tables the chip was built with: the 2A03 of NTSC consoles (and their Dendy clones), or the PAL 2A07. */
export type Region = 'ntsc' | 'pal';

/** CPU clock of the PAL console in Hz. */
export const PAL_CPU_CLOCK = 1_662_607;

/** CPU cycles of one video frame: 60.0988 frames a second (NTSC), 50.007 (PAL). */
export const CYCLES_PER_FRAME: Readonly<Record<Region, number>> = { ntsc: 29_780.5, pal: 33_247.5 };

/**
 * The region whose tables go with a CPU clock: PAL within 1 % of its clock (Dendy, at 1,773,448 Hz, has NTSC tables).
 */
export function regionOfClock(clock: number): Region {
  return Math.abs(clock / PAL_CPU_CLOCK - 1) < 0.01 ? 'pal' : 'ntsc';
}
