import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FilterName,
  playScore,
  type RegisterLog,
  renderAudio,
  TICKS_PER_SECOND,
  unrollLoop,
  writeVgm,
  writeWav,
} from '@chipsmith/apu';
import { checkReplaceable, replaceFolder, type Song, writeMidi } from '@chipsmith/data';
import { contactSheet } from './page/contact-sheet.ts';
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

/** What a log sounds like; of one that loops the second time, which goes on from the first as it goes on from itself. */
function audioOf(log: RegisterLog, sound: TrackSettings['sound']): Float32Array {
  if (log.loop === undefined) return renderAudio(log, sound);
  const twice = renderAudio(unrollLoop(log, 2), { ...sound, fade: 0 });
  return twice.subarray(Math.round(twice.length / 2));
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
  const ticksPerBeat = (TICKS_PER_SECOND * 60) / melody.tempo.beatsPerMinute;
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
 * @throws DataError if the folder holds something else than tracks, or cannot be written
 * @throws the signal's reason once it is aborted
 */
export async function writeTracks(tracks: readonly Track[], options: TrackSettings): Promise<string> {
  const { output, title, settings, sound, signal } = options;
  await checkTracksFolder(output);
  const progress = startProgress('rendering');
  try {
    const folder = await replaceFolder(output, async (partial) => {
      for (const [index, { name, song, events, seed, scores }] of tracks.entries()) {
        signal.throwIfAborted();
        progress.update(index / tracks.length, name);
        const log = playScore(song);
        const description = { name, title: song.title, seed, settings, scores, events: Array.from(events) };
        await writeFile(join(partial, `${name}.mid`), writeMidi(song));
        await writeFile(join(partial, `${name}.vgm`), writeVgm(log, { title: song.title }));
        await writeFile(join(partial, `${name}.wav`), writeWav(audioOf(log, sound), sound.sampleRate));
        await writeFile(join(partial, `${name}.json`), `${JSON.stringify(description)}\n`);
      }
      progress.update(1, '');
      await writeFile(join(partial, 'index.html'), contactSheet(tracks, { title, settings }));
    });
    return join(folder, 'index.html');
  } finally {
    progress.stop();
  }
}

/**
 * Makes sure that tracks may be written to a folder: it is missing, or empty, or holds tracks of an earlier call.
 *
 * @throws DataError otherwise
 */
export async function checkTracksFolder(folder: string): Promise<void> {
  const isTrack = (name: string) => name === 'index.html' || /^track-\d+\.(mid|vgm|wav|json)$/.test(name);
  await checkReplaceable(folder, isTrack, 'track');
}
