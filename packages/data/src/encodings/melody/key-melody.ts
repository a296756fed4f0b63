import { BASIC_ALPHABET, NO_EVENT, NOTE_OFF, SPECIAL_EVENTS } from './alphabet.ts';
import { STEPS_PER_BAR } from './extract.ts';
import { LOOKBACKS, lookbackEvent, lookbackOf, type MelodyFeatures, repeats, writeCounter } from './features.ts';
import { majorKeyVotes } from './squash.ts';

const { minNote: MIN_NOTE, maxNote: MAX_NOTE, classOf, eventOf } = BASIC_ALPHABET;
const PITCHES = MAX_NOTE - MIN_NOTE;
const NO_EVENT_CLASS = classOf(NO_EVENT);
const COUNTER_BITS = 7;
const KEYS = 12;

/** Where each input lies. */
const NOTE_PLAYS = PITCHES;
const SILENCE = PITCHES + 1;
const ATTACK = PITCHES + 2;
const CONTOUR = PITCHES + 3;
const REPEATS = PITCHES + 4;
const COUNTER = REPEATS + LOOKBACKS.length;
const BAR_STARTS = COUNTER + COUNTER_BITS;
const MELODY_KEYS = BAR_STARTS + 1;
const RECENT_KEYS = MELODY_KEYS + KEYS;
const INPUTS = RECENT_KEYS + KEYS;

/** Labels: the pitches from 0, then no event, note-off (the other way round than in the classes), and the lookbacks. */
const NO_EVENT_LABEL = PITCHES;
const NOTE_OFF_LABEL = PITCHES + 1;
const FIRST_LOOKBACK_LABEL = PITCHES + SPECIAL_EVENTS;

/** The keys of this many last notes of different pitch are told apart from those of the whole melody. */
const RECENT_NOTES = 3;

/**
 * Inputs and labels of Magenta's Attention RNN (KeyMelodyEncoderDecoder, note_seq):
 *
 * | input   | content                                                                              |
 * | ------- | ------------------------------------------------------------------------------------ |
 * | 0..35   | the pitch that sounds                                                                |
 * | 36, 37  | a note sounds; silence                                                               |
 * | 38      | a note starts at this step, or did right before this note-off                        |
 * | 39      | contour: +1 after the melody rose, -1 after it fell, 0 before it did either          |
 * | 40, 41  | this event equals the one 16, 32 steps before                                        |
 * | 42..48  | the next step's number in binary, lowest bit first, +1 and -1                        |
 * | 49      | the next step begins a bar                                                           |
 * | 50..61  | major keys that hold most notes of the melody so far; all of equals, at first all 12 |
 * | 62..73  | the same of the last three notes of different pitch                                  |
 *
 * Labels: 0..35 pitches, 36 no event, 37 note-off, 38 and 39 repeat the event 16 and 32 steps back; the farther one
 * wins.
 */
export const keyMelodyFeatures: MelodyFeatures = {
  name: 'key-melody',
  inputs: INPUTS,
  labels: FIRST_LOOKBACK_LABEL + LOOKBACKS.length,

  inputsOf(events, from = 0, to = events.length) {
    const inputs = new Float32Array((to - from) * INPUTS);
    const votes = new Array<number>(KEYS).fill(0);
    let sounding: number | undefined;
    let isAttack = false;
    let contour = 0;
    let recent: number[] = [];
    for (let step = 0; step < to; step++) {
      const event = eventOf(events[step]);
      if (event === NOTE_OFF) sounding = undefined;
      else isAttack = event !== NO_EVENT;
      if (event >= 0) {
        const last = recent.at(-1) ?? event;
        if (event !== last) contour = Math.sign(event - last);
        sounding = event;
        recent = [...recent.filter((pitch) => pitch !== event), event].slice(-RECENT_NOTES);
        for (const [key, vote] of majorKeyVotes([event]).entries()) votes[key] += vote;
      }

      if (step < from) continue;
      const row = inputs.subarray((step - from) * INPUTS, (step - from + 1) * INPUTS);
      if (sounding === undefined) row[SILENCE] = 1;
      else {
        row[sounding - MIN_NOTE] = 1;
        row[NOTE_PLAYS] = 1;
      }
      row[ATTACK] = isAttack ? 1 : 0;
      row[CONTOUR] = contour;
      for (const [index, distance] of LOOKBACKS.entries()) row[REPEATS + index] = repeats(events, step, distance);
      writeCounter(row, COUNTER, step + 1, COUNTER_BITS);
      row[BAR_STARTS] = (step + 1) % STEPS_PER_BAR === 0 ? 1 : 0;
      writeBest(row, MELODY_KEYS, votes);
      writeBest(row, RECENT_KEYS, majorKeyVotes(recent));
    }
    return inputs;
  },

  labelsOf: (events, from = 0, to = events.length) =>
    Uint16Array.from({ length: to - from }, (_, index) => {
      const step = from + index;
      const lookback = lookbackOf(events, step, NO_EVENT_CLASS);
      if (lookback !== undefined) return FIRST_LOOKBACK_LABEL + lookback;
      const event = eventOf(events[step]);
      if (event === NO_EVENT) return NO_EVENT_LABEL;
      return event === NOTE_OFF ? NOTE_OFF_LABEL : event - MIN_NOTE;
    }),

  eventOf(label, before) {
    if (label >= FIRST_LOOKBACK_LABEL) return lookbackEvent(label - FIRST_LOOKBACK_LABEL, before, NO_EVENT_CLASS);
    if (label === NO_EVENT_LABEL) return NO_EVENT_CLASS;
    return classOf(label === NOTE_OFF_LABEL ? NOTE_OFF : label + MIN_NOTE);
  },
};

/** 1 for every key of the most votes. */
function writeBest(row: Float32Array, offset: number, votes: readonly number[]): void {
  const most = Math.max(...votes);
  for (const [key, vote] of votes.entries()) row[offset + key] = vote === most ? 1 : 0;
}
