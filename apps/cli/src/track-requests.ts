import type { Requests, Task } from '@chipsmith/models';
import type { GivenMusic, NamedPiece } from './commands/given-music.ts';
import type { Settings } from './page/contact-sheet.ts';

/** What a model is asked for, track by track. */
export interface TrackRequests {
  readonly task: Task;
  /** Number of tracks. */
  readonly count: number;
  /** @param index of the track, 0..count - 1 */
  request(index: number): Requests[Task];
  /** The music whose key, meter and tempo the tracks take over. */
  readonly given?: GivenMusic;
  /** Which tracks are replaced by others, beside those without an end; no track can take the place of a fixed one. */
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
