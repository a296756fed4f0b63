import { TICKS_PER_SECOND, VOICE_NAMES } from '@chipsmith/apu';
import { checkSong } from '../../check.ts';
import { DataError } from '../../error.ts';
import { MAX_SONG_SECONDS, meterName, type Song } from '../../song.ts';
import { arrangeGeneralMidi } from '../general-midi/arrange.ts';
import type { ArrangerOptions } from '../general-midi/options.ts';
import { ASSUMED_TIMING, type SongReading, titleOf, type WrittenFacts } from '../reading.ts';
import { clockOf } from './clock.ts';
import { embeddedSong } from './embedded-song.ts';
import type { MidiFile, MidiTrack } from './file.ts';
import { type Mark, readMark } from './mark.ts';
import { followsNesConvention, markedEnd, NES_TRACKS, readNesVoice } from './nes.ts';
import { pairNotes } from './notes.ts';
import { parseMidi } from './parse.ts';
import { timingOf } from './timing.ts';
import { followsVoiceNames, readVoiceTracks } from './voice-tracks.ts';
import { writtenFacts } from './written.ts';

export interface ReadMidiOptions {
  /** How a General MIDI file becomes four voices; files of other kinds do not ask. */
  readonly arranger?: ArrangerOptions;
}

/**
 * Reads a standard MIDI file into a song.
 *
 * - NES-MDB's files (tracks p1, p2, tr, no) are taken as they are, sample for sample. Their 120 bpm means nothing, so
 *   the tempo is marked `assumed`: see estimateTempo.
 * - Files of writeMidi give back the song they were made of. Where another program has changed the notes since, or has
 *   left out what they do not say, each voice is read from the track that bears its name.
 * - Other files are reduced to four voices (see arrangeGeneralMidi). Tempos and meter count as `given` (see timingOf),
 *   and the song ends with its last note, whatever comes later.
 *
 * Whatever is sound in a damaged file is read, and the repairs are reported (see parseMidi).
 *
 * @param name the file's name: the title without its ending, and the place in messages
 * @throws DataError if the file is not MIDI, has no notes, or is longer than four hours
 */
export function readMidi(bytes: Uint8Array, name: string, { arranger = {} }: ReadMidiOptions = {}): SongReading {
  const file = parseMidi(bytes, name);
  const repairs = [...file.repairs];
  const embedded = embeddedSong(file, repairs);
  if (embedded) return { song: embedded, written: writtenFacts(file), repairs };
  const mark = readMark(file, repairs);
  const clock = clockOf(file);
  const toSongTicks = mark ? (tick: number) => tick * mark.samplesPerTick : clock.toSongTicks;
  const isNes = followsNesConvention(file.tracks);
  const statedEnd = statedEndOf(file, isNes, mark);
  const strokes = file.tracks.flatMap(({ events }) => events.filter(({ kind }) => kind === 'on' || kind === 'off'));
  if (!strokes.some(({ kind }) => kind === 'on') && statedEnd === undefined) {
    const problem = file.isWhole ? 'empty: has no notes' : 'damaged: no notes can be read in it';
    throw new DataError(name, problem, 'give a file with music', { byte: bytes.length });
  }
  const end = strokes.reduce((last, { tick }) => Math.max(last, tick), statedEnd ?? 0);
  if (toSongTicks(end) > MAX_SONG_SECONDS * TICKS_PER_SECOND) {
    const hours = (toSongTicks(end) / TICKS_PER_SECOND / 3600).toFixed(1);
    const late = strokes.find(({ tick }) => toSongTicks(tick) > MAX_SONG_SECONDS * TICKS_PER_SECOND);
    const remedy = 'cut it, or repair its tempo or a damaged time';
    throw new DataError(name, `unsupported: the music lasts ${hours} hours`, remedy, {
      byte: late?.byte ?? bytes.length,
    });
  }

  const voices = isNes
    ? readNesVoices(file.tracks, toSongTicks, repairs)
    : followsVoiceNames(file.tracks)
      ? readVoiceTracks(file.tracks, toSongTicks, repairs)
      : arrangeGeneralMidi(file.tracks, pairNotes(file.tracks, toSongTicks, repairs), toSongTicks, arranger, repairs);
  if (statedEnd === undefined && VOICE_NAMES.every((voice) => voices[voice].length === 0)) {
    throw new DataError(name, 'empty: has no notes that can be heard', 'give a file with music', {
      byte: bytes.length,
    });
  }
  const lastEnd = Math.max(0, ...VOICE_NAMES.map((voice) => voices[voice].at(-1)?.end ?? 0));
  const duration = Math.max(lastEnd, statedEnd === undefined ? 0 : toSongTicks(statedEnd));
  const timing = mark ?? (isNes ? ASSUMED_TIMING : timingOf(file, clock, duration, end, repairs));
  const song: Song = {
    title: mark?.title ?? titleOf(name),
    voices,
    duration,
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
  return { tempos, meters: [meterName(meter)], keys: [] };
}

/**
 * The tick at which a song ends according to its file, which NES-MDB's files and those of writeMidi state. In other
 * files the end of a track says nothing: it often lies minutes after the last note.
 */
function statedEndOf(file: MidiFile, isNes: boolean, mark: Mark | undefined): number | undefined {
  if (mark) return Math.max(...file.tracks.map(({ end }) => end));
  return isNes ? markedEnd(file) : undefined;
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
