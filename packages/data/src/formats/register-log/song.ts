import {
  Apu,
  ApuError,
  checkRegisterLog,
  type RegisterLog,
  regionOfClock,
  VOICE_NAMES,
  VOICE_RANGES,
  type VoiceName,
  type VoiceState,
} from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import { MAX_SONG_SECONDS } from '../../song.ts';
import { FrameNotes, type FrameSound } from '../../timing/frame-notes.ts';
import { ASSUMED_TIMING, type SongReading } from '../reading.ts';
import { withCount } from '../repairs.ts';
import { frameClockOf } from './frame-clock.ts';

/** Below this the writes of a log are spread all over the frame (0 is evenly, 1 on one point). */
const GATHERED = 0.5;

/** The register of each voice that loads its length counter and so begins a note. */
const ATTACK_REGISTER: Readonly<Record<VoiceName, number>> = {
  pulse1: 0x4003,
  pulse2: 0x4007,
  triangle: 0x400b,
  noise: 0x400f,
};
const ENABLES = 0x4015;
const ENABLE_DMC = 0x10;

/**
 * The music in a register log: the log is played on the chip, and what each voice does is read once a video frame, in
 * the middle between two runs of the music routine. So length and linear counters, envelopes and sweeps count as they
 * sound, and the pitch that a timer has between the writes of its two bytes is never seen.
 *
 * A note begins where a voice starts to sound or changes its pitch (to the nearest semitone), or where its length
 * register is written and its volume rises at once. Volume and duty become curves. Times are counted in frames from the
 * first; each lasts 1/60.0988 s, or on a PAL console 1/50.007 s. The tempo is `assumed`: see withEstimatedTiming. What
 * playScore writes for a song gives back its notes, as far as it plays them (see its README).
 *
 * @param name the file's or piece's, for the title and messages
 * @throws DataError for a log that breaks the rules of its type, or of more than four hours
 */
export function songFromRegisterLog(log: RegisterLog, name: string): SongReading {
  checkLog(log, name);
  const repairs: string[] = [];
  const { phase, period, strength, ticks } = frameClockOf(log);
  if (strength < GATHERED) repairs.push('the writes do not gather on video frames: what falls between two is lost');

  const apu = new Apu({ region: regionOfClock(log.clock), muted: true });
  const toSound = soundReader(log.clock);
  const timeOf = (frame: number) => Math.round(frame * ticks);
  const voices = VOICE_NAMES.map((voice) => ({ voice, notes: new FrameNotes(timeOf), unplayable: 0 }));
  const frames = Math.max(1, Math.ceil((log.duration - phase) / period + 0.5));
  let next = 0;
  for (let frame = 0; frame < frames; frame++) {
    const until = Math.round(phase + (frame + 0.5) * period);
    const written = new Set<number>();
    for (; next < log.writes.length && log.writes[next].cycle <= until; next++) {
      const { cycle, register, value } = log.writes[next];
      apu.write(cycle, register, value);
      written.add(register);
    }
    apu.runTo(until);
    const states = apu.voices;
    for (const entry of voices) {
      const { voice, notes } = entry;
      const sound = toSound(voice, states[voice]);
      if (!sound && states[voice].volume > 0) entry.unplayable++;
      notes.add(frame, sound, written.has(ATTACK_REGISTER[voice]) && (sound?.volume ?? 0) > notes.volume);
    }
  }

  const duration = Math.round((log.duration / period) * ticks);
  for (const { voice, notes, unplayable } of voices) {
    notes.end(frames, duration);
    const { lowestPitch, highestPitch } = VOICE_RANGES[voice];
    if (unplayable > 0)
      repairs.push(
        withCount(`${voice}: took # frame(s) outside MIDI ${lowestPitch}..${highestPitch} as silence`, unplayable),
      );
  }
  if (log.writes.some(({ register, value }) => register === ENABLES && (value & ENABLE_DMC) !== 0))
    repairs.push('left out the sample channel');
  const [pulse1, pulse2, triangle, noise] = voices.map(({ notes }) => notes.notes);
  const lastEnd = Math.max(0, ...voices.map(({ notes }) => notes.notes.at(-1)?.end ?? 0));
  const song = {
    title: name,
    voices: { pulse1, pulse2, triangle, noise },
    duration: Math.max(duration, lastEnd),
    ...ASSUMED_TIMING,
  };
  return { song, repairs };
}

function checkLog(log: RegisterLog, name: string): void {
  try {
    checkRegisterLog(log);
  } catch (error) {
    if (!(error instanceof ApuError)) throw error;
    throw new DataError(name, error.message, 'correct it where the log is made');
  }
  const hours = log.duration / log.clock / 3600;
  if (hours * 3600 > MAX_SONG_SECONDS)
    throw new DataError(
      name,
      `unsupported: the music lasts ${hours.toFixed(1)} hours`,
      'cut it, or repair a damaged wait',
    );
}

/** What a voice's state sounds like; undefined where it is silent or outside what notes can say. */
function soundReader(clock: number): (voice: VoiceName, state: VoiceState) => FrameSound | undefined {
  const cyclesPerStep = { pulse1: 16, pulse2: 16, triangle: 32 };
  return (voice, { period, volume, duty }) => {
    if (volume === 0) return undefined;
    const pitch =
      voice === 'noise'
        ? 16 - period
        : Math.round(69 + 12 * Math.log2(clock / (cyclesPerStep[voice] * (period + 1)) / 440));
    const { lowestPitch, highestPitch } = VOICE_RANGES[voice];
    return pitch < lowestPitch || pitch > highestPitch ? undefined : { pitch, volume, duty };
  };
}
