import { BASIC_ALPHABET, NO_EVENT } from './alphabet.ts';
import { LOOKBACKS, lookbackEvent, lookbackOf, type MelodyFeatures, repeats, writeCounter } from './features.ts';

const { classes: CLASSES } = BASIC_ALPHABET;
const NO_EVENT_CLASS = BASIC_ALPHABET.classOf(NO_EVENT);
const COUNTER_BITS = 5;
/** First counter bit: after the one-hots of this event and of the event that followed it one and two bars ago. */
const COUNTER = (1 + LOOKBACKS.length) * CLASSES;
const REPEATS = COUNTER + COUNTER_BITS;
const INPUTS = REPEATS + LOOKBACKS.length;
/** Label 38 repeats the event 16 steps back, 39 the one 32 back. */
const FIRST_LOOKBACK_LABEL = CLASSES;

/**
 * Inputs and labels of Magenta's Lookback RNN (LookbackEventSequenceEncoderDecoder, note_seq):
 *
 * | input     | content                                                                       |
 * | --------- | ----------------------------------------------------------------------------- |
 * | 0..37     | one-hot of this step's event                                                  |
 * | 38..75    | one-hot of the event 16 steps before the next one; no event before the start   |
 * | 76..113   | the same for 32                                                               |
 * | 114..118  | the next step's number in binary, lowest bit first, +1 and -1                 |
 * | 119, 120  | 1 where this event equals the one 16, 32 steps before                         |
 *
 * Labels 0..37 are the classes themselves, 38 and 39 repeat the event 16 and 32 steps back; the farther one wins.
 */
export const lookbackFeatures: MelodyFeatures = {
  name: 'lookback',
  inputs: INPUTS,
  labels: CLASSES + LOOKBACKS.length,

  inputsOf(events, from = 0, to = events.length) {
    const inputs = new Float32Array((to - from) * INPUTS);
    for (let step = from; step < to; step++) {
      const row = inputs.subarray((step - from) * INPUTS, (step - from + 1) * INPUTS);
      row[events[step]] = 1;
      for (const [index, distance] of LOOKBACKS.entries()) {
        const next = step + 1 - distance;
        row[(1 + index) * CLASSES + (next < 0 ? NO_EVENT_CLASS : events[next])] = 1;
        row[REPEATS + index] = repeats(events, step, distance);
      }
      writeCounter(row, COUNTER, step + 1, COUNTER_BITS);
    }
    return inputs;
  },

  labelsOf: (events, from = 0, to = events.length) =>
    Uint16Array.from({ length: to - from }, (_, index) => {
      const step = from + index;
      const lookback = lookbackOf(events, step, NO_EVENT_CLASS);
      return lookback === undefined ? events[step] : FIRST_LOOKBACK_LABEL + lookback;
    }),

  eventOf: (label, before) =>
    label < FIRST_LOOKBACK_LABEL ? label : lookbackEvent(label - FIRST_LOOKBACK_LABEL, before, NO_EVENT_CLASS),
};
