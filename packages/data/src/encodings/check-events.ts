import { DataError } from '../error.ts';

/** @throws DataError if `event` is not a class 0..classes - 1; `index` is its place in the sequence */
export function refuseClass(encoding: string, event: number, index: number, classes: number): void {
  if (Number.isInteger(event) && event >= 0 && event < classes) return;
  throw new DataError(
    `event ${index}`,
    `${event} is not a class of ${encoding} (0..${classes - 1})`,
    `use a ${encoding} model`,
  );
}

/** @throws DataError if `pitch` is not a MIDI note number in lowest..highest */
export function refusePitch(encoding: string, pitch: number, lowest: number, highest: number): void {
  if (Number.isInteger(pitch) && pitch >= lowest && pitch <= highest) return;
  throw new DataError(`pitch ${pitch}`, `the ${encoding} encoding has none like it`, `use ${lowest} to ${highest}`);
}
