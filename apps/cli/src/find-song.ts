import { type Dataset, printable, type SongEntry, withCount } from '@chipsmith/data';
import { editDistance } from './terminal/command.ts';
import { CommandError } from './terminal/errors.ts';

/** Songs that a message names. */
const NAMED = 5;

/** Characters of a name that are compared and shown, which is beyond what file systems take. */
const LONGEST = 255;

/**
 * The song of a dataset that a name means: its path as report.json has it, its title, the name of its file, or a part
 * of these that no other song has. But for a whole path or title, capitals do not matter, nor how accents are encoded.
 *
 * @throws CommandError naming the songs that match where there are several, or the nearest where there is none
 */
export function findSong({ manifest: { songs } }: Dataset, name: string): SongEntry {
  const part = comparable(name);
  const criteria: ((song: SongEntry) => boolean)[] = [
    ({ path }) => path === name,
    ({ title }) => title === name,
    (song) => namesOf(song).includes(part),
    (song) => namesOf(song).some((each) => each.includes(part)),
  ];
  const shown = name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
  for (const matches of criteria) {
    const found = songs.filter(matches);
    if (found.length === 1) return found[0];
    if (found.length > 1) {
      const others = found.length > NAMED ? ` and ${found.length - NAMED} others` : '';
      const problem = `"${shown}" means ${withCount('# song(s)', found.length)} of the run's data: ${listed(found)}${others}`;
      throw new CommandError(printable(`${problem}; give more of the name.`));
    }
  }
  const distances = new Map(
    songs.map((song) => [song, Math.min(...namesOf(song).map((each) => editDistance(part.slice(0, LONGEST), each)))]),
  );
  const nearest = [...distances].sort((a, b) => a[1] - b[1]).map(([song]) => song);
  const problem = `${shown}: there is no such file, and no song of the run's data is called that`;
  throw new CommandError(printable(`${problem}; nearest are ${listed(nearest)}.`));
}

/** What a song may be called: its path, the last part of it without its ending, and its title. */
function namesOf({ path, title }: SongEntry): string[] {
  const file = path.replace(/^.*\//, '').replace(/\.[^.]*$/, '');
  return [path, file, title].map(comparable);
}

/** macOS writes accents of file names as characters of their own, keyboards and most other systems do not. */
function comparable(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function listed(songs: readonly SongEntry[]): string {
  return songs
    .slice(0, NAMED)
    .map(({ path }) => `"${path}"`)
    .join(', ');
}
