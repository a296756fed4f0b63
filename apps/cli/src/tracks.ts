import { readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type FilterName, playScore, type RegisterLog, writeVgm, writeWav } from '@chipsmith/apu';
import { type MidiConvention, type Song, writeMidi } from '@chipsmith/data';
import { checkReplaceable, isSystemError, replaceFolder } from '@chipsmith/data/node';
import { contactSheet, type Settings, type SheetTrack, type SmallFile } from './page/contact-sheet.ts';
import type { ScoreRanges, Scores } from './scores.ts';
import type { FurtherOptions, Sidecar, TypedOptions } from './sidecar.ts';
import { startProgress } from './terminal/progress.ts';
import { audioOf } from './track-audio.ts';

export interface Track {
  /** Of its files, without ending. */
  readonly name: string;
  readonly song: Song;
  /** What the model drew. */
  readonly events: ArrayLike<number>;
  readonly seed: number;
  readonly scores: Scores;
  /** Where the training songs' figures lie; none if left out. */
  readonly ranges?: ScoreRanges | undefined;
  /** What is particular to this track, where tracks of several models stand on one page. */
  readonly settings?: Settings;
  /** Options that are particular to it. */
  readonly options?: TypedOptions;
  readonly further?: FurtherOptions;
}

/** How tracks were made, and what their files are to be. */
export interface TrackMaking {
  /** What all tracks have in common. */
  readonly settings: Settings;
  /** The words before the options of the command that makes more such tracks, such as `generate`. */
  readonly command: readonly string[];
  /** Its options: all that were given, but for seed and output. */
  readonly options: TypedOptions;
  readonly further: FurtherOptions;
  readonly sound: { readonly sampleRate: number; readonly filter: FilterName };
  /** Of the .mid files. */
  readonly midi: MidiConvention;
}

export interface TrackSettings extends TrackMaking {
  readonly output: string;
  /** Whether tracks in that folder are replaced; otherwise these go into a new folder beside it. */
  readonly replace: boolean;
  readonly title: string;
  /** HTML that stands above the tracks. */
  readonly table?: string;
  readonly signal: AbortSignal;
}

/** The files of a track that are small enough to be in a page, and what the chip plays for the large one, the .wav. */
export function trackFiles(
  { name, song, events, seed, scores, ranges, ...own }: Track,
  { sound, midi, ...shared }: TrackMaking,
): { log: RegisterLog; files: Record<SmallFile, Uint8Array> } {
  const log = playScore(song);
  const { title } = song;
  const settings = { ...shared.settings, ...own.settings };
  const options = { ...shared.options, ...own.options };
  const { command } = shared;
  const further = own.further ?? shared.further;
  const described = { name, title, seed, settings, scores, ...(ranges && { ranges }) };
  const sidecar: Sidecar = { ...described, sound, command, options, further, events: Array.from(events) };
  const files = {
    mid: writeMidi(song, { convention: midi }),
    vgm: writeVgm(log, { title }),
    json: new TextEncoder().encode(`${JSON.stringify(sidecar)}\n`),
  };
  return { log, files };
}

/**
 * Writes .mid, .vgm, .wav and .json of every track and index.html, into a folder beside the wanted one that then takes
 * its place: the folder is never half-written.
 *
 * @returns the folder that was written, and the absolute path of the page
 * @throws DataError if the folder holds something else than tracks, or cannot be written
 * @throws the signal's reason once it is aborted
 */
export async function writeTracks(
  tracks: readonly Track[],
  requested: TrackSettings,
): Promise<{ output: string; page: string }> {
  const { title, settings, table, sound, signal } = requested;
  const output = await tracksFolder(requested.output, requested.replace);
  const progress = startProgress('rendering');
  try {
    const folder = await replaceFolder(output, async (partial) => {
      const shown: SheetTrack[] = [];
      for (const [index, track] of tracks.entries()) {
        const { name, song, seed, scores, ranges } = track;
        signal.throwIfAborted();
        progress.update(index / tracks.length, name);
        const { log, files } = trackFiles(track, requested);
        for (const [type, bytes] of Object.entries(files)) await writeFile(join(partial, `${name}.${type}`), bytes);
        await writeFile(join(partial, `${name}.wav`), writeWav(audioOf(log, sound), sound.sampleRate));
        const own = track.settings && { settings: track.settings };
        const further = track.further ?? requested.further;
        shown.push({ name, song, seed, scores, ranges, filter: sound.filter, files, further, ...own });
      }
      progress.update(1, '');
      await writeFile(join(partial, 'index.html'), contactSheet(shown, { title, settings, ...(table && { table }) }));
    });
    return { output, page: join(folder, 'index.html') };
  } finally {
    progress.stop();
  }
}

/** The name of a file of a track: it may hold a model's name, and, where tracks were kept, a number behind. */
const TRACK_FILE = /^track-([a-z-]+-)?\d+(-\d+)?\.(mid|vgm|wav|json)$/;

/**
 * Makes sure that tracks may be written to a folder: it is missing, or empty, or holds tracks of an earlier call.
 *
 * @throws DataError otherwise
 */
export async function checkTracksFolder(folder: string): Promise<void> {
  await checkReplaceable(folder, (name) => name === 'index.html' || TRACK_FILE.test(name), 'track');
}

/**
 * Where tracks are written: the wanted folder, unless it holds tracks and they are not to be replaced. Then it is the
 * first of `<folder>-2`, `<folder>-3` and so on that is missing or empty.
 *
 * @throws DataError if the wanted folder holds something else than tracks, or cannot be read
 */
export async function tracksFolder(folder: string, replace: boolean): Promise<string> {
  await checkTracksFolder(folder);
  if (replace) return folder;
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? folder : join(dirname(folder), `${basename(folder)}-${number}`);
    if (await isVacant(numbered)) return numbered;
  }
}

/** Whether a folder is missing or empty. */
export async function isVacant(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // Whatever else has the name, such as a file, is not to be written over.
    return error.code === 'ENOENT';
  }
}
