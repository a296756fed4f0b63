import type { Meter } from '@chipsmith/data';
import type { Requests, Task } from '@chipsmith/models';
import type { Settings } from './page/contact-sheet.ts';

/** Music that is given to a model, for tracks in its key, meter and tempo. */
export interface GivenMusic {
  readonly events: Uint16Array;
  /** Semitones by which the encoding moved the song: to be undone in what the model writes. */
  readonly transposition: number;
  readonly meter: Pick<Meter, 'beats' | 'unit'>;
  /** Of the song, in quarter notes a minute; pitches have none. */
  readonly beatsPerMinute?: number;
  /** One line that says what was taken of which song. */
  readonly description?: string;
}

/** A whole piece, with its name. */
export interface NamedPiece extends GivenMusic {
  readonly name: string;
  readonly description: string;
}

/** What a model is asked for, track by track. */
export interface TrackRequests {
  readonly task: Task;
  /** Number of tracks. */
  readonly count: number;
  /** @param index of the track, 0..count - 1 */
  request(index: number): Requests[Task];
  /** The music whose key, meter and tempo the tracks take over. */
  readonly given?: GivenMusic;
  /** In place of which tracks others are drawn; unless it is none, also of those without an end. */
  readonly replaces: 'sparse or alike' | 'alike' | 'none';
  /** What the page says of all tracks, and of one. */
  readonly settings: Settings;
  settingsOf?(index: number): Settings;
}

/** New music. */
export function samples(count: number): TrackRequests {
  return { task: 'sample', count, request: () => ({}), replaces: 'sparse or alike', settings: {} };
}

/** Music that goes on from a primer. */
export function continuations(count: number, given: GivenMusic): TrackRequests {
  const { description, events } = given;
  return {
    task: 'continue',
    count,
    request: () => ({ primer: Array.from(events) }),
    given,
    replaces: 'sparse or alike',
    settings: { primerEvents: events.length, ...(description !== undefined && { primer: description }) },
  };
}

/** Variations of a piece, as sparse as the piece is. */
export function variations(count: number, piece: NamedPiece): TrackRequests {
  return {
    task: 'vary',
    count,
    request: () => ({ events: piece.events }),
    given: piece,
    replaces: 'alike',
    settings: { piece: piece.description },
  };
}

/** Pieces at even distances between two, both ends included; a single one lies half-way. */
export function interpolations(count: number, from: NamedPiece, to: NamedPiece): TrackRequests {
  const shareOf = (index: number) => (count === 1 ? 0.5 : index / (count - 1));
  return {
    task: 'interpolate',
    count,
    request: (index) => ({ ends: [from.events, to.events], share: shareOf(index) }),
    given: from,
    replaces: 'none',
    settings: { from: from.description, to: to.description },
    settingsOf: (index) => ({ share: shareOf(index) }),
  };
}
