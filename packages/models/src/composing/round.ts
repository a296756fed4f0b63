import { NO_CLASS, type Program } from '@chipsmith/kernels';
import { ModelError } from '../error.ts';
import type { EventReading } from '../next-event/reading.ts';
import { branchesOf } from './beam.ts';
import type { ComposeContext, Composition } from './composer.ts';
import { restrictionOf } from './constraints.ts';
import { type Draft, type DraftRequest, draftsOf, follow, injectedEvent, shareOf } from './draft.ts';
import type { Progress } from './progress.ts';
import { repetitionPenalties } from './repetition.ts';
import type { SamplingSettings } from './settings.ts';
import type { planSampling } from './step.ts';

/**
 * Answers as many requests as there are lanes for, each by the likeliest of its drafts, which lie in lanes side by
 * side.
 *
 * The source cuts the first iteration of beam search short so that the last one is whole; how many events make so many
 * bars is not known before, so here the last one may be short.
 */
export async function drawRound(
  program: Program,
  step: ReturnType<typeof planSampling>,
  reading: EventReading,
  requests: readonly DraftRequest[],
  settings: SamplingSettings,
  context: ComposeContext,
): Promise<Composition[]> {
  const { device, encoding, signal } = context;
  const branches = settings.beamSize * settings.branchFactor;
  const restriction = restrictionOf(settings, encoding, context.transposition ?? 0);
  const groups = requests.map((request) => draftsOf(request, branches, restriction, context));
  const drafts = groups.flat();
  const given = groups.map(([{ progress }]) => progress.count);
  const itself = Uint32Array.from(drafts.keys());
  const isDone = ({ progress }: Draft) => shareOf(progress, context) === 1;
  device.write(step.logLikelihood, new Float32Array(drafts.length));
  let parents = itself;
  for (let position = 0; !drafts.every(isDone); position++) {
    signal?.throwIfAborted();
    program.write(step.inputs, inputsOf(drafts, position, reading));
    program.write(step.carried.keep, new Float32Array(drafts.length).fill(position === 0 ? 0 : 1));
    if (step.parents !== undefined) program.write(step.parents, parents);
    // Drafts that are done idle.
    const goingOn = drafts.map((draft) => draft.progress.count === position + 1 && !isDone(draft));
    const injected = drafts.map((draft, lane) => (goingOn[lane] ? injectedEvent(draft, encoding) : undefined));
    const choosing = goingOn.map((goesOn, lane) => goesOn && injected[lane] === undefined);
    const isChoosing = choosing.includes(true);
    program.write(step.counts, Float32Array.from(choosing, Number));
    if (isChoosing) {
      const before = drafts.map(({ progress }, lane) => (choosing[lane] ? progress : undefined));
      const masks = before.map(
        (progress) => progress && restriction(encoding.allowedAfter(progress.events.at(-1)), progress),
      );
      program.write(
        step.allowed,
        labelValues(before, reading, (lane, event) => Number(masks[lane]?.[event] ?? true)),
      );
      const seeds = drafts.map(({ random }, lane) => (choosing[lane] ? random.nextUint32() : 0));
      program.write(step.seeds, Uint32Array.from(seeds));
      if (step.penalties !== undefined) {
        const penalties = before.map((progress) => progress && repetitionPenalties(progress.events, settings));
        program.write(
          step.penalties,
          labelValues(before, reading, (lane, event) => penalties[lane]?.get(event) ?? 0),
        );
      }
    }
    program.run();
    const choices = isChoosing ? await program.read(step.choice) : new Uint32Array();
    if (choices.includes(NO_CLASS)) {
      throw new ModelError("The model's logits are NaN; retrain, or use an earlier checkpoint.");
    }
    for (const [lane, { progress }] of drafts.entries()) {
      const event = choosing[lane] ? reading.eventOf(choices[lane], progress.events) : injected[lane];
      if (event !== undefined) progress.add(event, { isChosen: choosing[lane] });
    }
    const isBranching = given.map((count) => isLastOfIteration(position + 2 - count, settings));
    const branch = step.parents !== undefined && isBranching.includes(true) && !drafts.every(isDone);
    parents = branch ? goOnFromLikeliest(groups, isBranching, await device.read(step.logLikelihood), settings) : itself;
    context.onProgress?.(Math.min(...drafts.map(({ progress }) => shareOf(progress, context))));
  }
  const logLikelihoods = await device.read(step.logLikelihood);
  return groups.map((group, index) => {
    const own = [...logLikelihoods.subarray(index * branches, (index + 1) * branches)];
    const [best] = branchesOf(own, { beamSize: 1 });
    const { events, chosen } = group[best].progress;
    return { events, nll: chosen > 0 ? -own[best] / chosen : undefined };
  });
}

/**
 * Lets the drafts of some requests go on from their likeliest ones.
 *
 * @returns the lane from which each lane goes on
 */
function goOnFromLikeliest(
  groups: readonly (readonly Draft[])[],
  isBranching: readonly boolean[],
  logLikelihoods: ArrayLike<number>,
  settings: SamplingSettings,
): Uint32Array<ArrayBuffer> {
  let first = 0;
  const parents = groups.flatMap((group, index) => {
    const lanes = group.map((_, branch) => first + branch);
    first += group.length;
    if (!isBranching[index]) return lanes;
    const kept = branchesOf(
      lanes.map((lane) => logLikelihoods[lane]),
      settings,
    );
    follow(group, kept);
    return kept.map((branch) => lanes[branch]);
  });
  return Uint32Array.from(parents);
}

/** @param steps that drafts have made so far */
function isLastOfIteration(steps: number, { stepsPerIteration }: SamplingSettings): boolean {
  return steps > 0 && steps % stepsPerIteration === 0;
}

/**
 * What the network gets of each sequence's event at a position, the last one where there is none: (1, B) or (1, B, F).
 */
function inputsOf(drafts: readonly Draft[], position: number, { features, inputsOf: read }: EventReading) {
  const width = features ?? 1;
  const inputs = new (features === undefined ? Uint32Array : Float32Array)(drafts.length * width);
  for (const [lane, { progress }] of drafts.entries()) {
    const end = Math.min(position + 1, progress.count);
    inputs.set(read(progress.events.subarray(0, end), end - 1, end), lane * width);
  }
  return inputs;
}

/**
 * (B, L) values of the events that the labels of each sequence stand for; those of any event where a sequence does not
 * choose.
 *
 * @param before what precedes the choice of each sequence; undefined where it does not choose
 */
function labelValues(
  before: readonly (Progress | undefined)[],
  { labels, eventOf }: EventReading,
  valueIn: (lane: number, event: number) => number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(before.length * labels);
  for (const [lane, progress] of before.entries()) {
    const events = progress?.events ?? [];
    for (let label = 0; label < labels; label++) {
      values[lane * labels + label] = valueIn(lane, progress === undefined ? label : eventOf(label, events));
    }
  }
  return values;
}
