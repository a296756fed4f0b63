import { TICKS_PER_SECOND, VOICE_NAMES } from '@chipsmith/apu';
import { checkSong } from '../check.ts';
import { DataError } from '../error.ts';
import { arrangeGeneralMidi } from '../general-midi/arrange.ts';
import type { ArrangerOptions } from '../general-midi/options.ts';
import { ASSUMED_TIMING, type SongReading, titleOf, type WrittenFacts } from '../reading.ts';
import { METER_UNITS, MOST_BEATS, type Song, TEMPO_RANGE } from '../song.ts';
import { embeddedSong } from './embedded-song.ts';
import { type Mark, readMark } from './mark.ts';
import { followsNesConvention, markedEnd, NES_TRACKS, readNesVoice } from './nes.ts';
import { pairNotes } from './notes.ts';
import { type MidiFile, type MidiTrack, parseMidi } from './parse.ts';
import { Header } from './tone.ts';
import { followsVoiceNames, readVoiceTracks } from './voice-tracks.ts';
import { writtenFacts } from './written.ts';

/** Songs are minutes long; a damaged time can claim days, and later work is in proportion to the length. */
const LONGEST_SECONDS = 4 * 3600;
/** The tempo map searches through all changes for a tick on which one falls. */
const MOST_TEMPO_CHANGES = 10_000;

export interface ReadMidiOptions {
  /** How a General MIDI file becomes four voices; files of other kinds do not ask. */
  readonly arranger?: ArrangerOptions;
}

/**
 * Reads a standard MIDI file into a song.
 *
 * - NES-MDB's files (tracks p1, p2, tr, no) are taken as they are, sample for sample. Their 120 bpm means nothing, so the
 *   tempo is marked `assumed`: see estimateTempo.
 * - Files of writeMidi give back the song they were made of. Where another program has changed the notes since, or has left out
 *   what they do not say, each voice is read from the track that bears its name.
 * - Other files are reduced to four voices (see arrangeGeneralMidi). The first tempo and meter count as `given`.
 *
 * @param name the file's name: the title without its ending, and the place in messages
 * @throws DataError if the file is empty, damaged, no MIDI, or longer than four hours
 */
export function readMidi(bytes: Uint8Array, name: string, { arranger = {} }: ReadMidiOptions = {}): SongReading {
  const file = parseMidi(bytes, name);
  const repairs = [...file.repairs];
  const embedded = embeddedSong(file, repairs);
  if (embedded) return { song: embedded, written: writtenFacts(file), repairs };
  const mark = readMark(file, name);
  const toSongTicks = mark ? (tick: number) => tick * mark.samplesPerTick : tempoMap(file, name);
  const isNes = followsNesConvention(file.tracks);
  const end = (isNes && !mark ? markedEnd(file) : undefined) ?? Math.max(...file.tracks.map(({ end }) => end));
  const duration = toSongTicks(end);
  if (duration > LONGEST_SECONDS * TICKS_PER_SECOND) {
    const hours = (duration / TICKS_PER_SECOND / 3600).toFixed(1);
    const byte = byteBeyond(file.tracks, (tick) => toSongTicks(tick) > LONGEST_SECONDS * TICKS_PER_SECOND);
    const remedy = 'cut it, or repair its tempo or a damaged time';
    throw new DataError(name, `the music lasts ${hours} hours`, remedy, { byte });
  }

  const voices = isNes
    ? readNesVoices(file.tracks, toSongTicks, repairs)
    : followsVoiceNames(file.tracks)
      ? readVoiceTracks(file.tracks, toSongTicks, repairs)
      : arrangeGeneralMidi(file.tracks, pairNotes(file.tracks, toSongTicks, repairs), toSongTicks, arranger, repairs);
  const lastEnd = Math.max(0, ...VOICE_NAMES.map((voice) => voices[voice].at(-1)?.end ?? 0));
  const timing = mark ?? (isNes ? ASSUMED_TIMING : givenTiming(file));
  const song: Song = {
    title: mark?.title ?? titleOf(name),
    voices,
    duration: Math.max(duration, lastEnd),
    ...(mark?.loops !== undefined && { loops: mark.loops }),
    tempo: timing.tempo,
    meter: timing.meter,
  };
  checkSong(song);
  // NES-MDB's files all write the same 120 bpm and 4/4, and mean neither.
  const written = mark ? markedFacts(mark) : isNes ? undefined : writtenFacts(file);
  return { song, ...(written && { written }), repairs };
}

function markedFacts({ tempo: { beatsPerMinute, changes = [] }, meter }: Mark): WrittenFacts {
  const tempos = [beatsPerMinute, ...changes.map((change) => change.beatsPerMinute)];
  return { tempos, meters: [`${meter.beats}/${meter.unit}`], keys: [] };
}

/** Where the longest track goes beyond a time: the event, or the track's end. */
function byteBeyond(tracks: readonly MidiTrack[], isBeyond: (tick: number) => boolean): number {
  const longest = tracks.reduce((longest, track) => (track.end > longest.end ? track : longest));
  return longest.events.find(({ tick }) => isBeyond(tick))?.byte ?? longest.endByte;
}

function readNesVoices(
  tracks: readonly MidiTrack[],
  toSongTicks: (tick: number) => number,
  repairs: string[],
): Song['voices'] {
  const voice = (index: number) => {
    const { voice, track: name } = NES_TRACKS[index];
    const named = tracks.filter((track) => track.name === name);
    if (named.length > 1) repairs.push(`read the first of ${named.length} tracks named ${name}`);
    return named[0] ? readNesVoice(voice, named[0], toSongTicks, repairs) : [];
  };
  return { pulse1: voice(0), pulse2: voice(1), triangle: voice(2), noise: voice(3) };
}

/** Maps ticks of the file to ticks of the song, through @tonejs/midi's tempo map. */
function tempoMap(file: MidiFile, name: string): (tick: number) => number {
  const { division } = file;
  if (division.kind === 'second') {
    return (tick) => Math.round((tick / division.ticksPerSecond) * TICKS_PER_SECOND);
  }
  // A later tempo of the same tick replaces the earlier one, and 120 bpm holds until the first (SMF 1.0).
  const tempoAt = new Map<number, number>([[0, 120]]);
  for (const event of file.tracks.flatMap(({ events }) => events)) {
    if (event.kind !== 'tempo') continue;
    tempoAt.set(event.tick, 60_000_000 / event.microsecondsPerQuarter);
    if (tempoAt.size > MOST_TEMPO_CHANGES) {
      const remedy = 'export it again with fewer';
      throw new DataError(name, `more than ${MOST_TEMPO_CHANGES} tempo changes`, remedy, { byte: event.byte });
    }
  }
  const header = new Header();
  header.fromJSON({
    name: '',
    ppq: division.ticksPerQuarter,
    meta: [],
    tempos: [...tempoAt].map(([ticks, bpm]) => ({ ticks, bpm })),
    timeSignatures: [],
    keySignatures: [],
  });
  return (tick) => Math.round(header.ticksToSeconds(tick) * TICKS_PER_SECOND);
}

/** The first tempo and meter written in the file; what is missing or impossible is assumed. */
function givenTiming(file: MidiFile): typeof ASSUMED_TIMING {
  const events = file.tracks.flatMap((track) => track.events).sort((a, b) => a.tick - b.tick);
  const tempo = events.find((event) => event.kind === 'tempo');
  const beatsPerMinute = tempo ? 60_000_000 / tempo.microsecondsPerQuarter : 0;
  const isGiven =
    file.division.kind === 'quarter' && beatsPerMinute >= TEMPO_RANGE.slowest && beatsPerMinute <= TEMPO_RANGE.fastest;
  const meter = events.find((event) => event.kind === 'meter');
  const unit = METER_UNITS.find((value) => value === meter?.unit);
  return {
    tempo: isGiven ? { beatsPerMinute, firstBeat: 0, origin: 'given', confidence: 1 } : ASSUMED_TIMING.tempo,
    meter:
      meter && unit && meter.beats >= 1 && meter.beats <= MOST_BEATS
        ? { beats: meter.beats, unit, origin: 'given' }
        : ASSUMED_TIMING.meter,
  };
}
