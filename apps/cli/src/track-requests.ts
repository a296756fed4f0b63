import type { Requests, Task } from '@chipsmith/models';
import type { GivenMusic } from './commands/given-music.ts';
import type { Settings } from './page/contact-sheet.ts';

/** What a model is asked for, track by track. */
export interface Asked {
  readonly task: Task;
  /** Tracks. */
  readonly count: number;
  /** @param index of the track, 0..count - 1 */
  request(index: number): Requests[Task];
  /** The music whose key, meter and tempo the tracks have. */
  readonly given?: GivenMusic;
  /** Whether others are asked for in place of tracks that are nearly empty or alike. */
  readonly isDrawnAgain: boolean;
  /** What the page says of all tracks, and of one. */
  readonly settings: Settings;
  settingsOf?(index: number): Settings;
}

/** Something new each time. */
export function newMusic(count: number): Asked {
  return { task: 'sample', count, request: () => ({}), isDrawnAgain: true, settings: {} };
}

/** Music that goes on from a primer. */
export function continuations(count: number, given: GivenMusic): Asked {
  const { description, events } = given;
  const settings = { primerEvents: events.length, ...(description !== undefined && { primer: description }) };
  return {
    task: 'continue',
    count,
    request: () => ({ primer: Array.from(events) }),
    given,
    isDrawnAgain: true,
    settings,
  };
}

/** Variations of a piece. */
export function variations(count: number, given: GivenMusic): Asked {
  const { description = '', events } = given;
  return {
    task: 'vary',
    count,
    request: () => ({ events }),
    given,
    isDrawnAgain: true,
    settings: { piece: description },
  };
}

/** Music on the way from one piece to another, at even distances, both included; of one track, half-way. */
export function between(count: number, from: GivenMusic, to: GivenMusic): Asked {
  const shareOf = (index: number) => (count === 1 ? 0.5 : index / (count - 1));
  return {
    task: 'interpolate',
    count,
    request: (index) => ({ ends: [from.events, to.events], share: shareOf(index) }),
    given: from,
    isDrawnAgain: false,
    settings: { from: from.description ?? '', to: to.description ?? '' },
    settingsOf: (index) => ({ share: shareOf(index) }),
  };
}
