import { type Change, type Note, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { foldInto } from '../../pitch.ts';
import { drumHits } from '../general-midi/drums.ts';
import { instrumentOf } from '../general-midi/instruments.ts';
import { levelsOf } from '../general-midi/level.ts';
import { takeLine } from '../general-midi/lines.ts';
import { notesOf, type PlayedNote, partsOf } from '../general-midi/parts.ts';
import { volumeStep } from '../general-midi/sound.ts';
import { withCount } from '../repairs.ts';
import type { MidiTrack } from './file.ts';
import { changesOf, DUTY_CONTROL, within } from './nes.ts';
import { pairNotes } from './notes.ts';

/**
 * The tracks of writeGeneralMidi. Pulses are General MIDI's square lead; the synthesiser bass is held as long as the
 * triangle is, and sounds at its pitches. By `volume` (controller 7) each voice of the embedded tunes is within 6 dB of
 * a plain melody of a piano: with FluidSynth and TimGM6mb -2.2 to 5.9 dB (20 tunes), with FluidR3 -3.7 to 4.2 dB (11).
 */
export const VOICE_TRACKS: readonly {
  readonly voice: VoiceName;
  readonly name: string;
  readonly channel: number;
  readonly program: number;
  readonly volume: number;
}[] = [
  { voice: 'pulse1', name: 'Pulse 1', channel: 0, program: 80, volume: 75 },
  { voice: 'pulse2', name: 'Pulse 2', channel: 1, program: 80, volume: 79 },
  { voice: 'triangle', name: 'Triangle', channel: 2, program: 38, volume: 71 },
  { voice: 'noise', name: 'Noise', channel: 9, program: 0, volume: 83 },
];

/**
 * An amplitude, 0..1, as velocity, volume or expression: General MIDI's amplitudes rise with the square of each (GM
 * level 1, developer guidelines: 40 log10(value / 127) dB).
 */
export function midiLevel(amplitude: number): number {
  return Math.round(127 * Math.sqrt(amplitude));
}

/** Whether every track with notes is named after a voice. `Triangle` and `Noise` alone may mean other things. */
export function followsVoiceNames(tracks: readonly MidiTrack[]): boolean {
  const sounding = tracks.filter(({ events }) => events.some(({ kind }) => kind === 'on'));
  const hasPulse = tracks.some((track) => ['pulse1', 'pulse2'].includes(voiceOf(track) ?? ''));
  return hasPulse && sounding.length > 0 && sounding.every((track) => voiceOf(track) !== undefined);
}

function voiceOf({ name }: MidiTrack): VoiceName | undefined {
  return VOICE_TRACKS.find((track) => track.name.toLowerCase() === name.trim().toLowerCase())?.voice;
}

/** The voices of tracks that are named after them: what writeGeneralMidi wrote, read back through General MIDI. */
export function readVoiceTracks(
  tracks: readonly MidiTrack[],
  toSongTicks: (tick: number) => number,
  repairs: string[],
): Record<VoiceName, Note[]> {
  const parts = partsOf(tracks, pairNotes(tracks, toSongTicks, repairs), toSongTicks, repairs);
  const voice = (index: number): Note[] => {
    const { voice, name } = VOICE_TRACKS[index];
    const [track, ...others] = [...tracks.keys()].filter((track) => voiceOf(tracks[track]) === voice);
    if (track === undefined) return [];
    if (others.length > 0) repairs.push(`read the first of ${others.length + 1} tracks named ${name}`);
    const played = notesOf(parts.filter(({ player }) => player.track === track));
    if (voice === 'noise') return drumHits(played, (note) => amplitudes(note, note.start + 1)[0].value).notes;
    const { line, left } = takeLine(played, (pitch) => pitch);
    if (left.length > 0)
      repairs.push(withCount(`${name}: left out # note(s) that sound together with others`, left.length));
    return pitchedNotes(voice, line, tracks[track], toSongTicks);
  };
  return { pulse1: voice(0), pulse2: voice(1), triangle: voice(2), noise: voice(3) };
}

function pitchedNotes(
  voice: Exclude<VoiceName, 'noise'>,
  line: readonly PlayedNote[],
  track: MidiTrack,
  toSongTicks: (tick: number) => number,
): Note[] {
  const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
  const duties = changesOf(track, DUTY_CONTROL, highestDuty, toSongTicks);
  const cursor = { index: 0 };
  return line.map((note): Note => {
    const { start, end, player } = note;
    const pitch = foldInto(note.pitch, lowestPitch, highestPitch);
    if (voice === 'triangle') {
      return { start, end, pitch, volume: [{ time: start, value: 15 }], duty: [{ time: start, value: 0 }] };
    }
    const volume: Change[] = [];
    for (const { time, value } of amplitudes(note, end)) {
      const step = volumeStep(value, 1);
      if (volume.at(-1)?.value !== step) volume.push({ time, value: step });
    }
    const duty = within(duties, cursor, start, end, instrumentOf(player.program).duty, true);
    return { start, end, pitch, volume, duty };
  });
}

/**
 * The inverse of midiLevel, over a note up to `end`. The volume that a track starts with is its place in the mix, no
 * level.
 */
function amplitudes(note: PlayedNote, end: number): Change[] {
  const usualVolume = note.player.controls.at('volume', 0) || undefined;
  return levelsOf(note, note.start, end, usualVolume).map(({ time, value }) => ({ time, value: value ** 2 }));
}
