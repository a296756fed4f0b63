import { type Change, type Note, type Score, VOICE_NAMES, VOICE_RANGES, type VoiceName } from './score.ts';
import { isWhole } from './whole-number.ts';

/** The first thing in which a score is not what its type says. */
export interface ScoreFault {
  /** Voice and note, or the field. */
  readonly where: string;
  readonly problem: string;
}

/** Holds a score to its type: whole times, each voice sorted and monophonic, everything in the chip's range. */
export function scoreFault(score: Score): ScoreFault | undefined {
  if (!isWhole(score.duration, 0, Number.MAX_SAFE_INTEGER)) {
    return { where: 'duration', problem: `${score.duration} is not a whole number of ticks` };
  }
  for (const voice of VOICE_NAMES) {
    let previousEnd = 0;
    for (const [index, note] of score.voices[voice].entries()) {
      const problem = problemOfNote(note, voice, previousEnd, score.duration);
      if (problem !== undefined) return { where: `${voice} note ${index} (tick ${note.start})`, problem };
      previousEnd = note.end;
    }
  }
  return undefined;
}

function problemOfNote(note: Note, voice: VoiceName, previousEnd: number, duration: number): string | undefined {
  const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
  const { start, end, pitch } = note;
  if (!isWhole(start, 0, Number.MAX_SAFE_INTEGER)) return 'it starts on no whole tick of 0 or more';
  if (!isWhole(end, 0, Number.MAX_SAFE_INTEGER)) return `it ends at ${end}, which is not a whole tick`;
  if (start < previousEnd) return `it starts before the note ahead of it ends, at ${previousEnd}`;
  if (end <= start) return `it ends at ${end}, not after its start`;
  if (end > duration) return `it ends at ${end}, after the score's end, ${duration}`;
  if (!isWhole(pitch, lowestPitch, highestPitch)) {
    return `pitch ${pitch} is outside ${lowestPitch}..${highestPitch}, all this voice can play`;
  }
  const problem =
    problemOfChanges('volume', note.volume, note, 15) ?? problemOfChanges('duty', note.duty, note, highestDuty);
  if (problem !== undefined) return problem;
  if (voice === 'triangle' && (note.volume.length > 1 || note.volume[0].value !== 15)) {
    return 'the triangle has no volume register: its volume must be the single value 15';
  }
  return undefined;
}

function problemOfChanges(field: string, changes: readonly Change[], note: Note, highest: number): string | undefined {
  if (changes[0]?.time !== note.start) return `${field} has no value at the note's start`;
  let previous = -1;
  for (const { time, value } of changes) {
    if (!isWhole(time, previous + 1, note.end - 1)) {
      return `${field} changes at ${time}: times must rise and lie before the note's end, ${note.end}`;
    }
    if (!isWhole(value, 0, highest)) return `${field} ${value} is outside 0..${highest}`;
    previous = time;
  }
  return undefined;
}
