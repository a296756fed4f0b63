import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { withCount } from '../repairs.ts';
import type { MidiEvent, MidiTrack } from './file.ts';

/** A note of a MIDI file: times in song ticks (44,100 a second), velocity 1..127. Notes of a channel may overlap. */
export interface MidiNote {
  readonly track: number;
  readonly channel: number;
  readonly pitch: number;
  readonly velocity: number;
  readonly start: number;
  /** Equal to `start` where note-on and note-off stand on the same tick. */
  readonly end: number;
}

/** A note without an end lasts at most 2 s, a whole note at 120 bpm. */
const LONGEST_HANGING = 2 * TICKS_PER_SECOND;
/**
 * Controllers that end the notes of a channel (MIDI 1.0): all sound off, all notes off, and the modes that imply it.
 */
const SILENCING = [120, 123, 124, 125, 126, 127];

/**
 * Pairs note-ons with note-offs: for each channel and pitch, first on, first off. A note-off without an open note is
 * ignored, so that it can never shorten a later note. Controllers 120 and 123 to 127 end the notes of their channel, in
 * whichever track they stand. Where notes of a pitch are left open at the end, note-offs got lost: then each note of
 * that pitch ends at the next start of it, if no note-off comes before, so that one lost lengthens one note only; but
 * after 2 s at the latest.
 *
 * @param toSongTicks maps a tick of the file to a tick of the song
 */
export function pairNotes(
  tracks: readonly MidiTrack[],
  toSongTicks: (tick: number) => number,
  repairs: string[],
): MidiNote[] {
  const notes: MidiNote[] = [];
  const silences = silencesOf(tracks);
  let orphans = 0;
  let hanging = 0;
  for (const [track, { events, end }] of tracks.entries()) {
    for (const strokes of strokesByKey(events)) {
      const silencedAfter = (tick: number) => firstAfter(silences[strokes[0].channel], tick);
      const paired = firstOnFirstOff(strokes, silencedAfter) ?? untilNextStart(strokes, end, silencedAfter);
      orphans += paired.orphans;
      for (const { on, end, isHanging } of paired.notes) {
        const { channel, pitch, velocity } = on;
        const start = toSongTicks(on.tick);
        const latest = isHanging ? start + LONGEST_HANGING : Number.POSITIVE_INFINITY;
        if (isHanging) hanging++;
        notes.push({ track, channel, pitch, velocity, start, end: Math.min(latest, toSongTicks(end)) });
      }
    }
  }
  if (orphans > 0) repairs.push(withCount('ignored # note-off(s) without a note', orphans));
  if (hanging > 0) repairs.push(withCount('ended # note(s) that had no note-off', hanging));
  return notes.sort((a, b) => a.start - b.start || a.track - b.track || b.pitch - a.pitch);
}

type NoteOn = Extract<MidiEvent, { kind: 'on' }>;
type Stroke = Extract<MidiEvent, { kind: 'on' | 'off' }>;

interface PairedNote {
  readonly on: NoteOn;
  /** Tick of the file. */
  readonly end: number;
  /** Whether nothing in the file ends it. */
  readonly isHanging: boolean;
}

interface Paired {
  readonly notes: readonly PairedNote[];
  readonly orphans: number;
}

/** For each channel the ticks at which all its notes end, in order. */
function silencesOf(tracks: readonly MidiTrack[]): number[][] {
  const silences = Array.from({ length: 16 }, (): number[] => []);
  for (const { events } of tracks) {
    for (const event of events) {
      if (event.kind === 'control' && SILENCING.includes(event.control)) silences[event.channel].push(event.tick);
    }
  }
  return silences.map((ticks) => ticks.sort((a, b) => a - b));
}

/** The first of the ticks after one, by bisection; infinity where there is none. */
function firstAfter(ticks: readonly number[], tick: number): number {
  let low = 0;
  let high = ticks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ticks[middle] <= tick) low = middle + 1;
    else high = middle;
  }
  return ticks[low] ?? Number.POSITIVE_INFINITY;
}

/** The note-ons and note-offs of each channel and pitch, in the order of the file. */
function strokesByKey(events: readonly MidiEvent[]): Iterable<readonly Stroke[]> {
  const byKey = new Map<number, Stroke[]>();
  for (const event of events) {
    if (event.kind !== 'on' && event.kind !== 'off') continue;
    const key = event.channel * 128 + event.pitch;
    const strokes = byKey.get(key);
    if (strokes) strokes.push(event);
    else byKey.set(key, [event]);
  }
  return byKey.values();
}

/** Undefined if notes are left open. */
function firstOnFirstOff(strokes: readonly Stroke[], silencedAfter: (tick: number) => number): Paired | undefined {
  const ons: { readonly on: NoteOn; readonly silenced: number }[] = [];
  const notes: PairedNote[] = [];
  let orphans = 0;
  /** Ends the notes that a silence has ended before a tick. */
  const silence = (before: number) => {
    for (; notes.length < ons.length && ons[notes.length].silenced < before; ) {
      const { on, silenced } = ons[notes.length];
      notes.push({ on, end: silenced, isHanging: false });
    }
  };
  for (const stroke of strokes) {
    silence(stroke.tick);
    if (stroke.kind === 'on') ons.push({ on: stroke, silenced: silencedAfter(stroke.tick) });
    else if (notes.length < ons.length) notes.push({ on: ons[notes.length].on, end: stroke.tick, isHanging: false });
    else orphans++;
  }
  silence(Number.POSITIVE_INFINITY);
  return notes.length < ons.length ? undefined : { notes, orphans };
}

function untilNextStart(strokes: readonly Stroke[], trackEnd: number, silencedAfter: (tick: number) => number): Paired {
  const notes: PairedNote[] = [];
  let open: NoteOn | undefined;
  let orphans = 0;
  const cut = (end: number) => {
    if (!open) return;
    const silenced = silencedAfter(open.tick);
    notes.push({ on: open, end: Math.min(end, silenced), isHanging: silenced >= end });
  };
  for (const stroke of strokes) {
    if (stroke.kind === 'on') {
      cut(stroke.tick);
      open = stroke;
    } else if (open) {
      notes.push({ on: open, end: Math.min(stroke.tick, silencedAfter(open.tick)), isHanging: false });
      open = undefined;
    } else orphans++;
  }
  // A track cut short ends on the tick of its last note-on.
  cut(open && trackEnd > open.tick ? trackEnd : Number.POSITIVE_INFINITY);
  return { notes, orphans };
}
