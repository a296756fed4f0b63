import { type Change, type Note, TICKS_PER_SECOND, type VoiceName } from '@chipsmith/apu';
import { byVoice, moveNote, quartersPerBar, type Song } from '../song.ts';
import { FRAME_TICKS } from '../timing/latch.ts';
import { ticksPerQuarter } from '../timing/tempo-map.ts';
import { UNITS_PER_QUARTER } from '../tunes/tune.ts';
import { beatsOf } from './beats.ts';

/** The sound of a last note fades over half a second at most, or over a beat. */
const LONGEST_RELEASE = 0.5 * TICKS_PER_SECOND;

/**
 * A song cut to whole bars, from its first bar line: what begins before it is left out, and what sounds beyond the last
 * bar is cut. Songs that are shorter than so many bars get the bars that they fill.
 */
export function cutToBars(song: Song, bars: number): Song {
  const { firstBeat } = song.tempo;
  const bar = barTicks(song);
  // A bar that is short of a tick by rounding is whole.
  const whole = Math.max(1, Math.min(bars, Math.floor((song.duration - firstBeat + 1) / bar)));
  const end = Math.round(whole * bar);
  const moved = (voice: VoiceName): Note[] =>
    song.voices[voice]
      .filter(({ start }) => start >= firstBeat && start - firstBeat < end)
      .map((note) => cutAt(moveNote(note, -firstBeat), end));
  return { ...song, voices: byVoice(moved), duration: end, tempo: { ...song.tempo, firstBeat: 0 } };
}

/**
 * Lets the melody (pulse 1) come to rest in the last bar: the first note there that begins on a beat, or else the
 * first, is held to the end of the bar, and those after it are left out; in a melody of one bar the last note is held.
 *
 * @returns undefined if no note begins there
 */
export function closeMelody(song: Song): Song | undefined {
  const bar = barTicks(song);
  const beat = (beatsOf(song.meter).length / UNITS_PER_QUARTER) * ticksPerQuarter(song.tempo.beatsPerMinute);
  const lastBar = song.duration - bar;
  const inBar = song.voices.pulse1.filter(({ start }) => start >= lastBar - 1);
  const isOnBeat = ({ start }: Note) =>
    Math.abs(start - lastBar - Math.round((start - lastBar) / beat) * beat) < FRAME_TICKS;
  const final = lastBar < 1 ? inBar.at(-1) : (inBar.find(isOnBeat) ?? inBar[0]);
  if (final === undefined) return undefined;
  const before = song.voices.pulse1.filter(({ start }) => start < final.start);
  return { ...song, voices: { ...song.voices, pulse1: [...before, { ...final, end: song.duration }] } };
}

/**
 * Lets what sounds at the very end fade: pulses and noise ring on, ever softer, for half a second at most; the
 * triangle, which has one volume, ends with the bar.
 */
export function releaseVoices(song: Song): Song {
  const { duration } = song;
  const release = Math.round(Math.min(LONGEST_RELEASE, ticksPerQuarter(song.tempo.beatsPerMinute)));
  const released = (voice: VoiceName): readonly Note[] => {
    const notes = song.voices[voice];
    const last = notes.at(-1);
    if (voice === 'triangle' || last === undefined || last.end < duration - FRAME_TICKS) return notes;
    return [...notes.slice(0, -1), fading(last, duration, release)];
  };
  return { ...song, voices: byVoice(released), duration: duration + release };
}

/** A note that goes on, from its loudness at `from` down to silence. */
function fading(note: Note, from: number, release: number): Note {
  const level = note.volume.findLast(({ time }) => time <= from)?.value ?? 0;
  const steps = Array.from({ length: level }, (_, index): Change => {
    return { time: from + Math.round((index * release) / level), value: level - 1 - index };
  });
  // It is over with the change to silence.
  const end = steps.at(-1)?.time ?? note.end;
  return { ...note, end, volume: [...note.volume.filter(({ time }) => time < from), ...steps.slice(0, -1)] };
}

function barTicks({ meter, tempo }: Song): number {
  return quartersPerBar(meter) * ticksPerQuarter(tempo.beatsPerMinute);
}

function cutAt(note: Note, end: number): Note {
  if (note.end <= end) return note;
  const before = (changes: readonly Change[]) => changes.filter(({ time }) => time < end);
  return { ...note, end, volume: before(note.volume), duty: before(note.duty) };
}
