import { CYCLES_PER_FRAME, PAL_CPU_CLOCK, type RegisterLog, TICKS_PER_SECOND } from '@chipsmith/apu';
import { FRAME_TICKS } from '../../timing/latch.ts';

/** When a music routine ran: its writes gather round cycles phase + n * period. */
export interface FrameClock {
  /** CPU cycles, -period/2..period/2. */
  readonly phase: number;
  readonly period: number;
  /** How closely the writes gather, 0..1. */
  readonly strength: number;
  /** Ticks that a frame lasts in the song. */
  readonly ticks: number;
}

/** Ticks of a frame of a PAL console, 881.9. */
const PAL_FRAME_TICKS = (TICKS_PER_SECOND * CYCLES_PER_FRAME.pal) / PAL_CPU_CLOCK;

/**
 * Frames that loggers know: the console's own, and those of players that count 735 or 882 samples of 44.1 kHz. The
 * latter become true frames in the song, 0.16 % or 0.01 % shorter or longer, so that nothing drifts against the
 * console.
 */
const FRAMES = [
  { ticks: FRAME_TICKS, songTicks: FRAME_TICKS },
  { ticks: 735, songTicks: FRAME_TICKS },
  { ticks: PAL_FRAME_TICKS, songTicks: PAL_FRAME_TICKS },
  { ticks: 882, songTicks: PAL_FRAME_TICKS },
] as const;

/** In a short log two frames of nearly one length fit alike; then the first of the list is taken. */
const CLEARLY_BETTER = 0.01;

/**
 * Finds the frames of a log: of those that loggers know the length round which the writes gather best, and their
 * circular mean. Writes to the sample channel do not count, as samples may be played by a routine of their own.
 */
export function frameClockOf(log: RegisterLog): FrameClock {
  return FRAMES.map((frame) => gathering(log, frame)).reduce((best, next) =>
    next.strength >= best.strength + CLEARLY_BETTER ? next : best,
  );
}

/** How the writes of a log lie on frames of one length: the circular mean of their cycles. */
function gathering({ clock, writes }: RegisterLog, { ticks, songTicks }: (typeof FRAMES)[number]): FrameClock {
  const period = (ticks * clock) / TICKS_PER_SECOND;
  let cosine = 0;
  let sine = 0;
  let count = 0;
  for (const { cycle, register } of writes) {
    if (register >= 0x4010) continue;
    const angle = (2 * Math.PI * cycle) / period;
    cosine += Math.cos(angle);
    sine += Math.sin(angle);
    count++;
  }
  const phase = (Math.atan2(sine, cosine) / (2 * Math.PI)) * period;
  return { phase, period, strength: count === 0 ? 0 : Math.hypot(cosine, sine) / count, ticks: songTicks };
}
