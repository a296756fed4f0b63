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
 * Pairs note-ons with note-offs: for each channel and pitch a queue, first on, first off. A note-off without an open note is
 * ignored, so that it can never shorten a later note; a note without a note-off ends at the next start of its pitch, or at
 * the end of its track.
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
  for (const [trackIndex, track] of tracks.entries()) {
    const open = new Map<number, NoteQueue>();
    const finish = (pending: PendingNote, endTick: number): void => {
      notes.push({ ...pending.note, end: toSongTicks(endTick) });
    };
    for (const event of track.events) {
      if (event.kind === 'on') {
        const { channel, pitch, velocity } = event;
        const queue = queueOf(open, event);
        const start = toSongTicks(event.tick);
        queue.notes.push({
          note: { track: trackIndex, channel, pitch, velocity, start },
          tick: event.tick,
        });
      } else if (event.kind === 'off') {
        const queue = queueOf(open, event);
        if (queue.next < queue.notes.length) finish(queue.notes[queue.next++], event.tick);
        else orphans++;
      }
    }
    for (const queue of open.values()) {
      const left = queue.notes.slice(queue.next);
      hanging += left.length;
      for (const [index, pending] of left.entries()) finish(pending, left[index + 1]?.tick ?? track.end);
    }
  }
  if (orphans > 0) repairs.push(`ignored ${orphans} note-offs without a note`);
  if (hanging > 0) repairs.push(`ended ${hanging} notes that had no note-off`);
  return notes.sort((a, b) => a.start - b.start || a.track - b.track || b.pitch - a.pitch);
}

interface PendingNote {
  readonly note: Omit<MidiNote, 'end'>;
  readonly tick: number;
}

/** The note-ons of one channel and pitch. Those before `next` have ended; shifting them out would cost the queue's length each. */
interface NoteQueue {
  readonly notes: PendingNote[];
  next: number;
}

function queueOf(open: Map<number, NoteQueue>, event: Extract<MidiEvent, { kind: 'on' | 'off' }>): NoteQueue {
  const key = event.channel * 128 + event.pitch;
  const queue = open.get(key);
  if (queue) return queue;
  const created: NoteQueue = { notes: [], next: 0 };
  open.set(key, created);
  return created;
}
