import { DURATION_ROLL_SHAPE, durationEventsOf, durationRollOf, Random } from '@chipsmith/data';
import { Graph, Program, plan, unary } from '@chipsmith/kernels';
import { z } from 'zod';
import type { ComposeContext, Composers, Composition, Seeded } from '../composing/composer.ts';
import { pick } from '../composing/pick.ts';
import { ModelError } from '../error.ts';
import type { RollNetwork } from './network.ts';

const { pitches: PITCHES, longest: LONGEST_NOTE, stepsPerBar: STEPS_PER_BAR } = DURATION_ROLL_SHAPE;
/** Steps of a window: four bars, as the source. */
const WINDOW = 64;
/** Sequences side by side. */
const LANES = 16;
const QUARTER = 4;
const EVENTS_OF_NOTE = 3;

const settings = z.strictObject({
  density: z
    .number()
    .min(0.1)
    .max(10)
    .default(1)
    .describe('notes, as a multiple of those of the training data, or of the pieces given'),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('instead, probability from which on a pitch starts a note; 0.35 in the source'),
  choice: z
    .enum(['drawn', 'likeliest'])
    .default('drawn')
    .describe('drawn: of the likely pitches each starts a note as often as it is likely; likeliest: always'),
});

type Settings = z.infer<typeof settings>;

interface DraftRequest extends Seeded {
  readonly primer?: readonly number[];
}

/** One window after the other, each from the one before it, for as long as is asked. */
export function rollComposers(network: RollNetwork): Composers {
  const compose = (
    requests: readonly DraftRequest[],
    chosen: Readonly<Record<string, unknown>>,
    context: ComposeContext,
  ) => writeAll(network, requests, settings.parse(chosen), context);
  return { sample: { settings, compose }, continue: { settings, compose } };
}

async function writeAll(
  network: RollNetwork,
  requests: readonly DraftRequest[],
  chosen: Settings,
  context: ComposeContext,
): Promise<Composition[]> {
  const { device, length, bars = Number.POSITIVE_INFINITY, signal, onPreparation, onProgress } = context;
  const end = bars * STEPS_PER_BAR;
  const notes = chosen.density * context.facts.notesOfStep * WINDOW;
  const isDone = (draft: Draft) => draft.eventCount >= length || draft.steps >= end;
  const graph = new Graph();
  const before = graph.input([WINDOW, LANES, PITCHES]);
  const probabilities = unary('exp', network.apply(before));
  const planned = plan(graph, { outputs: [probabilities], limits: device.limits });
  const program = await Program.create(device, planned, { signal, onProgress: onPreparation });
  try {
    const made: Composition[] = [];
    for (let first = 0; first < requests.length; first += LANES) {
      const drafts = requests.slice(first, first + LANES).map((request) => new Draft(request, context));
      while (!drafts.every(isDone)) {
        signal?.throwIfAborted();
        program.write(before, windowsOf(drafts));
        program.run();
        const values = await program.read(probabilities);
        if (values.some(Number.isNaN)) {
          throw new ModelError("The model's probabilities are NaN; retrain, or use an earlier checkpoint.");
        }
        for (const [lane, draft] of drafts.entries()) if (!isDone(draft)) draft.write(values, lane, notes, chosen);
        const least = Math.min(...drafts.map((draft) => Math.max(draft.eventCount / length, draft.steps / end)));
        onProgress?.(Math.min(1, (first + least * drafts.length) / requests.length));
      }
      for (const draft of drafts) {
        made.push({ events: draft.events(end).slice(0, length - (length % EVENTS_OF_NOTE)) });
      }
    }
    return made;
  } finally {
    program.destroy();
  }
}

/** The last window of each sequence, (64, 16, 49). */
function windowsOf(drafts: readonly Draft[]): Float32Array<ArrayBuffer> {
  const windows = new Float32Array(WINDOW * LANES * PITCHES);
  for (const [lane, { notes, steps }] of drafts.entries()) {
    for (const { step, pitch, duration } of notes) {
      const time = step - (steps - WINDOW);
      if (time >= 0) windows[(time * LANES + lane) * PITCHES + pitch] = duration;
    }
  }
  return windows;
}

interface RollNote {
  readonly step: number;
  /** Column of the roll. */
  readonly pitch: number;
  duration: number;
}

/** One sequence on its way. */
class Draft {
  readonly notes: RollNote[] = [];
  /** Steps that are written: the next window begins here. */
  steps: number;
  readonly #random: Random;

  /** Without a primer it begins with a note of a pitch that pieces begin with, a quarter long. */
  constructor({ seed, primer }: DraftRequest, { firstEvents, length }: ComposeContext) {
    this.#random = new Random(seed);
    if (primer === undefined) {
      this.notes.push({ step: 0, pitch: pick(firstEvents, this.#random.nextFloat()), duration: QUARTER });
      this.steps = QUARTER;
      return;
    }
    if (primer.length < EVENTS_OF_NOTE || primer.length >= length) {
      throw new ModelError(
        `The primer has ${primer.length} events: it must have ${EVENTS_OF_NOTE} to ${length - 1}, or ask for more bars.`,
      );
    }
    const roll = durationRollOf(primer);
    for (const [cell, duration] of roll.entries()) {
      if (duration > 0) this.notes.push({ step: Math.floor(cell / PITCHES), pitch: cell % PITCHES, duration });
    }
    this.steps = roll.length / PITCHES;
  }

  get eventCount(): number {
    return EVENTS_OF_NOTE * this.notes.length;
  }

  /**
   * A window from the probabilities of all lanes, (64 16, 49). Each note lasts to the next start, for a bar at most.
   *
   * @param notes how many the window is to have, on average, where no threshold is set
   */
  write(probabilities: ArrayLike<number>, lane: number, notes: number, chosen: Settings): void {
    const { choice } = chosen;
    const { threshold, factor } =
      chosen.threshold === undefined
        ? ruleFor(probabilities, lane, notes, choice)
        : { threshold: chosen.threshold, factor: 1 };
    const first = this.notes.length;
    let likeliest = { step: 0, pitch: 0, probability: -1 };
    for (let time = 0; time < WINDOW; time++) {
      for (let pitch = 0; pitch < PITCHES; pitch++) {
        const probability = probabilities[(time * LANES + lane) * PITCHES + pitch];
        const step = this.steps + time;
        if (probability > likeliest.probability) likeliest = { step, pitch, probability };
        // One draw a cell, so that what comes later does not depend on how many reached the threshold.
        const draw = this.#random.nextFloat();
        if (probability < threshold || (choice === 'drawn' && draw >= factor * probability)) continue;
        this.notes.push({ step, pitch, duration: 1 });
      }
    }
    // A window without a note would be followed by others without one, for ever.
    if (this.notes.length === first) {
      const { step, pitch } = likeliest;
      this.notes.push({ step, pitch, duration: 1 });
    }
    this.steps += WINDOW;
    let next = this.steps;
    for (let index = this.notes.length - 1; index >= first; index--) {
      const note = this.notes[index];
      const following = this.notes[index + 1];
      if (following !== undefined && following.step > note.step) next = following.step;
      note.duration = Math.min(LONGEST_NOTE, next - note.step);
    }
  }

  /** @param end step before which its notes start */
  events(end: number): Uint16Array {
    const steps = Math.min(this.steps, Math.ceil(end));
    const roll = new Float32Array(steps * PITCHES);
    for (const { step, pitch, duration } of this.notes) if (step < steps) roll[step * PITCHES + pitch] = duration;
    return durationEventsOf(roll);
  }
}

/**
 * The threshold at which a window has so many notes, on average. How likely the likeliest pitches are depends on how
 * long a model was trained: with a fixed threshold one has next to no notes and another twice as many as the songs.
 * The probabilities of a step add up to 1: where more notes than steps are wanted, each is drawn more often by a factor.
 */
function ruleFor(
  probabilities: ArrayLike<number>,
  lane: number,
  notes: number,
  choice: Settings['choice'],
): { readonly threshold: number; readonly factor: number } {
  const ofLane = Float32Array.from({ length: WINDOW * PITCHES }, (_, cell) => {
    const [time, pitch] = [Math.floor(cell / PITCHES), cell % PITCHES];
    return probabilities[(time * LANES + lane) * PITCHES + pitch];
  });
  const falling = ofLane.sort().reverse();
  let expected = 0;
  for (const probability of falling) {
    expected += choice === 'drawn' ? probability : 1;
    if (expected >= notes) return { threshold: probability, factor: 1 };
  }
  return { threshold: 0, factor: notes / expected };
}
