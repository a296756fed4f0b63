import { type Copies, SPLITS, type Split } from '../manifest.ts';
import type { Duplicates } from './duplicates.ts';

export const COPY_RULES = ['all', 'same', 'alike'] as const;
/**
 * Which copies of the same music are kept: all, one of those with the same notes, one of those with nearly the same.
 */
export type CopyRule = (typeof COPY_RULES)[number];

/** What the report says of duplicates. @param paths and @param splits of the songs that were searched */
export function describeCopies(
  { same, alike }: Duplicates,
  paths: readonly string[],
  splits: readonly Split[],
): Copies[] {
  const describe = (notes: Copies['notes']) => (group: readonly number[]) => ({
    notes,
    splits: SPLITS.filter((split) => group.some((song) => splits[song] === split)),
    songs: group.map((song) => paths[song]),
  });
  return [...same.map(describe('the same')), ...alike.map(describe('nearly the same'))];
}

/**
 * The songs that are left out under a rule, each with the reason, which names the song that is kept. Of a group the
 * first test song stays, else the first valid song, else the first: so nothing that a model is measured on stands in
 * train.
 */
export function surplusCopies(
  { same, groups }: Duplicates,
  paths: readonly string[],
  splits: readonly Split[],
  rule: CopyRule,
): Map<number, string> {
  const surplus = new Map<number, string>();
  const leaveOut = (together: readonly (readonly number[])[], reason: string) => {
    for (const group of together) {
      const kept = [...SPLITS].reverse().flatMap((split) => group.filter((song) => splits[song] === split))[0];
      for (const song of group) {
        if (song !== kept && !surplus.has(song)) surplus.set(song, `${reason} as ${JSON.stringify(paths[kept])}`);
      }
    }
  };
  if (rule !== 'all') leaveOut(same, 'has the same notes');
  if (rule === 'alike') leaveOut(groups, 'has nearly the same notes');
  return surplus;
}
