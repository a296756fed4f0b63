import { pitchName } from '../../pitch.ts';
import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, Encoding } from '../encoding.ts';
import { type Span, songOnGrid } from '../grid/song.ts';
import { droppedAll, droppedNoise, droppedPitched, PITCHED_VOICES, songSteps } from '../grid/steps.ts';
import { dealVoices } from '../grid/voices.ts';
import { NAIVE_TIMING } from '../melody/encoding.ts';
import { NES_RULES, STEPS_PER_BAR } from '../melody/extract.ts';

const NAME = 'polyphony';
const PITCHES = 128;
const START = 0;
const END = 1;
const STEP_END = 2;
/** A note of pitch p starts: NEW_NOTE + p. */
const NEW_NOTE = 3;
/** A note of pitch p that started in an earlier step goes on: CONTINUED_NOTE + p. */
const CONTINUED_NOTE = NEW_NOTE + PITCHES;
const CLASSES = CONTINUED_NOTE + PITCHES;

/** When a song is taken. Magenta: 80 to 512 steps; ours: two bars and more, whatever the length. */
const SHORTEST = 2 * STEPS_PER_BAR;
const MAGENTA_SHORTEST = 80;
const MAGENTA_LONGEST = 512;

/**
 * The encoding of Magenta's Polyphony RNN: one sequence of all pitched voices, 259 classes (0 START, 1 END, 2 STEP_END,
 * 3..130 a pitch 0..127 starts, 131..258 it goes on). A step is a 16th note. Within a step pitches fall; of two on one
 * pitch the one that goes on comes first. A pitch that is not continued has ended. The noise takes no part.
 *
 * It forgets which voice played what, volume and duty; decoding deals the notes to the voices anew (dealVoices).
 * (Departures from Polyphony RNN: the table in the package's README.)
 */
export const polyphonyEncoding: Encoding = {
  name: NAME,
  version: 2,
  classes: CLASSES,
  // 16 STEP_ENDs and about two sounding notes in each.
  stepsPerBar: 3 * STEPS_PER_BAR,
  voices: PITCHED_VOICES,
  encode,
  encodePitches(pitches) {
    for (const pitch of pitches) refusePitch(NAME, pitch, 0, PITCHES - 1);
    return [START, ...pitches.flatMap((pitch) => [NEW_NOTE + pitch, STEP_END])];
  },
  decode,
  allowedAfter: (previous) => GRAMMAR[previous ?? CLASSES],
  barsOf: (event) => (event === STEP_END ? 1 / STEPS_PER_BAR : 0),
  pitchesOf: (event) => (event >= NEW_NOTE && event < CONTINUED_NOTE ? [event - NEW_NOTE] : []),
  isEnd: (event) => event === END,
  describe(event) {
    refuseClass(NAME, event, 0, CLASSES);
    if (event < NEW_NOTE) return ['start', 'end', 'end of step'][event];
    return event < CONTINUED_NOTE
      ? `note ${pitchName(event - NEW_NOTE)}`
      : `${pitchName(event - CONTINUED_NOTE)} goes on`;
  },
  naive: {
    description: "Magenta's rules: one program a file, 80 to 512 steps at a fixed 120 bpm",
    encode: encodeNaively,
  },
};

function encode(song: Song): Encoded {
  const { restrikeRise } = NES_RULES;
  const { voices, steps } = songSteps(song, { stepsPerQuarter: 4, voices: PITCHED_VOICES, restrikeRise });
  if (steps < SHORTEST) return droppedPitched(song, `shorter than ${SHORTEST / STEPS_PER_BAR} bars`);
  const events = eventsOf([...voices.pulse1, ...voices.pulse2, ...voices.triangle], steps);
  return { sequences: [{ voice: 'all', events: Uint16Array.from(events) }], dropped: droppedNoise(song) };
}

/** @param notes in any order; on a pitch at most as many as sound together */
function eventsOf(notes: readonly Span[], steps: number): number[] {
  const inStep: { pitch: number; event: number }[][] = Array.from({ length: steps }, () => []);
  for (const { start, end, pitch } of notes) {
    inStep[start].push({ pitch, event: NEW_NOTE + pitch });
    for (let step = start + 1; step < end; step++) inStep[step].push({ pitch, event: CONTINUED_NOTE + pitch });
  }
  const sorted = inStep.flatMap((step) => [
    ...step.sort((a, b) => b.pitch - a.pitch || b.event - a.event).map(({ event }) => event),
    STEP_END,
  ]);
  return [START, ...sorted, END];
}

function encodeNaively(song: Song): Encoded {
  const sounding = PITCHED_VOICES.filter((voice) => song.voices[voice].length > 0);
  if (sounding.length > 1) return droppedAll(song, 'more than one program');
  const timed = { ...song, ...NAIVE_TIMING };
  const { steps } = songSteps(timed, { stepsPerQuarter: 4, voices: PITCHED_VOICES });
  if (steps < MAGENTA_SHORTEST || steps > MAGENTA_LONGEST) return droppedAll(song, 'not 80 to 512 steps long');
  return encode(timed);
}

/** START and END say nothing, and what goes on without having started is ignored, as in Magenta. */
function decode(events: ArrayLike<number>, options: DecodeOptions): Song {
  const spans: Span[] = [];
  let step = 0;
  let sounding: Omit<Span, 'end'>[] = [];
  let kept: Omit<Span, 'end'>[] = [];
  const endStep = (): void => {
    for (const note of sounding) spans.push({ ...note, end: step });
    sounding = kept;
    kept = [];
  };
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    refuseClass(NAME, event, index, CLASSES);
    if (event >= CONTINUED_NOTE) {
      const goesOn = sounding.findIndex(({ pitch }) => pitch === event - CONTINUED_NOTE);
      if (goesOn >= 0) kept.push(...sounding.splice(goesOn, 1));
    } else if (event >= NEW_NOTE) {
      kept.push({ start: step, pitch: event - NEW_NOTE });
    } else if (event === STEP_END) {
      endStep();
      step++;
    }
  }
  // Notes of a step that was not ended count as one step long.
  if (kept.length > 0) {
    endStep();
    step++;
  }
  endStep();
  spans.sort((a, b) => a.start - b.start || b.pitch - a.pitch);
  return songOnGrid({ voices: dealVoices(spans.filter(({ start, end }) => end > start)), steps: step }, options);
}

/** Entry n: what may follow event n; entry CLASSES: what may come first. */
const GRAMMAR: readonly (readonly boolean[])[] = Array.from({ length: CLASSES + 1 }, (_, previous) =>
  Array.from({ length: CLASSES }, (_, next) => mayFollow(previous, next)),
);

function mayFollow(previous: number, next: number): boolean {
  if (previous === CLASSES || previous === END) return next === START;
  if (next === START) return false;
  if (next === END) return previous === STEP_END;
  if (next === STEP_END) return true;
  if (previous === START) return next < CONTINUED_NOTE;
  if (previous === STEP_END) return true;
  const fall = pitchOf(previous) - pitchOf(next);
  // On one pitch what goes on comes before what starts.
  return fall > 0 || (fall === 0 && (previous >= CONTINUED_NOTE || next < CONTINUED_NOTE));
}

function pitchOf(event: number): number {
  return event < CONTINUED_NOTE ? event - NEW_NOTE : event - CONTINUED_NOTE;
}
