import { Groups } from './groups.ts';
import { likeness, type Sketch } from './sketch.ts';

/**
 * Songs that have this share of their runs of intervals in common are nearly the same. Measured: copies in another key,
 * tempo or timing have all, copies without a twentieth of their notes 0.6, without a tenth 0.4 in the middle and 0.33
 * or more in three of four; of the embedded tunes, which one arranger has set, no two have more than 0.30. Of NES-MDB's
 * pairs looked at between 0.3 and 0.5 all were versions of one piece, between 0.22 and 0.3 four of five.
 */
export const NEARLY_SAME = 1 / 3;

/** Songs with fewer different runs (jingles, sound effects) say too little: only equal notes make them duplicates. */
const MIN_RUNS = 16;

/** A run in more songs than this is a figure that all musicians use, and does not make pairs worth comparing. */
const MAX_SONGS = 64;

export interface Duplicates {
  /** Songs with equal notes. */
  readonly same: readonly (readonly number[])[];
  /** Songs that are equal or alike, directly or through others. */
  readonly groups: readonly (readonly number[])[];
  /** Those of the groups whose songs do not all have equal notes. */
  readonly alike: readonly (readonly number[])[];
}

/**
 * Finds which songs are the same music: with equal notes, or nearly the same in any key, tempo and timing.
 *
 * Time: about in proportion to the songs, since only songs that share a run of their sketches are compared.
 */
export function findDuplicates(sketches: readonly Sketch[]): Duplicates {
  const same = new Groups(sketches.length);
  same.joinEqual((index) => sketches[index].notes);

  const songsOf = new Map<number, number[]>();
  const alike = new Groups(sketches.length);
  alike.joinEqual((index) => sketches[index].notes);
  for (const [song, { runs }] of sketches.entries()) {
    if (runs.length < MIN_RUNS) continue;
    const shared = new Map<number, number>();
    for (const run of runs) {
      const others = songsOf.get(run) ?? [];
      if (others.length < MAX_SONGS) {
        for (const other of others) shared.set(other, (shared.get(other) ?? 0) + 1);
        songsOf.set(run, [...others, song]);
      }
    }
    for (const [other, count] of shared) {
      // Half of what the likeness asks for, as some runs in common may be among those of all musicians.
      if (count < (NEARLY_SAME / 2) * Math.min(runs.length, sketches[other].runs.length)) continue;
      if (likeness(sketches[song], sketches[other]) >= NEARLY_SAME) alike.join(song, other);
    }
  }
  const groups = alike.several();
  const areEqual = (group: readonly number[]) => new Set(group.map((song) => sketches[song].notes)).size === 1;
  return { same: same.several(), groups, alike: groups.filter((group) => !areEqual(group)) };
}
