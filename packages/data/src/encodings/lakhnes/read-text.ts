import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import { latin1Of } from '../../formats/character-sets.ts';
import { ASSUMED_TIMING, type SongReading, titleOf } from '../../formats/reading.ts';
import { MAX_SONG_SECONDS } from '../../song.ts';
import { songOfEvents } from './decode.ts';
import { type LakhNesEvent, makeVocabulary, nameOf } from './vocabulary.ts';

/** TX1 and TX2 have the same names; TX2 has more of them. */
const EVENTS: ReadonlyMap<string, LakhNesEvent> = new Map(
  makeVocabulary(true).events.map((event) => [nameOf(event), event]),
);

/**
 * Reads a song from LakhNES' text, TX1 or TX2 (Donahue et al., ISMIR 2019): events parted by spaces or line breaks.
 * Waits are exact here, to the sample, and not limited to those of the vocabulary. The tempo is `assumed`.
 *
 * @param name the file's name, for the title and messages
 * @throws DataError, with the byte, for what is not an event, or a song of more than four hours
 */
export function readLakhNesText(bytes: Uint8Array, name: string): SongReading {
  const text = latin1Of(bytes);
  const events: LakhNesEvent[] = [];
  let duration = 0;
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    const event = eventOf(word);
    if (!event) {
      const problem = `"${word.slice(0, 30)}" is not an event of TX1 or TX2`;
      throw new DataError(name, problem, 'correct the text', { byte: index });
    }
    if (event.kind === 'wait') duration += event.value;
    if (duration > MAX_SONG_SECONDS * TICKS_PER_SECOND)
      throw new DataError(name, 'the music lasts more than four hours', 'cut it, or repair a damaged wait', {
        byte: index,
      });
    events.push(event);
  }
  return { song: { title: titleOf(name), ...songOfEvents(events), ...ASSUMED_TIMING }, repairs: [] };
}

/** Whether a text begins with an event. */
export function isLakhNesText(bytes: Uint8Array): boolean {
  const beginning = latin1Of(bytes.subarray(0, 64));
  return eventOf(/^\s*(\S+)/.exec(beginning)?.[1] ?? '') !== undefined;
}

function eventOf(word: string): LakhNesEvent | undefined {
  const wait = /^WT_(\d{1,9})$/.exec(word);
  return wait ? { kind: 'wait', value: Number(wait[1]) } : EVENTS.get(word);
}
