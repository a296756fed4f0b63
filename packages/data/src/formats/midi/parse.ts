import { DataError } from '../../error.ts';
import { hasText } from '../containers/signatures.ts';
import { atBytes, Repairs, withCount } from '../repairs.ts';
import { CHUNK_HEAD, chunkEnd, HEADER, isBoundary, isForeignChunk, TRACK, trackSearch } from './chunks.ts';
import type { MidiDivision, MidiFile, MidiTrack } from './file.ts';
import { readHeader } from './header.ts';
import { type ReadTrack, readTrack, type TrackTimes } from './track.ts';

/**
 * Reads the byte stream of a standard MIDI file (formats 0, 1 and 2; SMF 1.0) into events at exact ticks.
 *
 * Whatever is sound is read, and each kind of damage is reported in `repairs`. A track extends as far as its chunk says
 * if another chunk or the end of the file follows there, otherwise to its end-of-track event or to the next track.
 * Bytes that are not an event are skipped up to the next sound event. Velocity-0 note-ons become note-offs, running
 * status survives other events, and chunks other than tracks are skipped. The patterns of a format 2 file are laid end
 * to end. Takes time linear in the length of the file.
 *
 * @param name the file's name, for messages
 * @throws DataError if the bytes are not MIDI, or hold no track or more than 500,000 events
 */
export function parseMidi(bytes: Uint8Array, name: string): MidiFile {
  if (bytes.length === 0) throw new DataError(name, 'the file is empty', 'give a MIDI file', { byte: 0 });
  const repairs = new Repairs(atBytes);
  const nextTrack = trackSearch(bytes);
  const { format, announced, division, next } = readHeader(bytes, nextTrack, name, repairs);
  const longestWait = LONGEST_WAIT_SECONDS * ticksPerSecond(division);
  const tracks: MidiTrack[] = [];
  let events = 0;
  let at = next;
  let running = 0;
  let isWhole = true;
  const add = ({ track, next, repairs: found, ...read }: ReadTrack) => {
    tracks.push(track);
    repairs.addAll(found);
    at = next;
    running = read.running;
    isWhole &&= read.isWhole;
    events += track.events.length;
    const refuse = (problem: string, remedy: string) => {
      throw new DataError(name, `unsupported: ${problem}`, remedy, { byte: track.endByte });
    };
    if (events > MAX_EVENTS) refuse(`more than ${MAX_EVENTS} events`, 'cut it into several files');
    if (tracks.length > MAX_TRACKS) refuse(`more than ${MAX_TRACKS} tracks`, 'give a file with fewer');
  };
  const skip = (what: string, end: number, count = end - at) => {
    repairs.add(what, at, count);
    at = end;
  };
  while (at < bytes.length) {
    const times = { first: format === 2 ? (tracks.at(-1)?.end ?? 0) : 0, longestWait };
    if (hasText(bytes, TRACK, at)) add(readTrackChunk(bytes, at, nextTrack, times, running));
    else if (tracks.length > 0 && hasText(bytes, HEADER, at)) {
      skip('skipped # bytes of another MIDI file', bytes.length);
    } else if (isForeignChunk(bytes, at)) skip('skipped # chunks other than tracks', chunkEnd(bytes, at), 1);
    else {
      const end = nextTrack(at);
      const found =
        announced !== undefined && tracks.length < announced ? readWithoutChunk(bytes, at, end, times) : undefined;
      if (found) add(found);
      else skip('skipped # bytes that belong to no chunk', end);
    }
  }
  if (tracks.length === 0) throw new DataError(name, 'empty: has no tracks', 'export it again', { byte: bytes.length });
  const sentences = repairs.sentences();
  if (announced !== undefined && tracks.length !== announced) {
    sentences.push(withCount(`the header announces # track(s), the file has ${tracks.length}`, announced));
  }
  return { division, tracks, isWhole, repairs: sentences };
}

/** The header counts tracks in 16 bits. */
const MAX_TRACKS = 0xffff;
/** The longest file of NES-MDB has 125,752; arranging takes memory in proportion. */
const MAX_EVENTS = 500_000;
/** No piece of music has a longer silence inside: a longer wait is damage. */
const LONGEST_WAIT_SECONDS = 3600;

/** At 120 bpm, where ticks are parts of a quarter note. */
function ticksPerSecond(division: MidiDivision): number {
  return division.kind === 'second' ? division.ticksPerSecond : 2 * division.ticksPerQuarter;
}

/**
 * The track whose chunk begins at an index.
 *
 * @param running the status that holds at the end of the track before
 */
function readTrackChunk(
  bytes: Uint8Array,
  at: number,
  nextTrack: (from: number) => number,
  times: TrackTimes,
  running: number,
): ReadTrack {
  const start = Math.min(bytes.length, at + CHUNK_HEAD);
  const announced = chunkEnd(bytes, at);
  const isLikely = isBoundary(bytes, announced);
  const read = (limit: number) => {
    const found = readTrack(bytes, start, limit, times);
    // Some programs let it hold from one track to the next, which the standard does not.
    const goingOn = found.isWhole || running === 0 ? undefined : readTrack(bytes, start, limit, times, running);
    if (!goingOn?.isWhole || !goingOn.isEnded || notesOf(goingOn) <= notesOf(found)) return found;
    goingOn.repairs.add('began # track(s) with the running status of the one before', start);
    return goingOn;
  };
  const first = read(isLikely ? announced : nextTrack(start));
  if (isLikely && nextTrack(first.next) >= announced) {
    const found = throughEarlyEnds(bytes, first, announced, times);
    const rest = announced - found.next;
    if (rest > 0) found.repairs.add('skipped # byte(s) after the end of a track', found.next, rest);
    return { ...found, next: announced };
  }
  if (!first.isEnded && announced < first.next) {
    // Without an end-of-track event, either the length is too short or the bytes after it belong to nothing.
    const shorter = read(announced);
    if (shorter.isWhole && shorter.track.events.length > 0) return shorter;
  }
  if (first.next !== announced) first.repairs.add('corrected the length(s) of # track(s)', at + 4);
  return first;
}

/**
 * A track with what follows an end-of-track event inside its chunk, as long as that is sound events, notes among them.
 */
function throughEarlyEnds(bytes: Uint8Array, beginning: ReadTrack, end: number, times: TrackTimes): ReadTrack {
  const parts = [beginning];
  for (let last = beginning; last.isEnded && last.next < end; ) {
    const rest = readTrack(bytes, last.next, end, { ...times, first: last.track.end }, last.running);
    if (!rest.isEnded || !rest.isWhole || notesOf(rest) === 0) break;
    beginning.repairs.add('read on after # early end(s) of a track', last.track.endByte);
    beginning.repairs.addAll(rest.repairs);
    parts.push(rest);
    last = rest;
  }
  const { track, next, running } = parts[parts.length - 1];
  const { name } = parts.find((part) => part.track.name !== '')?.track ?? track;
  const events = parts.flatMap((part) => part.track.events);
  const channelNames = new Map(parts.flatMap((part) => [...(part.track.channelNames ?? [])]));
  return { ...beginning, next, running, track: { ...track, name, channelNames, events } };
}

/**
 * A track whose chunk has lost its type, or its type and length. Bytes count as a track only if they are sound events,
 * notes among them, up to an end-of-track event.
 */
function readWithoutChunk(bytes: Uint8Array, from: number, to: number, times: TrackTimes): ReadTrack | undefined {
  const starts = chunkEnd(bytes, from) === to ? [from + CHUNK_HEAD, from] : [from, from + CHUNK_HEAD];
  for (const start of starts) {
    const found = readTrack(bytes, Math.min(start, to), to, times);
    if (found.isEnded && found.isWhole && notesOf(found) > 0) {
      found.repairs.add('read # track(s) whose chunk header is damaged', from);
      return found;
    }
  }
  return undefined;
}

function notesOf({ track }: ReadTrack): number {
  return track.events.filter(({ kind }) => kind === 'on').length;
}
