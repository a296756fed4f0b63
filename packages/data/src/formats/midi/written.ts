import { SHARPS } from '../../pitch.ts';
import type { WrittenFacts } from '../reading.ts';
import type { MidiFile } from './file.ts';

/** What a file writes of tempo, meter and key, in order of time; many programs repeat the key in every track. */
export function writtenFacts({ tracks }: MidiFile): WrittenFacts {
  const tempos: number[] = [];
  const meters: string[] = [];
  const keys: string[] = [];
  for (const event of tracks.flatMap(({ events }) => events).sort((a, b) => a.tick - b.tick)) {
    if (event.kind === 'tempo') hold(tempos, 60_000_000 / event.microsecondsPerQuarter);
    else if (event.kind === 'meter') hold(meters, `${event.beats}/${event.unit}`);
    else if (event.kind === 'key') hold(keys, keyName(event.fifths, event.isMinor));
  }
  return { tempos, meters, keys };
}

function hold<Fact>(facts: Fact[], fact: Fact): void {
  if (facts.at(-1) !== fact) facts.push(fact);
}

/** @param fifths sharps (positive) or flats of the key signature, -7..7 */
function keyName(fifths: number, isMinor: boolean): string {
  // Along the line of fifths from F: C major is 1, A minor 4.
  const place = fifths + (isMinor ? 4 : 1);
  const letter = SHARPS[((place % 7) + 7) % 7];
  return `${letter}${['b', '', '#'][Math.floor(place / 7) + 1]} ${isMinor ? 'minor' : 'major'}`;
}
