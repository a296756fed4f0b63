/**
 * How much of a damaged file is sound: the length of the longest beginning that its reader could still go on from. Told by
 * halving, for readers of others that say what is wrong but not where: about 20 tries for a megabyte.
 *
 * @param isSound of a length; if it holds for one, it holds for every shorter one
 */
export function soundBeginning(length: number, isSound: (length: number) => boolean): number {
  let sound = 0;
  let unsound = length + 1;
  while (unsound - sound > 1) {
    const middle = (sound + unsound) >> 1;
    if (isSound(middle)) sound = middle;
    else unsound = middle;
  }
  return sound;
}
