import { type Encoding, TIME_TOLERANCE } from '@chipsmith/data';
import { z } from 'zod';
import type { Priming } from '../composing/priming.ts';
import type { Progress } from '../composing/progress.ts';
import { ModelError } from '../error.ts';

interface PolyphonyPriming {
  readonly conditionOnPrimer: boolean;
  readonly injectPrimer: boolean;
}

/**
 * The two uses of a primer in Magenta's Polyphony RNN (magenta 2.1.4, polyphony_sequence_generator.py): to go on from
 * it, and to put its notes into the music step after step, for the model to add others below. Only the first makes it
 * go on from a chord, only the second harmonises a melody from its start on; with both the primer comes once as it is
 * and once more harmonised.
 *
 * The source injects and does not condition unless told otherwise; here music goes on from a primer unless told
 * otherwise.
 */
export function polyphonyPriming(encoding: Encoding): Priming<PolyphonyPriming> {
  return {
    settings: {
      conditionOnPrimer: z.boolean().default(true).describe('go on from the primer'),
      injectPrimer: z
        .boolean()
        .default(false)
        .describe('give the notes of the primer to what is made, to be harmonised'),
    },
    prepare(primer, { conditionOnPrimer, injectPrimer }) {
      if (!conditionOnPrimer && !injectPrimer) {
        throw new ModelError(
          'Nothing is to be done with the primer: let it be conditioned on or injected, or leave it out.',
        );
      }
      // START alone is a sequence without a primer.
      const given = conditionOnPrimer ? primer : primer.slice(0, 1);
      if (!injectPrimer) return { given };
      const steps = notesOfSteps(primer.slice(1), encoding);
      const first = conditionOnPrimer ? steps.length : 0;
      return { given, injectedAfter: (progress) => nextNote(progress, steps, first, encoding) };
    },
  };
}

/** The notes of each step, without the events that end steps. */
function notesOfSteps(events: readonly number[], encoding: Encoding): number[][] {
  const steps: number[][] = [];
  let notes: number[] = [];
  for (const [index, event] of events.entries()) {
    if (encoding.barsOf(event, events[index - 1]) > 0) {
      steps.push(notes);
      notes = [];
    } else notes.push(event);
  }
  return notes.length > 0 ? [...steps, notes] : steps;
}

/** The note that is next in the step that has begun. @param first the step from which on there are notes */
function nextNote(
  { events, bars }: Progress,
  steps: readonly (readonly number[])[],
  first: number,
  encoding: Encoding,
): number | undefined {
  const lastOfHead = events.findLastIndex((event, index) => index === 0 || encoding.barsOf(event, undefined) > 0);
  const step = Math.floor((bars + TIME_TOLERANCE) / STEP) - first;
  return steps[step]?.[events.length - 1 - lastOfHead];
}

/** A 16th note, in bars. */
const STEP = 1 / 16;
