import type { MidiEvent, MidiTrack } from './parse.ts';

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

/**
 * Pairs note-ons with note-offs: for each channel and pitch, first on, first off. A note-off without an open note is ignored,
 * so that it can never shorten a later note. Where notes of a pitch are left open at the end, note-offs got lost: then each
 * note of that pitch ends at the next start of it, if no note-off comes before, so that one lost lengthens one note only.
 *
 * @param toSongTicks maps a tick of the file to a tick of the song
 */
export function pairNotes(
  tracks: readonly MidiTrack[],
  toSongTicks: (tick: number) => number,
  repairs: string[],
): MidiNote[] {
  const notes: MidiNote[] = [];
  let orphans = 0;
  let hanging = 0;
  for (const [track, { events, end }] of tracks.entries()) {
    for (const strokes of strokesByKey(events)) {
      const paired = firstOnFirstOff(strokes) ?? untilNextStart(strokes, end);
      orphans += paired.orphans;
      hanging += paired.hanging;
      for (const { on, end } of paired.notes) {
        const { channel, pitch, velocity } = on;
        notes.push({ track, channel, pitch, velocity, start: toSongTicks(on.tick), end: toSongTicks(end) });
      }
    }
  }
  if (orphans > 0) repairs.push(`ignored ${orphans} note-offs without a note`);
  if (hanging > 0) repairs.push(`ended ${hanging} notes that had no note-off`);
  return notes.sort((a, b) => a.start - b.start || a.track - b.track || b.pitch - a.pitch);
}

type NoteOn = Extract<MidiEvent, { kind: 'on' }>;
type Stroke = Extract<MidiEvent, { kind: 'on' | 'off' }>;

interface Paired {
  /** Each with the tick of its end. */
  readonly notes: readonly { readonly on: NoteOn; readonly end: number }[];
  readonly orphans: number;
  readonly hanging: number;
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
function firstOnFirstOff(strokes: readonly Stroke[]): Paired | undefined {
  const ons: NoteOn[] = [];
  const notes: { on: NoteOn; end: number }[] = [];
  let orphans = 0;
  for (const stroke of strokes) {
    if (stroke.kind === 'on') ons.push(stroke);
    else if (notes.length < ons.length) notes.push({ on: ons[notes.length], end: stroke.tick });
    else orphans++;
  }
  return notes.length < ons.length ? undefined : { notes, orphans, hanging: 0 };
}

function untilNextStart(strokes: readonly Stroke[], trackEnd: number): Paired {
  const notes: { on: NoteOn; end: number }[] = [];
  let open: NoteOn | undefined;
  let orphans = 0;
  let hanging = 0;
  const cut = (end: number) => {
    if (!open) return;
    notes.push({ on: open, end });
    hanging++;
  };
  for (const stroke of strokes) {
    if (stroke.kind === 'on') {
      cut(stroke.tick);
      open = stroke;
    } else if (open) {
      notes.push({ on: open, end: stroke.tick });
      open = undefined;
    } else orphans++;
  }
  cut(trackEnd);
  return { notes, orphans, hanging };
}
