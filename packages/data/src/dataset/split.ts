import { createHash } from 'node:crypto';
import { SPLITS, type Split } from './manifest.ts';

/** The split named by a folder of the path, as NES-MDB has them: `nesmdb/valid/song.mid`. */
export function splitOfFolders(path: string): Split | undefined {
  const folders = path.toLowerCase().split('/').slice(0, -1);
  return SPLITS.find((split) => folders.includes(split) || (split === 'valid' && folders.includes('validation')));
}

/**
 * What must not be torn apart between splits: the game by NES-MDB's naming, `114_Faxanadu_04_05Church.mid`; else the file.
 */
export function groupOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return /^(\d+_.+?)_\d\d_\d\d/.exec(file)?.[1] ?? path;
}

/**
 * Deals groups to train and valid: the share with the lowest hashes of seed and name is valid, at least one if there are two
 * or more. Depends on the names only, not on their order.
 *
 * @param validShare 0..1
 */
export function dealSplits(groups: Iterable<string>, seed: number, validShare: number): Map<string, Split> {
  const hashed = [...new Set(groups)]
    .map((group) => ({ group, hash: createHash('sha256').update(`${seed}\n${group}`).digest('hex') }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const wanted = validShare > 0 ? Math.max(1, Math.round(validShare * hashed.length)) : 0;
  const valid = hashed.length < 2 ? 0 : Math.min(wanted, hashed.length - 1);
  return new Map(hashed.map(({ group }, index) => [group, index < valid ? 'valid' : 'train']));
}
