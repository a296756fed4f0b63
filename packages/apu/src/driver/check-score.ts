import { ApuError } from '../errors.ts';
import { type Change, type Note, type Score, VOICE_NAMES, type VoiceName } from '../score.ts';
import { isWhole } from '../whole-number.ts';

/** Pitches, and the largest value of volume and duty, that a voice can play. */
interface VoiceRange {
  readonly pitches: readonly [lowest: number, highest: number];
  readonly duty: number;
}

const PULSE: VoiceRange = { pitches: [33, 108], duty: 3 };
const RANGES: Readonly<Record<VoiceName, VoiceRange>> = {
  pulse1: PULSE,
  pulse2: PULSE,
  triangle: { pitches: [21, 108], duty: 0 },
  noise: { pitches: [1, 16], duty: 1 },
};

/** Throws ApuError unless the score is what its type says and every note can be played. */
export function checkScore(score: Score): void {
  if (!isWhole(score.duration, 0, Number.MAX_SAFE_INTEGER)) {
    throw new ApuError(`the score's duration is ${score.duration}: give whole ticks, 0 or more`);
  }
  for (const voice of VOICE_NAMES) {
    let previousEnd = 0;
    score.voices[voice].forEach((note, index) => {
      checkNote(note, `${voice} note ${index} (tick ${note.start})`, RANGES[voice], voice === 'triangle');
      if (note.start < previousEnd) {
        throw new ApuError(`${voice} note ${index} starts at tick ${note.start}, before the note ahead of it ends`);
      }
      previousEnd = note.end;
    });
    if (previousEnd > score.duration) {
      throw new ApuError(`${voice} sounds until tick ${previousEnd}, past the score's duration of ${score.duration}`);
    }
  }
}

function checkNote(note: Note, where: string, range: VoiceRange, alwaysFull: boolean): void {
  const [lowest, highest] = range.pitches;
  if (!isWhole(note.start, 0, Number.MAX_SAFE_INTEGER) || !isWhole(note.end, note.start + 1, Number.MAX_SAFE_INTEGER)) {
    throw new ApuError(`${where}: it ends at tick ${note.end}: give whole ticks, the end after the start`);
  }
  if (!isWhole(note.pitch, lowest, highest)) {
    throw new ApuError(`${where}: pitch ${note.pitch} is outside ${lowest}..${highest}, all this voice can play`);
  }
  checkChanges(note, note.volume, `${where}: volume`, alwaysFull ? 15 : 0, 15);
  checkChanges(note, note.duty, `${where}: duty`, 0, range.duty);
}

function checkChanges(note: Note, changes: readonly Change[], what: string, lowest: number, highest: number): void {
  if (changes[0]?.time !== note.start) throw new ApuError(`${what} has no value at the note's start`);
  let previous = -1;
  for (const { time, value } of changes) {
    if (!isWhole(time, previous + 1, note.end - 1)) {
      throw new ApuError(`${what} changes at tick ${time}: times must rise and lie before the note's end, ${note.end}`);
    }
    if (!isWhole(value, lowest, highest)) {
      throw new ApuError(`${what} is ${value}: give a whole number from ${lowest} to ${highest}`);
    }
    previous = time;
  }
}
