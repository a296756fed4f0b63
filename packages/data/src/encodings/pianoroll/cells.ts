/**
 * Bitmaps are mostly empty (of a piano roll's cells about one in a hundred is set), so they are written as events: for
 * each step the set cells in rising order, then STEP_END. Models that want the bitmap make it of the events.
 */
export const STEP_END = 0;
/** Cell c is event FIRST_CELL + c. */
export const FIRST_CELL = 1;

/**
 * The bitmap of cell events, (steps, cells): 1 where a cell is set. Events of other kinds, and an unfinished step, are
 * left out.
 */
export function bitmapOf(events: ArrayLike<number>, cells: number): Float32Array {
  const steps = Array.from(events).filter((event) => event === STEP_END).length;
  const bitmap = new Float32Array(steps * cells);
  let step = 0;
  for (let index = 0; index < events.length && step < steps; index++) {
    const event = events[index];
    if (event === STEP_END) step++;
    else if (event < FIRST_CELL + cells) bitmap[step * cells + event - FIRST_CELL] = 1;
  }
  return bitmap;
}

/** The events of a bitmap (steps, cells), such as a model gives: cells of `threshold` and more are set. */
export function eventsOfBitmap(bitmap: Float32Array, cells: number, threshold: number): Uint16Array {
  const events: number[] = [];
  for (let row = 0; row < bitmap.length; row += cells) {
    for (let cell = 0; cell < cells; cell++) if (bitmap[row + cell] >= threshold) events.push(FIRST_CELL + cell);
    events.push(STEP_END);
  }
  return Uint16Array.from(events);
}
