import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type FilterName, playScore, renderAudio, writeVgm, writeWav } from '@chipsmith/apu';
import { type Song, writeMidi } from '@chipsmith/data';
import { fileError } from '@chipsmith/models';
import { contactSheet } from './page/contact-sheet.ts';
import { CommandError, isSystemError } from './terminal/errors.ts';
import { startProgress } from './terminal/progress.ts';

export interface Track {
  /** Of its files, without ending. */
  readonly name: string;
  readonly song: Song;
  /** What the model drew. */
  readonly events: ArrayLike<number>;
  readonly seed: number;
  readonly scores: Readonly<Record<string, number>>;
}

export interface TrackSettings {
  readonly output: string;
  readonly title: string;
  /** What all tracks have in common. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly sound: { readonly sampleRate: number; readonly filter: FilterName };
  readonly signal: AbortSignal;
}

/** Plain measures of a melody on pulse 1. */
export function scoresOf(melody: Song): {
  notes: number;
  pitches: number;
  pitchClasses: number;
  longestRestBeats: number;
} {
  const notes = melody.voices.pulse1;
  const pitches = new Set(notes.map(({ pitch }) => pitch));
  const ends = [0, ...notes.map(({ end }) => end)];
  const starts = [...notes.map(({ start }) => start), melody.duration];
  const longest = Math.max(...starts.map((start, index) => start - ends[index]));
  const ticksPerBeat = (44_100 * 60) / melody.tempo.beatsPerMinute;
  return {
    notes: notes.length,
    pitches: pitches.size,
    pitchClasses: new Set([...pitches].map((pitch) => pitch % 12)).size,
    longestRestBeats: Math.round((4 * longest) / ticksPerBeat) / 4,
  };
}

/**
 * Writes .mid, .vgm, .wav and .json of every track and index.html, into a folder beside the wanted one that then takes its
 * place: the folder is never half-written.
 *
 * @returns the path of the page
 * @throws CommandError if the folder holds something else than tracks
 * @throws ModelError if it cannot be written
 * @throws the signal's reason once it is aborted
 */
export async function writeTracks(tracks: readonly Track[], options: TrackSettings): Promise<string> {
  const { output, title, settings, sound, signal } = options;
  await checkTracksFolder(output);
  const target = resolve(output);
  const partial = join(dirname(target), `.${basename(target)}.partial-${process.pid}`);
  const progress = startProgress('rendering');
  try {
    await mkdir(dirname(target), { recursive: true });
    await mkdir(partial);
    for (const [index, { name, song, events, seed, scores }] of tracks.entries()) {
      signal.throwIfAborted();
      progress.update(index / tracks.length, name);
      const log = playScore(song);
      const description = { name, title: song.title, seed, settings, scores, events: Array.from(events) };
      await writeFile(join(partial, `${name}.mid`), writeMidi(song));
      await writeFile(join(partial, `${name}.vgm`), writeVgm(log, { title: song.title }));
      await writeFile(join(partial, `${name}.wav`), writeWav(renderAudio(log, sound), sound.sampleRate));
      await writeFile(join(partial, `${name}.json`), `${JSON.stringify(description)}\n`);
    }
    progress.update(1, '');
    await writeFile(join(partial, 'index.html'), contactSheet(tracks, { title, settings }));
    await replaceFolder(target, partial);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw isSystemError(error) ? fileError(output, error) : error;
  } finally {
    progress.stop();
  }
  return join(target, 'index.html');
}

/**
 * Makes sure that tracks may be written to a folder: it is missing, or empty, or holds tracks of an earlier call.
 *
 * @throws CommandError otherwise
 * @throws ModelError if it is no folder
 */
export async function checkTracksFolder(folder: string): Promise<void> {
  const isTrack = (name: string) => name === 'index.html' || /^track-\d+\.(mid|vgm|wav|json)$/.test(name);
  const entries = await readdir(folder).catch((error: unknown) => {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw fileError(folder, error);
  });
  const stray = entries.find((name) => !isTrack(name));
  if (stray !== undefined) {
    throw new CommandError(
      `${folder}: holds ${stray}, which is no track; choose another --output or empty the folder.`,
    );
  }
  // The folder is replaced as a whole, which would pull it from under the user's feet.
  if (resolve(folder) === process.cwd()) {
    throw new CommandError(`${folder}: is the folder you stand in; choose another --output.`);
  }
}

async function replaceFolder(target: string, partial: string): Promise<void> {
  if (!existsSync(target)) {
    await rename(partial, target);
    return;
  }
  const previous = `${partial}.previous`;
  await rename(target, previous);
  try {
    await rename(partial, target);
  } catch (error) {
    await rename(previous, target);
    throw error;
  }
  await rm(previous, { recursive: true });
}
