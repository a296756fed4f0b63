import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { DataError } from '../error.ts';
import { byVoice, moveNote, quartersPerBar, type Song } from '../song.ts';
import { withEstimatedTiming } from '../timing/tempo.ts';
import { prevailingTempo, tempoMapOf, ticksPerQuarter } from '../timing/tempo-map.ts';
import type { Encoded, EncodedSequence, Encoding } from './encoding.ts';
import type { Piece } from './piece.ts';
import { barsAtTypicalTempo, barsOfEvents, TIME_TOLERANCE } from './time.ts';

/** The end of a song from a bar line on, for a model to go on from; its tempo is that of the song there. */
export interface Primer extends Piece {
  /** Bars of the song that are kept, and that there are. */
  readonly bars: number;
  readonly allBars: number;
}

/**
 * What of a song a model can go on from where `bars` bars are to be made in all: the whole song if that leaves a bar to
 * make, else its last bars, as many as half of `bars` if they fit. Where an encoding tells of one voice at a time that
 * is the first voice which it would learn from, or the first at all.
 *
 * @param bars of the song's meter, primer included
 * @param name the song's, for messages
 * @throws DataError if the encoding makes nothing of the song, or nothing that leaves a bar to make
 */
export function choosePrimer(song: Song, encoding: Encoding, bars: number, name: string): Primer {
  const timed = withEstimatedTiming(song, encoding);
  const encode = (part: Song) => (encoding.encodePrimer ?? encoding.encode)(part).sequences;
  const sequences = encode(timed);
  const whole = encoding.encode(timed);
  const first = whole.sequences[0] ?? sequences[0];
  if (first === undefined) throw new DataError(name, reasonAgainst(timed, whole), 'use another file');
  const voices = first.voice === 'all' ? VOICE_NAMES : [first.voice];
  const { allBars, end, barLength } = barsOf(timed, voices);
  const primerOf = (part: Song, { events, transposition = 0 }: EncodedSequence): Primer => {
    const beatsPerMinute = prevailingTempo(part.tempo, part.duration);
    const { duration } = encoding.decode(events, { title: song.title, beatsPerMinute });
    const length = roundToStep(duration / ticksPerQuarter(beatsPerMinute));
    const kept = Math.min(allBars, Math.ceil(length / barLength));
    return { events, transposition, beatsPerMinute, meter: part.meter, bars: kept, allBars };
  };
  const room = barsAtTypicalTempo(bars - 1, encoding, timed.meter, prevailingTempo(timed.tempo, timed.duration));
  const fitting = (all: readonly EncodedSequence[]) =>
    all.findLast(
      ({ voice, events }) => voice === first.voice && barsOfEvents(events, encoding) <= room + TIME_TOLERANCE,
    );
  const all = fitting(sequences);
  if (all !== undefined) return primerOf(timed, all);

  const half = Math.floor(bars / 2);
  const fewer = Array.from({ length: half }, (_, index) => half - index);
  const more = Array.from({ length: Math.max(0, bars - 1 - half) }, (_, index) => half + 1 + index);
  for (const kept of [...fewer, ...more].filter((count) => count < allBars)) {
    const part = songFrom(timed, end - kept * barLength);
    const sequence = fitting(encode(part));
    if (sequence !== undefined) return primerOf(part, sequence);
  }
  throw new DataError(name, 'none of its bars leaves room for others', 'ask for more bars');
}

/** Why nothing of a song is there to go on from. */
function reasonAgainst({ voices }: Song, { dropped }: Encoded): string {
  const sounding = VOICE_NAMES.filter((voice) => voices[voice].length > 0);
  if (sounding.length === 0) return 'no notes to go on from';
  if (sounding.every((voice) => voice === 'noise')) return 'nothing but drums to go on from';
  return `gives nothing to go on from: ${dropped[0]?.reason ?? 'no notes'}`;
}

/**
 * The steps that encodings lay notes on, in quarter notes: what lies less than half a step before a bar belongs to it.
 */
const STEP = 1 / 4;

function roundToStep(beats: number): number {
  return Math.round(beats / STEP) * STEP;
}

/**
 * Bars from the first to the last note of some voices, the first beat of the bar behind them, and a bar, in quarter
 * notes.
 */
function barsOf(song: Song, voices: readonly VoiceName[]): { allBars: number; end: number; barLength: number } {
  const { beatAt } = tempoMapOf(song.tempo);
  const barLength = quartersPerBar(song.meter);
  const notes = voices.flatMap((voice) => song.voices[voice]);
  const start = notes.reduce((earliest, note) => Math.min(earliest, note.start), Number.POSITIVE_INFINITY);
  const last = notes.reduce((latest, note) => Math.max(latest, note.end), 0);
  const firstBar = Math.floor(roundToStep(beatAt(start)) / barLength);
  const endBar = Math.max(firstBar + 1, Math.ceil(roundToStep(beatAt(last)) / barLength));
  return { allBars: endBar - firstBar, end: endBar * barLength, barLength };
}

/** What of a song begins on a beat (in quarter notes from its first one) or later; that is then its first beat. */
function songFrom(song: Song, beat: number): Song {
  const { timeAt } = tempoMapOf(song.tempo);
  const cut = Math.max(0, Math.ceil(timeAt(beat - STEP / 2)));
  const firstBeat = Math.round(timeAt(beat)) - cut;
  const { changes = [], ...tempo } = song.tempo;
  const moved = changes.map(({ time, beatsPerMinute }) => ({ time: time - cut, beatsPerMinute }));
  const before = moved.findLast(({ time }) => time <= firstBeat);
  const later = moved.filter(({ time }) => time > firstBeat);
  return {
    ...song,
    voices: byVoice((voice) =>
      song.voices[voice].filter(({ start }) => start >= cut).map((note) => moveNote(note, -cut)),
    ),
    duration: song.duration - cut,
    tempo: {
      ...tempo,
      beatsPerMinute: before?.beatsPerMinute ?? tempo.beatsPerMinute,
      firstBeat,
      ...(later.length > 0 && { changes: later }),
    },
  };
}
