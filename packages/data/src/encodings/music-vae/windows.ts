import type { Span } from '../grid/song.ts';
import { STEPS_PER_BAR } from '../melody/extract.ts';

/** First steps of the windows of `bars` bars in a piece of `steps` steps, one a bar; its last bar may be incomplete. */
export function windowStarts(steps: number, bars: number): number[] {
  const count = Math.ceil(steps / STEPS_PER_BAR) - bars + 1;
  return Array.from({ length: Math.max(0, count) }, (_, bar) => bar * STEPS_PER_BAR);
}

/**
 * The same, only where every part sounds in each bar of the window, or in one that is at most `gapBars` before or after
 * it. In the first and the last `gapBars` bars of the piece one part is enough (TrioConverter, magenta).
 */
export function fullWindowStarts(
  parts: readonly (readonly Span[])[],
  steps: number,
  { bars, gapBars }: { readonly bars: number; readonly gapBars: number },
): number[] {
  const allBars = Math.ceil(steps / STEPS_PER_BAR);
  const near = parts.map((part) => {
    const isNear = new Array<boolean>(allBars).fill(false);
    for (const { start, end } of part) {
      const [first, beyond] = [Math.floor(start / STEPS_PER_BAR), Math.ceil(end / STEPS_PER_BAR)];
      isNear.fill(true, Math.max(0, first - gapBars), beyond + gapBars);
    }
    return isNear;
  });
  const isFull = Array.from({ length: allBars }, (_, bar) => near.every((isNear) => isNear[bar]));
  const inFirst = near.some((isNear) => isNear.slice(0, gapBars).some(Boolean));
  const inLast = near.some((isNear) => isNear.slice(-gapBars).some(Boolean));
  isFull.fill(inFirst, 0, gapBars).fill(inLast, -gapBars);
  return windowStarts(steps, bars).filter((start) => {
    const bar = start / STEPS_PER_BAR;
    return isFull.slice(bar, bar + bars).every(Boolean);
  });
}
