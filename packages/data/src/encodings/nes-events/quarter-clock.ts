import type { Note, VoiceName } from '@chipsmith/apu';

/**
 * Quarter frames of the chip's frame counter in one video frame: the unit of its linear counter, which silences the
 * triangle.
 */
export const QUARTERS = 4;
/** Ticks of a quarter frame in NES-MDB's logs: a quarter of 735. The chip's own is 7,457.5 cycles, 183.755. */
const QUARTER_TICKS = 735 / QUARTERS;

/**
 * The clock by which the linear counter starts and silences the triangle, apart from the frames in which registers are
 * written: quarter n is at tick floor(n * 183.75) + offset. In NES-MDB the offset is 0 or 1 tick, the same in all of a
 * song.
 */
export class QuarterClock {
  readonly offset: number;

  constructor(offset: number) {
    this.offset = offset;
  }

  /** Tick of a quarter. */
  tickOf(quarter: number): number {
    return Math.floor(quarter * QUARTER_TICKS) + this.offset;
  }

  /** The first quarter at or after a tick. */
  quarterFrom(tick: number): number {
    return Math.ceil((tick - this.offset) / QUARTER_TICKS);
  }
}

/** The clocks that songs have. */
export const QUARTER_CLOCKS: readonly QuarterClock[] = [new QuarterClock(0), new QuarterClock(1)];

/** Below this many silences there is no telling. */
const MIN_SILENCES = 4;
/** Some end otherwise: by a register, or with the song. */
const SHARE_ON_CLOCK = 0.9;

/**
 * The clock of a triangle, if nine of ten silences begin with a quarter of it; undefined for a voice that follows the
 * frames.
 */
export function quarterClockOf(triangle: readonly Note[]): QuarterClock | undefined {
  const silences = triangle.filter(({ end }, index) => triangle[index + 1]?.start !== end).map(({ end }) => end);
  if (silences.length < MIN_SILENCES) return undefined;
  return QUARTER_CLOCKS.find((clock) => {
    const onClock = silences.filter((tick) => clock.tickOf(clock.quarterFrom(tick)) === tick);
    return onClock.length >= SHARE_ON_CLOCK * silences.length;
  });
}

/** How many steps of a voice's gate are one frame. */
export function gateUnit(voice: VoiceName, clock: QuarterClock | undefined): number {
  return voice === 'triangle' && clock ? QUARTERS : 1;
}
