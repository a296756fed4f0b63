import type { Encoding } from './encoding.ts';
import { DataError } from './error.ts';
import { melodyEncoding } from './melody/encoding.ts';

/** Every encoding of this package. */
export const encodings: readonly Encoding[] = [melodyEncoding];

/** @throws DataError naming the encodings there are */
export function findEncoding(name: string): Encoding {
  const encoding = encodings.find((candidate) => candidate.name === name);
  if (encoding !== undefined) return encoding;
  const known = encodings.map((candidate) => candidate.name).join(', ');
  throw new DataError(`encoding "${name}"`, 'there is none of this name', `choose one of: ${known}`);
}
