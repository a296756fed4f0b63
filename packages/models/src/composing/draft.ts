import { deriveSeed, type Encoding, Random, TIME_TOLERANCE } from '@chipsmith/data';
import type { ComposeContext, Seeded } from './composer.ts';
import type { Restriction } from './constraints.ts';
import { pick } from './pick.ts';
import type { Primed } from './priming.ts';
import { Progress } from './progress.ts';

export interface DraftRequest extends Seeded {
  /** Without it the first event is drawn as training sequences start, within the constraints. */
  readonly primed?: Primed;
}

/** One sequence on its way. */
export interface Draft {
  readonly random: Random;
  readonly injectedAfter: Primed['injectedAfter'];
  progress: Progress;
}

/** The drafts of a request, which start alike and differ in what is drawn from then on. */
export function draftsOf(
  { seed, primed }: DraftRequest,
  count: number,
  restriction: Restriction,
  context: ComposeContext,
): Draft[] {
  const random = new Random(seed);
  const start = new Progress(context.encoding, context.length);
  const { given, injectedAfter } = primed ?? { given: [drawFirst(random, restriction, start, context)] };
  for (const event of given) start.add(event);
  return Array.from({ length: count }, (_, branch) => ({
    random: branch === 0 ? random : new Random(deriveSeed(seed, branch)),
    injectedAfter,
    progress: start.copy(),
  }));
}

/** An event that training sequences start with; any that may come first where constraints leave none of those. */
function drawFirst(
  random: Random,
  restriction: Restriction,
  start: Progress,
  { encoding, firstEvents }: ComposeContext,
): number {
  const allowed = restriction(encoding.allowedAfter(undefined), start);
  const known = firstEvents.map((weight, event) => (allowed[event] ? weight : 0));
  const weights = known.some((weight) => weight > 0) ? known : allowed.map(Number);
  return pick(weights, random.nextFloat());
}

/** How much of a sequence there is, 0..1: in events or in bars, whichever is more. */
export function shareOf({ count, bars: passed }: Progress, { length, bars }: ComposeContext): number {
  const inTime = bars === undefined ? 0 : (passed + TIME_TOLERANCE) / bars;
  return Math.min(1, Math.max((count - 1) / (length - 1), inTime));
}

/** The next event where that is not for the model to choose. */
export function injectedEvent({ progress, injectedAfter }: Draft, encoding: Encoding): number | undefined {
  const event = injectedAfter?.(progress);
  return event !== undefined && encoding.allowedAfter(progress.events.at(-1))[event] ? event : undefined;
}

/** Lets each draft go on from where one of them stands. */
export function follow(drafts: readonly Draft[], parents: readonly number[]): void {
  const before = drafts.map(({ progress }) => progress);
  for (const [branch, parent] of parents.entries()) {
    if (parent !== branch) drafts[branch].progress = before[parent].copy();
  }
}
