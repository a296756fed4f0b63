import { type Change, type Note, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { FRAME_TICKS } from '../timing/latch.ts';
import type { MidiNote } from './notes.ts';

/**
 * Reduces a General MIDI file to the four voices of the chip, which play one note each:
 *
 * 1. pulse 1 takes the skyline: of the notes sounding together the highest (Uitdenbogerd and Zobel, "Melodic matching
 *    techniques for large music databases", ACM Multimedia 1999);
 * 2. the triangle takes the lowest line of the notes left over;
 * 3. pulse 2 takes the highest line of what is left then;
 * 4. noise plays channel 10, each kit piece as a short hit.
 *
 * Pitches outside a voice's range move by octaves into it; velocity 1..127 becomes volume 1..15.
 */
export function reduceGeneralMidi(notes: readonly MidiNote[], repairs: string[]): Record<VoiceName, Note[]> {
  const drums = notes.filter(({ channel }) => channel === DRUM_CHANNEL);
  const pitched = notes.filter(({ channel, start, end }) => channel !== DRUM_CHANNEL && end > start);
  const withoutLength = notes.length - drums.length - pitched.length;
  if (withoutLength > 0) repairs.push(`removed ${withoutLength} notes of no length`);

  const top = takeLine(pitched, (pitch) => pitch);
  const bottom = takeLine(top.left, (pitch) => -pitch);
  const middle = takeLine(bottom.left, (pitch) => pitch);
  if (middle.left.length > 0) {
    repairs.push(`left out ${middle.left.length} of ${pitched.length} notes that three pitched voices cannot play`);
  }
  return {
    pulse1: top.line.map((note) => voiceNote(note, 'pulse1', MELODY_DUTY)),
    pulse2: middle.line.map((note) => voiceNote(note, 'pulse2', HARMONY_DUTY)),
    triangle: bottom.line.map((note) => voiceNote(note, 'triangle', 0)),
    noise: drumHits(drums),
  };
}

const DRUM_CHANNEL = 9;
/** 50 % and 25 %: the usual pair for lead and second voice, which keeps two pulses apart by ear. */
const MELODY_DUTY = 2;
const HARMONY_DUTY = 1;

interface Line {
  readonly line: readonly MidiNote[];
  readonly left: readonly MidiNote[];
}

/** Splits sorted notes into the monophonic line of greatest `rank` and the notes it has no room for. */
function takeLine(notes: readonly MidiNote[], rank: (pitch: number) => number): Line {
  const line: MidiNote[] = [];
  const left: MidiNote[] = [];
  const ordered = [...notes].sort((a, b) => a.start - b.start || rank(b.pitch) - rank(a.pitch));
  for (const note of ordered) {
    const sounding = line.at(-1);
    if (!sounding || sounding.end <= note.start) {
      line.push(note);
    } else if (sounding.start < note.start && rank(note.pitch) >= rank(sounding.pitch)) {
      line[line.length - 1] = { ...sounding, end: note.start };
      line.push(note);
    } else {
      left.push(note);
    }
  }
  return { line, left };
}

function voiceNote(note: MidiNote, voice: VoiceName, duty: number): Note {
  const { lowestPitch, highestPitch } = VOICE_RANGES[voice];
  let pitch = note.pitch;
  while (pitch < lowestPitch) pitch += 12;
  while (pitch > highestPitch) pitch -= 12;
  const volume = voice === 'triangle' ? 15 : volumeOf(note.velocity);
  return {
    start: note.start,
    end: note.end,
    pitch,
    volume: [{ time: note.start, value: volume }],
    duty: [{ time: note.start, value: duty }],
  };
}

function volumeOf(velocity: number): number {
  return Math.max(1, Math.round((velocity / 127) * 15));
}

/** How a kit piece sounds on the noise channel: brightness 1..16 and length in video frames. */
interface Hit {
  readonly pitch: number;
  readonly frames: number;
}

/** General MIDI level 1 percussion keys; keys not listed sound like a snare. */
const HITS: ReadonlyMap<number, Hit> = new Map<number, Hit>([
  ...[35, 36].map((key): [number, Hit] => [key, { pitch: 3, frames: 5 }]), // bass drums
  ...[41, 43, 45, 47, 48, 50].map((key, index): [number, Hit] => [key, { pitch: 4 + index, frames: 6 }]), // toms
  ...[42, 44, 54, 69, 70, 80].map((key): [number, Hit] => [key, { pitch: 15, frames: 2 }]), // closed hats, shakers
  ...[46, 51, 53, 59].map((key): [number, Hit] => [key, { pitch: 14, frames: 8 }]), // open hat, ride
  ...[49, 52, 55, 57].map((key): [number, Hit] => [key, { pitch: 12, frames: 20 }]), // crashes
]);
const SNARE: Hit = { pitch: 10, frames: 6 };

function drumHits(drums: readonly MidiNote[]): Note[] {
  // Of the pieces struck together the lowest key wins: bass drum before snare before cymbals.
  const struck = [...drums].sort((a, b) => a.start - b.start || a.pitch - b.pitch);
  const hits = struck.filter((note, index) => note.start !== struck[index - 1]?.start);
  return hits.map((note, index) => {
    const { pitch, frames } = HITS.get(note.pitch) ?? SNARE;
    const next = hits[index + 1]?.start ?? Number.POSITIVE_INFINITY;
    const end = Math.min(note.start + Math.round(frames * FRAME_TICKS), next);
    return { start: note.start, end, pitch, volume: decay(note, end, frames), duty: [{ time: note.start, value: 0 }] };
  });
}

/** A straight fall to silence over the length of the hit, one step a frame. */
function decay(note: MidiNote, end: number, frames: number): Change[] {
  const peak = volumeOf(note.velocity);
  const changes: Change[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const time = note.start + Math.round(frame * FRAME_TICKS);
    const value = Math.max(1, Math.round(peak * (1 - frame / frames)));
    if (time < end && changes.at(-1)?.value !== value) changes.push({ time, value });
  }
  return changes;
}
