import { type Change, type Note, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { foldInto } from '../../pitch.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';
import { instrumentOf } from './instruments.ts';
import { levelsOf } from './level.ts';
import type { PlayedNote, Player } from './parts.ts';

/** Dying notes get quieter every fourth frame: often enough for 15 volumes and half lives of ten frames. */
const DECAY_STEP = 4 * FRAME_TICKS;
/** They stay audible for as long as they are held. */
const QUIETEST = 1;

/**
 * The notes of a pulse or of the triangle from a line. Each ends when its key is let go or, under the pedal, when the
 * next starts. What a player plays moves by octaves as a whole where that brings it into the voice's range, so that its
 * contour stays; notes that then lie outside move alone.
 *
 * @param dutyOf the duty of a player's notes, for pulses
 */
export function voiceNotes(
  line: readonly PlayedNote[],
  voice: Exclude<VoiceName, 'noise'>,
  dutyOf: (note: PlayedNote) => number,
): Note[] {
  const { lowestPitch, highestPitch } = VOICE_RANGES[voice];
  const pitches = new Map<Player, number[]>();
  for (const { player, pitch } of line) {
    const known = pitches.get(player);
    if (known) known.push(pitch);
    else pitches.set(player, [pitch]);
  }
  const shifts = new Map([...pitches].map(([player, all]) => [player, octaveShift(all, lowestPitch, highestPitch)]));
  return line.map((note, index): Note => {
    const { start } = note;
    const end = Math.max(note.end, Math.min(note.ring, line[index + 1]?.start ?? note.ring));
    const pitch = foldInto(note.pitch + (shifts.get(note.player) ?? 0), lowestPitch, highestPitch);
    const isTriangle = voice === 'triangle';
    return {
      start,
      end,
      pitch,
      volume: isTriangle ? [{ time: start, value: 15 }] : volumeOf(note, end),
      duty: [{ time: start, value: isTriangle ? 0 : dutyOf(note) }],
    };
  });
}

/** The shift by octaves, as small as can be, that leaves the fewest pitches outside a range. */
export function octaveShift(pitches: readonly number[], lowest: number, highest: number): number {
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (const octaves of [0, 1, -1, 2, -2, 3, -3, 4, -4]) {
    const outside = pitches.filter((pitch) => pitch + 12 * octaves < lowest || pitch + 12 * octaves > highest).length;
    if (outside < fewest) {
      fewest = outside;
      best = 12 * octaves;
    }
  }
  return best;
}

/** Level and, where the instrument dies away, decay since the note was struck. */
function volumeOf(note: PlayedNote, end: number): Change[] {
  const levels = levelsOf(note, note.start, end);
  const { halfLife } = instrumentOf(note.player.program);
  const steps: number[] = [];
  if (halfLife !== undefined) for (let time = note.start; time < end; time += DECAY_STEP) steps.push(Math.round(time));
  const times = [...new Set([...levels.map(({ time }) => time), ...steps])].sort((a, b) => a - b);
  const changes: Change[] = [];
  let level = 0;
  let next = 0;
  for (const time of times) {
    if (time >= end) break;
    while (next < levels.length && levels[next].time <= time) level = levels[next++].value;
    const decay = halfLife === undefined ? 1 : 2 ** (-(time - note.struck) / (halfLife * FRAME_TICKS));
    const value = volumeStep(level, decay);
    if (changes.at(-1)?.value !== value) changes.push({ time, value });
  }
  return changes;
}

/** A level as one of the chip's volumes: 0 only where the file says so. */
export function volumeStep(level: number, decay: number): number {
  return level === 0 ? 0 : Math.max(QUIETEST, Math.round(15 * level * decay));
}
