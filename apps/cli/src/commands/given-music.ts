import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import {
  barsOfEvents,
  choosePrimer,
  type Dataset,
  type Encoding,
  firstPiece,
  type Meter,
  meterName,
  meterOfBar,
  quartersPerBar,
  type Song,
  ticksPerQuarter,
  withCount,
} from '@chipsmith/data';
import { findSong } from '../find-song.ts';
import { type Arguments, text } from '../terminal/command.ts';
import { asUsage, CommandError, UsageError } from '../terminal/errors.ts';
import { integers } from '../terminal/values.ts';
import type { GivenMusic, NamedPiece } from '../track-requests.ts';
import { firstSong, readInput } from './song.ts';

/** Where songs are looked for that are not files. */
export interface SongSource {
  readonly encoding: Encoding;
  /** The training data of a run; undefined if it cannot be read. */
  readonly data: Dataset | undefined;
}

/**
 * What `--primer` or `--primer-pitches` asks for: the end of a song (see choosePrimer), or pitches, one event each.
 *
 * @param bars of a track, primer included
 * @throws UsageError if both are given, or pitches that the encoding does not have, or too many
 * @throws CommandError or DataError if there is no such song, or nothing in it to go on from
 */
export async function primerOf(args: Arguments, source: SongSource, bars: number): Promise<GivenMusic | undefined> {
  const { encoding } = source;
  const name = text(args, 'primer');
  const pitches = integers(args, 'primer-pitches');
  if (name !== undefined && pitches !== undefined) throw new UsageError('give --primer or --primer-pitches, not both');
  if (pitches !== undefined) {
    const events = Uint16Array.from(asUsage(() => encoding.encodePitches(pitches)));
    if (barsOfEvents(events, encoding) >= bars) {
      const problem = `the primer has ${withCount('# event(s)', events.length)}, which leaves nothing of ${withCount('# bar(s)', bars)} to make`;
      throw new UsageError(`${problem}: give fewer pitches or ask for more bars`);
    }
    return { events, transposition: 0, meter: { beats: 4, unit: 4 } };
  }
  if (name === undefined) return undefined;
  const { song, path, described } = await songNamed(name, source);
  const primer = choosePrimer(song, encoding, bars, path);
  const whole = primer.allBars === 1 ? 'its one bar' : `all ${primer.allBars} bars`;
  const taken = primer.bars === primer.allBars ? whole : `the last ${primer.bars} of ${primer.allBars} bars`;
  return { ...primer, ...timeOf(primer), description: `Primer: ${described}, ${taken}, ${timeWords(primer)}` };
}

/**
 * The song that a name means as one whole piece, for models that take pieces whole.
 *
 * @throws CommandError or DataError if there is no such song, or the encoding makes nothing of it
 */
export async function pieceNamed(name: string, source: SongSource): Promise<NamedPiece> {
  const { song, path, described } = await songNamed(name, source);
  const piece = firstPiece(song, source.encoding, path);
  const { beatsPerMinute, meter } = piece;
  const { duration } = source.encoding.decode(piece.events, { title: '', beatsPerMinute, meter });
  const bars = Math.ceil(duration / ticksPerQuarter(beatsPerMinute) / quartersPerBar(meter) - BAR_TOLERANCE);
  const description = `${described}, ${withCount('# bar(s)', bars)}, ${timeWords(piece)}`;
  return { ...piece, ...timeOf(piece), name: described, description };
}

/** A 32nd of a bar: the sound of a last note may go on beyond it. */
const BAR_TOLERANCE = 1 / 32;

/** A folder may have the name of a song: as music it is nothing. */
function isFile(name: string): boolean {
  return existsSync(name) && !statSync(name).isDirectory();
}

interface NamedSong {
  readonly song: Song;
  /** For messages. */
  readonly path: string;
  /** For people. */
  readonly described: string;
}

/**
 * The first song of a file of any kind; where there is no such file, the song of the run's data that has the name,
 * decoded from its first sequence.
 */
async function songNamed(name: string, { encoding, data }: SongSource): Promise<NamedSong> {
  if (data === undefined || isFile(name)) {
    const { reading, path, count } = firstSong(await readInput(name), name);
    const which = count > 1 ? ` (the first of its ${count} songs)` : '';
    return { song: reading.song, path, described: `${basename(name)}${which}` };
  }
  const entry = findSong(data, name);
  const sequences = data.sequences(entry.split);
  const sequence = sequences.find(({ song }) => song.path === entry.path);
  if (sequence === undefined) throw new CommandError(`${entry.path}: has no sequence in the data; name another song.`);
  const { beatsPerMinute, title, path } = entry;
  const song = encoding.decode(sequence.read(), { title, beatsPerMinute, meter: meterOfBar(sequence.bar) });
  return { song, path, described: path };
}

/** MIDI files round to a microsecond a quarter note, which makes 89.99996 of 90. */
function timeOf({ beatsPerMinute }: { readonly beatsPerMinute: number }) {
  return { beatsPerMinute: Math.round(beatsPerMinute * 100) / 100 };
}

function timeWords(music: { readonly beatsPerMinute: number; readonly meter: Meter }): string {
  return `${meterName(music.meter)}, ${timeOf(music).beatsPerMinute} bpm`;
}
