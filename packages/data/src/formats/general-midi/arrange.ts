import type { Note, VoiceName } from '@chipsmith/apu';
import type { MidiTrack } from '../midi/file.ts';
import type { MidiNote } from '../midi/notes.ts';
import { withCount } from '../repairs.ts';
import { Deal } from './deal.ts';
import { drumHits } from './drums.ts';
import { instrumentOf } from './instruments.ts';
import { ROLES } from './names.ts';
import type { ArrangerOptions } from './options.ts';
import { notesOf, type Part, type PlayedNote, type Player, partsOf } from './parts.ts';
import { isNamed } from './roles.ts';
import { voiceNotes } from './sound.ts';

/**
 * Reduces a General MIDI file to the four voices of the chip, which play one note each.
 *
 * 1. Drums go to the noise (see drumHits).
 * 2. The part with the best score for melody (see ROLE_WEIGHTS) gives its skyline to pulse 1. The best bass of what is
 *   left, which may be lower notes of the same part, gives its lowest line to the triangle.
 * 3. Where pulse 1 rests for long, other parts step in, best melody first. 4. The best harmony of what is left then,
 *   one that does not double the melody, gives its skyline to pulse 2. The rests of pulse 2 and of the triangle are
 *   filled likewise.
 *
 * A part goes on in any rest, however short, with what its channel plays there with other programs.
 *
 * @param notes in order of their starts
 * @param repairs gets a line for each part that tells what it became, and one for the notes that no voice could play
 */
export function arrangeGeneralMidi(
  tracks: readonly MidiTrack[],
  notes: readonly MidiNote[],
  toSongTicks: (tick: number) => number,
  options: ArrangerOptions,
  repairs: string[],
): Record<VoiceName, Note[]> {
  const parts = partsOf(tracks, notes, toSongTicks, repairs);
  const drumName = options.parts?.drums;
  const isDrums = ({ player }: Part) => player.isDrums || (drumName !== undefined && isNamed(player, drumName));
  const drums = new Set(parts.filter(isDrums));
  for (const role of ROLES) {
    const wanted = options.parts?.[role];
    if (wanted !== undefined && !parts.some(({ player }) => isNamed(player, wanted))) {
      repairs.push(`no part ${typeof wanted === 'number' ? `on channel ${wanted}` : `'${wanted}'`} for ${role}`);
    }
  }
  const deal = new Deal(
    parts.filter((part) => !drums.has(part)),
    options,
  );
  deal.take('melody');
  deal.take('bass');
  deal.fill('melody');
  deal.take('harmony');
  deal.fill('harmony');
  deal.fill('bass');

  const hits = drumHits(notesOf([...drums]));
  for (const part of parts) {
    repairs.push(`${describePlayer(part.player)}: ${drums.has(part) ? 'drums' : deal.roleOf(part.player)}`);
  }
  const left = deal.left + hits.left;
  if (left > 0) {
    const all = parts.reduce((sum, part) => sum + part.notes.length, 0);
    repairs.push(withCount(`left out ${left} of # note(s) that no voice could play`, all));
  }

  const { melody, bass, harmony } = deal.lines;
  const lead = melody[0] && dutyOf(melody[0]);
  return {
    pulse1: voiceNotes(melody, 'pulse1', dutyOf),
    // Two pulses of one duty are hard to tell apart by ear.
    pulse2: voiceNotes(harmony, 'pulse2', (note) => (dutyOf(note) === lead ? (lead + 2) % 3 : dutyOf(note))),
    triangle: voiceNotes(bass, 'triangle', () => 0),
    noise: hits.notes,
  };
}

function dutyOf({ player }: PlayedNote): number {
  return instrumentOf(player.program).duty;
}

function describePlayer({ track, name, channel, program }: Player): string {
  return `track ${track}${name === '' ? '' : ` '${name}'`} (channel ${channel + 1}, program ${program})`;
}
