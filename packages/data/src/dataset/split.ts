import { sha256Of } from '../sha256.ts';
import { Groups } from './cleaning/groups.ts';
import { SPLITS, type Split } from './manifest.ts';

/** The split named by a folder of the path, as NES-MDB has them: `nesmdb/valid/song.mid`. */
export function splitOfFolders(path: string): Split | undefined {
  const folders = path.toLowerCase().split('/').slice(0, -1);
  return SPLITS.find((split) => folders.includes(split) || (split === 'valid' && folders.includes('validation')));
}

/** The game by NES-MDB's naming of files, `114_Faxanadu_04_05Church.mid`: `114_Faxanadu`. */
export function gameOf(path: string): string | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return /^(\d+_.+?)_\d\d_\d\d/.exec(file)?.[1];
}

/**
 * Deals groups to train and valid: the share with the lowest hashes of seed and name is valid, at least one if there
 * are two or more. Depends on the names only, not on their order.
 *
 * @param validShare 0..1
 */
export function dealSplits(groups: Iterable<string>, seed: number, validShare: number): Map<string, Split> {
  const hashed = [...new Set(groups)]
    .map((group) => ({ group, hash: sha256Of(`${seed}\n${group}`) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const wanted = validShare > 0 ? Math.max(1, Math.round(validShare * hashed.length)) : 0;
  const valid = hashed.length < 2 ? 0 : Math.min(wanted, hashed.length - 1);
  return new Map(hashed.map(({ group }, index) => [group, index < valid ? 'valid' : 'train']));
}

/** What is known of a song when it is dealt to a split. */
export interface DealtSong {
  readonly path: string;
  readonly game?: string | undefined;
  readonly composer?: string | undefined;
}

/** What stands where a composer is not known. */
const NOBODY = /^(unknown|anon|trad|various|n\/a|\?)/i;

/**
 * A song's folder decides, if it is named train, valid or test. The others are dealt in groups, which hold together
 * what is of one game or of one composer, and what is nearly the same music; and if no folder is named valid, the songs
 * of train folders are too, so that there is something to validate on.
 *
 * @param alike groups of songs that are nearly the same
 * @returns the split of each song
 */
export function assignSplits(
  songs: readonly DealtSong[],
  alike: readonly (readonly number[])[],
  seed: number,
  validShare: number,
): Split[] {
  const hasValid = songs.some(({ path }) => splitOfFolders(path) === 'valid');
  const given = songs.map(({ path }): Split | undefined => {
    const split = splitOfFolders(path);
    return split === 'train' && !hasValid ? undefined : split;
  });
  const isDealt = (index: number) => given[index] === undefined;
  const together = new Groups(songs.length);
  for (const group of alike) {
    const [first, ...others] = group.filter(isDealt);
    for (const other of others) together.join(first, other);
  }
  together.joinEqual((index) => (isDealt(index) ? songs[index].game : undefined));
  together.joinEqual((index) => {
    const { composer } = songs[index];
    return isDealt(index) && composer !== undefined && !NOBODY.test(composer) ? composer : undefined;
  });

  // A group is dealt by the first of its names, so that neither the order of songs nor what else is there matters.
  const nameOf = new Map<number, string>();
  for (const [index, { path, game = path }] of songs.entries()) {
    const name = nameOf.get(together.of(index));
    if (isDealt(index) && (name === undefined || game < name)) nameOf.set(together.of(index), game);
  }
  const dealt = dealSplits(nameOf.values(), seed, hasValid ? 0 : validShare);
  return songs.map((_, index) => given[index] ?? dealt.get(nameOf.get(together.of(index)) ?? '') ?? 'train');
}
