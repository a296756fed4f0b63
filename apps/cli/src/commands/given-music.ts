import { basename } from 'node:path';
import {
  barsOfEvents,
  choosePrimer,
  type Encoding,
  type Meter,
  meterName,
  printable,
  withCount,
} from '@chipsmith/data';
import { type Arguments, text } from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { integers } from '../terminal/values.ts';
import { firstSong, readInput } from './song.ts';

/** What tracks begin with. */
export interface TrackPrimer {
  readonly events: readonly number[];
  /** As choosePrimer has them. */
  readonly transposition: number;
  readonly meter: Pick<Meter, 'beats' | 'unit'>;
  /** Of the song, in quarter notes a minute; pitches have none. */
  readonly beatsPerMinute?: number;
  /** One line that says what was taken of which song. */
  readonly description?: string;
}

/**
 * What `--primer` or `--primer-pitches` asks for: the end of a song (see choosePrimer) in a file of any kind that songs
 * are read from, the first song of a book; or pitches, one event each.
 *
 * @param bars of a track, primer included
 * @throws UsageError if both are given
 * @throws CommandError or DataError if there is nothing in the file to go on from
 */
export async function primerOf(args: Arguments, encoding: Encoding, bars: number): Promise<TrackPrimer | undefined> {
  const path = text(args, 'primer');
  const pitches = integers(args, 'primer-pitches');
  if (path !== undefined && pitches !== undefined) throw new UsageError('give --primer or --primer-pitches, not both');
  if (pitches !== undefined) {
    const events = encoding.encodePitches(pitches);
    if (barsOfEvents(events, encoding) >= bars) {
      const problem = `The primer has ${withCount('# event(s)', events.length)}, which leaves nothing of ${withCount('# bar(s)', bars)} to make`;
      throw new CommandError(`${problem}: give fewer pitches or ask for more bars.`);
    }
    return { events, transposition: 0, meter: { beats: 4, unit: 4 } };
  }
  if (path === undefined) return undefined;
  const { reading, path: songPath, count } = firstSong(await readInput(path), path);
  const primer = choosePrimer(reading.song, encoding, bars, songPath);
  const { transposition, meter, allBars } = primer;
  const beatsPerMinute = rounded(primer.beatsPerMinute);
  const described = [
    count > 1 ? `${basename(path)} (the first of its ${count} songs)` : basename(path),
    primer.bars === allBars ? withCount('all # bar(s)', allBars) : `the last ${primer.bars} of ${allBars} bars`,
    meterName(meter),
    `${beatsPerMinute} bpm`,
  ];
  const description = printable(`Primer: ${described.join(', ')}`);
  return { events: Array.from(primer.events), transposition, meter, beatsPerMinute, description };
}

/** MIDI files round to a microsecond a quarter note, which makes 89.99996 of 90. */
function rounded(beatsPerMinute: number): number {
  return Math.round(beatsPerMinute * 100) / 100;
}
