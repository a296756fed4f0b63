import { scoreFault } from '../check-score.ts';
import { CYCLES_PER_FRAME, PAL_CPU_CLOCK, type Region } from '../chip/region.ts';
import { ApuError } from '../errors.ts';
import { NTSC_CPU_CLOCK, type RegisterLog, type RegisterWrite } from '../register-log.ts';
import { type Score, TICKS_PER_SECOND, VOICE_NAMES } from '../score.ts';
import { voiceTimeline } from './voice-timeline.ts';
import { makeVoices } from './voices.ts';

export interface PlayOptions {
  /** Which console to play on: its clock, frame rate and periods. NTSC by default. */
  readonly region?: Region;
}

/** CPU cycles between two writes of one frame: about what loading a value and storing it takes. */
const CYCLES_PER_WRITE = 12;
/** All four voices on; the DMC off. */
const ENABLE_VOICES = 0x0f;

/**
 * Plays a score as a game's music routine would: once a video frame (60.0988 a second on NTSC), writing only what
 * changed, the writes of a frame a few cycles apart.
 *
 * A note repeated without a gap is set off from the one before it (see `voiceTimeline`): by its rise in volume, or by
 * a frame of silence, and on a pulse also by a restart of the waveform. Throws ApuError for a score that breaks the
 * rules of its type or has a pitch the voice cannot play. A score that loops gives a log that does.
 */
export function playScore(score: Score, options: PlayOptions = {}): RegisterLog {
  const { region = 'ntsc' } = options;
  const fault = scoreFault(score);
  if (fault) throw new ApuError(`the score, ${fault.where}: ${fault.problem}`);
  const clock = region === 'pal' ? PAL_CPU_CLOCK : NTSC_CPU_CLOCK;
  const cyclesPerFrame = CYCLES_PER_FRAME[region];
  const framesPerTick = clock / TICKS_PER_SECOND / cyclesPerFrame;
  const voices = makeVoices(clock);

  const writes: RegisterWrite[] = [];
  let cycle = 0;
  const write = (register: number, value: number) => {
    writes.push({ cycle, register, value });
    cycle += CYCLES_PER_WRITE;
  };

  write(0x4015, ENABLE_VOICES);
  for (const name of VOICE_NAMES) voices[name].start(write);

  const events = VOICE_NAMES.flatMap((name) =>
    voiceTimeline(score.voices[name], framesPerTick).map((event) => ({ voice: voices[name], event })),
  );
  // Sorting is stable: within a frame the voices keep their order.
  events.sort((a, b) => a.event.frame - b.event.frame);
  for (const { voice, event } of events) {
    cycle = Math.max(cycle, Math.floor(event.frame * cyclesPerFrame));
    voice.play(event, write);
  }

  const end = Math.round((score.duration * clock) / TICKS_PER_SECOND);
  const duration = Math.max(end, writes[writes.length - 1].cycle);
  // From the very start, whose writes bring every voice back into the state that playing starts from.
  return { clock, writes, duration, ...(score.loops && duration > 0 && { loop: 0 }) };
}
