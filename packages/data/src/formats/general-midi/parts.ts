import type { Change } from '@chipsmith/apu';
import { foldInto } from '../../pitch.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';
import type { MidiTrack } from '../midi/file.ts';
import type { MidiNote } from '../midi/notes.ts';
import { withCount } from '../repairs.ts';
import { type Controls, PEDAL_DOWN, readControls } from './controls.ts';
import { instrumentOf } from './instruments.ts';
import { levelsOf } from './level.ts';

/** What plays: one program on one channel of one track. */
export interface Player {
  readonly track: number;
  /** 0..15 */
  readonly channel: number;
  /** 0..127 */
  readonly program: number;
  /** The track's name, in one line; may be empty. */
  readonly name: string;
  /** Whether its pitches are pieces of a drum kit. */
  readonly isDrums: boolean;
  readonly controls: Controls;
}

/** A note with its bend in the pitch; times in song ticks. */
export interface PlayedNote {
  readonly player: Player;
  /** When the key was struck: before `start` where a bend has cut the note. */
  readonly struck: number;
  readonly start: number;
  /** When the key is let go, and until when the pedal lets it ring (never before `end`). */
  readonly end: number;
  readonly ring: number;
  readonly pitch: number;
  readonly velocity: number;
}

export interface Part {
  readonly player: Player;
  /** In order of their starts. */
  readonly notes: readonly PlayedNote[];
}

/** The notes of several parts in order of their starts. */
export function notesOf(parts: readonly Part[]): PlayedNote[] {
  return parts.flatMap(({ notes }) => notes).sort((a, b) => a.start - b.start);
}

/** General MIDI level 1: channel 10. */
const DRUM_CHANNEL = 9;
/** Banks (controller 0) that make any channel a drum kit: General MIDI level 2, and two of XG. */
const DRUM_BANKS = [120, 126, 127];
/** A pedal that is never let go, as in files played by hand, must not sound for minutes: 2 s. */
const LONGEST_RING = 2 * 44_100;

/**
 * Splits notes into parts by track, channel and program, in this order. The pitch of a bent note is that of the
 * semitone nearest to what sounds; where the bend moves it by a semitone or more the note is cut. Notes of no length
 * and those that volume or expression keep silent throughout are left out and reported.
 */
export function partsOf(
  tracks: readonly MidiTrack[],
  notes: readonly MidiNote[],
  toSongTicks: (tick: number) => number,
  repairs: string[],
): Part[] {
  const controlsOf = readControls(tracks, toSongTicks);
  const parts = new Map<string, { player: Player; notes: PlayedNote[] }>();
  let withoutLength = 0;
  let silent = 0;
  for (const { track, channel, pitch, velocity, start, end } of notes) {
    const controls = controlsOf(track, channel);
    const program = controls.at('program', start);
    const isKit = channel === DRUM_CHANNEL || DRUM_BANKS.includes(controls.at('bank', start));
    const kitKey = instrumentOf(program).kitKey;
    const isDrums = isKit || kitKey !== undefined;
    const key = [track, channel, program, isDrums].join();
    const part = parts.get(key) ?? {
      player: { track, channel, program, name: nameOf(tracks[track], channel), isDrums, controls },
      notes: [],
    };
    const { player } = part;
    if (isDrums) {
      const piece = isKit ? pitch : (kitKey ?? pitch);
      const note = { player, struck: start, start, end: Math.max(end, start + 1), ring: end, pitch: piece, velocity };
      if (isSilent(note)) silent++;
      else part.notes.push(note);
    } else if (end <= start) {
      withoutLength++;
      continue;
    } else {
      const note = { player, struck: start, start, end, ring: ringOf(controls, end), pitch, velocity };
      if (isSilent(note)) silent++;
      else part.notes.push(...cutByBends(note));
    }
    if (part.notes.length > 0) parts.set(key, part);
  }
  if (withoutLength > 0) repairs.push(withCount('removed # note(s) of no length', withoutLength));
  if (silent > 0) repairs.push(withCount('left out # note(s) played at volume 0', silent));
  return [...parts.values()].sort(
    ({ player: a }, { player: b }) => a.track - b.track || a.channel - b.channel || a.program - b.program,
  );
}

/** Without the line breaks and control characters that damaged files may have. */
function nameOf({ name, channelNames }: MidiTrack, channel: number): string {
  return (channelNames?.get(channel) ?? name).replace(/\p{Cc}+/gu, ' ').trim();
}

function isSilent(note: PlayedNote): boolean {
  return levelsOf(note, note.start, note.end).every(({ value }) => value === 0);
}

function ringOf(controls: Controls, end: number): number {
  if (controls.at('pedal', end) < PEDAL_DOWN) return end;
  return Math.min(controls.pedalUp(end) ?? Number.POSITIVE_INFINITY, end + LONGEST_RING);
}

/** A stretch of a note in which the bend stays within less than a semitone. */
interface Stretch {
  readonly start: number;
  readonly bends: Change[];
  low: number;
  high: number;
}

function cutByBends(note: PlayedNote): PlayedNote[] {
  const { controls } = note.player;
  const first = { time: note.start, value: controls.at('bend', note.start) };
  const stretches: Stretch[] = [];
  for (const bend of [first, ...controls.within('bend', note.start, note.end)]) {
    const stretch = stretches.at(-1);
    if (stretch && Math.max(stretch.high, bend.value) - Math.min(stretch.low, bend.value) < 1) {
      stretch.bends.push(bend);
      stretch.low = Math.min(stretch.low, bend.value);
      stretch.high = Math.max(stretch.high, bend.value);
      continue;
    }
    // What lasts less than a video frame is the way to the next pitch, or a wheel put back late.
    const isBrief = stretch !== undefined && bend.time - stretch.start < FRAME_TICKS;
    if (isBrief) stretches.pop();
    const start = isBrief ? stretch.start : bend.time;
    stretches.push({ start, bends: [bend], low: bend.value, high: bend.value });
  }
  const last = stretches.at(-1);
  if (last && stretches.length > 1 && note.end - last.start < FRAME_TICKS) stretches.pop();

  const cut: PlayedNote[] = [];
  for (const [index, { start, bends }] of stretches.entries()) {
    const end = stretches[index + 1]?.start ?? note.end;
    const pitch = foldInto(note.pitch + Math.round(meanOver(bends, end)), 0, 127);
    const previous = cut.at(-1);
    const ring = end === note.end ? note.ring : end;
    if (previous?.pitch === pitch) cut[cut.length - 1] = { ...previous, end, ring };
    else cut.push({ ...note, start, end, ring, pitch });
  }
  return cut;
}

/** The mean of a value that holds from each change to the next, and from the last to `end`. */
function meanOver(changes: readonly Change[], end: number): number {
  if (changes.length === 1) return changes[0].value;
  let area = 0;
  for (const [index, { time, value }] of changes.entries()) area += value * ((changes[index + 1]?.time ?? end) - time);
  return area / (end - changes[0].time);
}
