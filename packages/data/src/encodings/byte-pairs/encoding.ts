import { DataError } from '../../error.ts';
import type { Encoding } from '../encoding.ts';
import { type BytePair, BytePairs } from './byte-pairs.ts';

export interface BytePairEncodingOptions {
  readonly name: string;
  /** Of the pairs; the encoding's version is the sum of it and the other encoding's, so that it rises with either. */
  readonly version: number;
  readonly pairs: readonly BytePair[];
  /** Events in a bar of 4/4, typically. */
  readonly stepsPerBar: number;
}

/**
 * An encoding whose sequences are those of another one with frequent neighbours joined to one event: fewer events, each
 * of which says more. A joined event may come where its first part may, and is followed by what may follow its last
 * part.
 *
 * @throws DataError if the pairs do not fit the encoding: an unknown class, or parts that may not follow each other
 */
export function withBytePairs(
  encoding: Encoding,
  { name, version, pairs, stepsPerBar }: BytePairEncodingOptions,
): Encoding {
  const bytePairs = new BytePairs(encoding.classes, pairs);
  const { classes } = bytePairs;
  const parts = Array.from({ length: classes }, (_, event) => bytePairs.partsOf(event) ?? []);
  for (const spelled of parts) {
    const wrong = spelled.findIndex((part, index) => index > 0 && !encoding.allowedAfter(spelled[index - 1])[part]);
    if (wrong === -1) continue;
    const words = `${encoding.describe(spelled[wrong - 1])}, ${encoding.describe(spelled[wrong])}`;
    throw new DataError(
      `byte pairs of ${name}`,
      `"${words}" is not in the grammar of ${encoding.name}`,
      'learn them again',
    );
  }
  /** By what the other encoding allows: many events allow the same. */
  const widened = new Map<readonly boolean[], readonly boolean[]>();
  return {
    name,
    version: encoding.version + version,
    classes,
    stepsPerBar,
    voices: encoding.voices,
    ...(encoding.exactTimes === undefined ? {} : { exactTimes: encoding.exactTimes }),
    encode(song) {
      const { sequences, dropped } = encoding.encode(song);
      return { sequences: sequences.map(({ voice, events }) => ({ voice, events: bytePairs.merge(events) })), dropped };
    },
    encodePitches: (pitches) => [...bytePairs.merge(encoding.encodePitches(pitches))],
    decode: (events, options) => encoding.decode(bytePairs.expand(events), options),
    allowedAfter(previous) {
      const allowed = encoding.allowedAfter(previous === undefined ? undefined : parts[previous].at(-1));
      const known = widened.get(allowed);
      if (known) return known;
      const wide = parts.map(([first]) => allowed[first]);
      widened.set(allowed, wide);
      return wide;
    },
    ...(encoding.typicalTempo !== undefined && { typicalTempo: encoding.typicalTempo }),
    barsOf(event, previous) {
      const spelled = parts[event];
      const before = previous === undefined ? undefined : parts[previous].at(-1);
      return spelled.reduce(
        (sum, part, index) => sum + encoding.barsOf(part, index > 0 ? spelled[index - 1] : before),
        0,
      );
    },
    pitchesOf: (event) => parts[event].flatMap((part) => encoding.pitchesOf(part)),
    isEnd: (event) => parts[event].some((part) => encoding.isEnd?.(part) === true),
    describe: (event) => (parts[event] ?? [event]).map((part) => encoding.describe(part)).join(' + '),
  };
}
