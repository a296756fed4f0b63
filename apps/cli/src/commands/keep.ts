import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readMidi } from '@chipsmith/data';
import { fileError, replaceFolder } from '@chipsmith/data/node';
import { contactSheet, type Settings, type SheetTrack, type SmallFile, TRACK_FILES } from '../page/contact-sheet.ts';
import { readSidecar, type Sidecar } from '../sidecar.ts';
import { type Command, text } from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print } from '../terminal/output.ts';
import { required } from '../terminal/values.ts';
import { checkTracksFolder } from '../tracks.ts';

export const keep: Command = {
  name: 'keep',
  description: 'Copy tracks to a folder of those you like, with a page to hear them all.',
  positionals: '<track> ...',
  options: {
    from: { type: 'string', valueHint: 'folder', description: 'folder of the tracks (required)' },
    output: {
      type: 'string',
      valueHint: 'folder',
      description: 'folder to copy to; tracks in it stay (default kept)',
    },
  },
  examples: [
    [
      'keep --from tracks track-03 track-07',
      'Copy two tracks into the folder kept, as the page\'s "Copy keep command" does',
    ],
    ['keep --from tracks-2 --output album track-11', 'Add one from another folder to those kept before'],
  ],
  async run(args) {
    const names = [...new Set(args._)];
    if (names.length === 0) throw new UsageError('chipsmith keep: name the tracks to keep, such as track-03');
    const from = required(args, 'from', 'the folder of the tracks');
    const output = text(args, 'output') ?? 'kept';
    await checkTracksFolder(output);
    const chosen = await tracksIn(from, names);
    const earlier = await keptBefore(output);
    const added: KeptTrack[] = [];
    for (const track of chosen) {
      const all = [...earlier, ...added];
      if (!all.some((other) => isSame(other, track))) added.push({ ...track, name: freeName(track.name, all) });
    }
    const tracks = [...earlier, ...added];
    const folder = await interruptible((signal) =>
      replaceFolder(output, (partial) => writeKept(tracks, partial, signal)),
    );
    const page = join(folder, 'index.html');
    const kept = added.map(({ name, source }) => ({ track: source, as: name }));
    const present = chosen.length - added.length;
    const words = [
      `${count(added.length)} copied to ${output}, which holds ${tracks.length}`,
      ...kept
        .filter(({ track, as }) => as !== track)
        .map(({ track, as }) => `${track} is ${as} there: the name was taken`),
      ...(present > 0 ? [`${count(present)} there already`] : []),
      `Hear and see them: ${page}`,
    ];
    print(args, { output, page, kept, present }, words.join('\n'));
    return 0;
  },
};

/** A track on disk. */
interface KeptTrack {
  /** Its files' name in the folder of kept tracks. */
  readonly name: string;
  readonly folder: string;
  /** Its files' name in the folder it is in. */
  readonly source: string;
  readonly sidecar: Sidecar;
}

/**
 * The tracks of a folder.
 *
 * @param names those that are wanted; all if left out
 * @throws CommandError for a name that the folder does not have; ModelError if the folder cannot be read
 */
async function tracksIn(folder: string, names?: readonly string[]): Promise<KeptTrack[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, error);
  });
  const present = files.flatMap((file) => /^(track-.*)\.json$/.exec(file)?.[1] ?? []).sort();
  const missing = names?.find((name) => !present.includes(name));
  if (missing !== undefined) {
    const range = present.length > 0 ? `it has ${present[0]} to ${present.at(-1)}` : 'it has none';
    throw new CommandError(`${folder}: has no track ${missing} (${range}); check --from and the names.`);
  }
  const found: KeptTrack[] = [];
  for (const name of names ?? present) {
    found.push({ name, folder, source: name, sidecar: await readSidecar(folder, name) });
  }
  return found;
}

/**
 * The tracks that were kept earlier.
 *
 * @throws CommandError if the folder holds files that belong to none: it is written anew, and they would be lost
 */
async function keptBefore(folder: string): Promise<KeptTrack[]> {
  if (!existsSync(folder)) return [];
  const tracks = await tracksIn(folder);
  const known = tracks.flatMap(({ name }) => TRACK_FILES.map((type) => `${name}.${type}`));
  const stray = (await readdir(folder)).find((file) => file !== 'index.html' && !known.includes(file));
  if (stray === undefined) return tracks;
  throw new CommandError(
    `${folder}: holds ${stray} without the .json file of its track; move it, or choose another folder.`,
  );
}

/** Whether two tracks are one, whatever their files are called. */
function isSame(left: KeptTrack, right: KeptTrack): boolean {
  return isDeepStrictEqual({ ...left.sidecar, name: '' }, { ...right.sidecar, name: '' });
}

/** The track's own name, or with the first number behind it that no other has. */
function freeName(name: string, others: readonly KeptTrack[]): string {
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (!others.some((other) => other.name === free)) return free;
  }
}

/** Copies the files of all tracks and makes their page. @throws the signal's reason once it is aborted */
async function writeKept(tracks: readonly KeptTrack[], output: string, signal: AbortSignal): Promise<void> {
  const shared = sharedSettings(tracks);
  const shown: SheetTrack[] = [];
  for (const { name, folder, source, sidecar } of tracks) {
    signal.throwIfAborted();
    for (const type of TRACK_FILES) {
      const file = join(folder, `${source}.${type}`);
      // Not copied in one call, whose error would not tell which of the two files it is of.
      const bytes = await readFile(file).catch((error: unknown) => {
        throw fileError(file, error);
      });
      await writeFile(join(output, `${name}.${type}`), bytes);
    }
    const own = Object.entries(sidecar.settings).filter(([setting]) => !(setting in shared) && setting !== 'seed');
    const files = await smallFiles(output, name);
    const { seed, scores, ranges, sound, title, further } = sidecar;
    const song = { ...readMidi(files.mid, `${name}.mid`).song, title };
    const settings = Object.fromEntries(own);
    shown.push({ name, song, seed, scores, ranges, settings, filter: sound.filter, files, further });
  }
  const sheet = contactSheet(shown, { title: `${count(tracks.length)} kept`, settings: shared });
  await writeFile(join(output, 'index.html'), sheet);
}

async function smallFiles(folder: string, name: string): Promise<SheetTrack['files']> {
  const read = (type: SmallFile) => readFile(join(folder, `${name}.${type}`));
  return { mid: await read('mid'), vgm: await read('vgm'), json: await read('json') };
}

/** The settings that all tracks have alike. */
function sharedSettings(tracks: readonly KeptTrack[]): Settings {
  const [first, ...others] = tracks.map(({ sidecar }) => sidecar.settings);
  const isShared = ([name, value]: [string, unknown]) => others.every((settings) => settings[name] === value);
  return Object.fromEntries(Object.entries(first).filter(isShared));
}

function count(tracks: number): string {
  if (tracks === 0) return 'no track';
  return tracks === 1 ? 'one track' : `${tracks} tracks`;
}
