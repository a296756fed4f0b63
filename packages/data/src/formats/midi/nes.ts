import { type Change, type Note, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { withCount } from '../repairs.ts';
import type { MidiFile, MidiTrack } from './file.ts';
import { pairNotes } from './notes.ts';

/**
 * The conventions of NES-MDB's MIDI files (Donahue, Mao, McAuley, ISMIR 2018), which writeNesMidi follows too:
 * one track a voice, velocity 1..15, CC11 = volume within a note, CC12 = duty (pulses) or sequence length (noise).
 */
export const NES_TRACKS: readonly {
  readonly voice: VoiceName;
  readonly track: string;
  readonly channel: number;
  readonly program: number;
}[] = [
  { voice: 'pulse1', track: 'p1', channel: 0, program: 80 },
  { voice: 'pulse2', track: 'p2', channel: 1, program: 81 },
  { voice: 'triangle', track: 'tr', channel: 2, program: 38 },
  { voice: 'noise', track: 'no', channel: 9, program: 121 },
];

export const VOLUME_CONTROL = 11;
export const DUTY_CONTROL = 12;

/** Whether every track with notes carries a voice's name of the convention. */
export function followsNesConvention(tracks: readonly MidiTrack[]): boolean {
  const names = new Set(NES_TRACKS.map(({ track }) => track));
  const named = tracks.filter(({ name }) => names.has(name));
  const strangers = tracks.filter(({ name, events }) => !names.has(name) && events.some(({ kind }) => kind === 'on'));
  return named.length > 0 && strangers.length === 0;
}

/**
 * The tick at which a song of NES-MDB ends: its files put a 1/1 meter there, and the ends of their tracks one tick
 * later. Undefined where there is no such meter.
 */
export function markedEnd({ tracks }: MidiFile): number | undefined {
  const last = tracks[0]?.events.findLast(({ kind }) => kind === 'meter');
  return last?.kind === 'meter' && last.tick > 0 && last.beats === 1 && last.unit === 1 ? last.tick : undefined;
}

/**
 * The notes of one voice from its track. Overlaps, notes of no length and values outside the chip's range are put
 * right.
 */
export function readNesVoice(
  voice: VoiceName,
  track: MidiTrack,
  toSongTicks: (tick: number) => number,
  repairs: string[],
): Note[] {
  const found: string[] = [];
  const paired = pairNotes([track], toSongTicks, found);
  const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
  const inRange = paired.filter(
    ({ pitch, start, end }) => pitch >= lowestPitch && pitch <= highestPitch && end > start,
  );
  if (inRange.length < paired.length) {
    found.push(
      `removed ${paired.length - inRange.length} notes of no length or outside ${lowestPitch}..${highestPitch}`,
    );
  }

  const volumes = changesOf(track, VOLUME_CONTROL, 15, toSongTicks);
  const duties = changesOf(track, DUTY_CONTROL, highestDuty, toSongTicks);
  const volumeCursor = { index: 0 };
  const dutyCursor = { index: 0 };
  const notes: Note[] = [];
  let overlaps = 0;
  for (const [index, { start, end: written, pitch, velocity }] of inRange.entries()) {
    const next = inRange[index + 1]?.start ?? Number.POSITIVE_INFINITY;
    const end = Math.min(written, next);
    if (end < written) overlaps++;
    if (end <= start) continue;
    const isTriangle = voice === 'triangle';
    notes.push({
      start,
      end,
      pitch,
      volume: isTriangle
        ? [{ time: start, value: 15 }]
        : // A controller change on the very tick of the note-on is the newer word of the two.
          within(volumes, volumeCursor, start, end, Math.min(velocity, 15), false),
      duty: isTriangle ? [{ time: start, value: 0 }] : within(duties, dutyCursor, start, end, 0, true),
    });
  }
  if (overlaps > 0) found.push(withCount('cut # overlapping note(s)', overlaps));
  repairs.push(...found.map((repair) => `${track.name}: ${repair}`));
  return notes;
}

/** A controller's values over time, at most one a tick (the last one written). */
export function changesOf(
  track: MidiTrack,
  control: number,
  highest: number,
  toSongTicks: (tick: number) => number,
): Change[] {
  const changes: Change[] = [];
  for (const event of track.events) {
    if (event.kind !== 'control' || event.control !== control) continue;
    const time = toSongTicks(event.tick);
    if (changes.at(-1)?.time === time) changes.pop();
    changes.push({ time, value: Math.min(event.value, highest) });
  }
  return changes;
}

/**
 * The part of `changes` that a note from `start` to `end` sees, without repeats of a value. `cursor` moves forward from
 * note to note. Where `persistent`, a value set before the note still holds at its start.
 */
export function within(
  changes: readonly Change[],
  cursor: { index: number },
  start: number,
  end: number,
  initial: number,
  persistent: boolean,
): Change[] {
  while (cursor.index < changes.length && changes[cursor.index].time <= start) cursor.index++;
  const before = changes[cursor.index - 1];
  const value = before && (persistent || before.time === start) ? before.value : initial;
  const seen: Change[] = [{ time: start, value }];
  for (; cursor.index < changes.length && changes[cursor.index].time < end; cursor.index++) {
    const change = changes[cursor.index];
    if (seen.at(-1)?.value !== change.value) seen.push(change);
  }
  return seen;
}
