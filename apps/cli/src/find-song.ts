import { type Dataset, printable, type SongEntry, withCount } from '@chipsmith/data';
import { editDistance } from './terminal/command.ts';
import { CommandError } from './terminal/errors.ts';

/** Songs that a message names. */
const NAMED = 5;

/**
 * The song of a dataset that a name means: its path as report.json has it, its title, or a part of either that no other
 * song has. Capitals do not matter in parts.
 *
 * @throws CommandError naming the songs that match where there are several, or the nearest where there is none
 */
export function findSong({ manifest: { songs } }: Dataset, name: string): SongEntry {
  const part = name.toLowerCase();
  const criteria: ((song: SongEntry) => boolean)[] = [
    ({ path }) => path === name,
    ({ title }) => title === name,
    (song) => namesOf(song).some((each) => each.includes(part)),
  ];
  for (const matches of criteria) {
    const found = songs.filter(matches);
    if (found.length === 1) return found[0];
    if (found.length > 1) {
      const others = found.length > NAMED ? ` and ${found.length - NAMED} others` : '';
      const problem = `"${name}" means ${withCount('# song(s)', found.length)} of the run's data: ${listed(found)}${others}`;
      throw new CommandError(printable(`${problem}; give more of the name.`));
    }
  }
  const distances = new Map(
    songs.map((song) => [song, Math.min(...namesOf(song).map((each) => editDistance(part, each)))]),
  );
  const nearest = [...distances].sort((a, b) => a[1] - b[1]).map(([song]) => song);
  const problem = `${name}: there is no such file, and no song of the run's data is called that`;
  throw new CommandError(printable(`${problem}; nearest are ${listed(nearest)}.`));
}

/** What a song may be called: its path, the last part of it without its ending, and its title. */
function namesOf({ path, title }: SongEntry): string[] {
  const file = path.replace(/^.*\//, '').replace(/\.[^.]*$/, '');
  return [path, file, title].map((each) => each.toLowerCase());
}

function listed(songs: readonly SongEntry[]): string {
  return songs
    .slice(0, NAMED)
    .map(({ path }) => `"${path}"`)
    .join(', ');
}
