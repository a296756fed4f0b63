import type { Random } from '../../src/index.ts';

/** One to four changes: a byte set, a stretch removed, doubled or filled with noise, or the end cut off. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result = [...bytes];
  for (let count = 1 + random.nextInteger(4); count > 0 && result.length > 0; count--) {
    const position = random.nextInteger(result.length);
    const length = random.nextInteger(12);
    switch (random.nextInteger(5)) {
      case 0:
        result[position] = random.nextInteger(256);
        break;
      case 1:
        result.splice(position, length);
        break;
      case 2:
        result.splice(position, 0, ...result.slice(position, position + length));
        break;
      case 3:
        for (let index = position; index < Math.min(result.length, position + length); index++) {
          result[index] = random.nextInteger(256);
        }
        break;
      default:
        result = result.slice(0, position);
    }
  }
  return Uint8Array.from(result);
}
