import type { FilePlace } from '../error.ts';
import type { Song } from '../song.ts';

/**
 * What a source itself writes of tempo, meter and key, in order, and only where it changes. Empty lists: it could, but
 * does not.
 */
export interface WrittenFacts {
  /** Quarter notes a minute. */
  readonly tempos: readonly number[];
  /** Such as `4/4`. */
  readonly meters: readonly string[];
  /** Such as `C major`, `F# minor` and `D dorian`. */
  readonly keys: readonly string[];
}

/** What a reader found in a file: the song, and one sentence for each thing that was put right or left out. */
export interface SongReading {
  readonly song: Song;
  /** The game that it is from, and who wrote it, where the file says so. */
  readonly game?: string;
  readonly composer?: string;
  /** Missing where the kind of file knows none of them. */
  readonly written?: WrittenFacts;
  readonly repairs: readonly string[];
}

/**
 * A song of a file, or why it cannot be read and where in the file that is (see reasonOf). Books of songs give each a
 * path of its own below the file's.
 */
export type FoundSong = { readonly path: string } & (
  | { readonly reading: SongReading }
  | { readonly problem: string; readonly place: FilePlace | undefined }
);

/** Tempo and meter of a source that knows neither; withEstimatedTiming replaces them. */
export const ASSUMED_TIMING: Pick<Song, 'tempo' | 'meter'> = {
  tempo: { beatsPerMinute: 120, firstBeat: 0, origin: 'assumed', confidence: 0 },
  meter: { beats: 4, unit: 4, origin: 'assumed' },
};

/** A song's title from its file's name: without folders and endings such as `.mid` or `.exprsco.pkl`. */
export function titleOf(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  return base.replace(
    /\.(midi?|kar|rmi|smf|vgm|vgz|abc|json|tx[12]\.txt|((expr|sepr|blnd)sco\.)?(pkl|pickle))?(\.gz)*$/i,
    '',
  );
}
