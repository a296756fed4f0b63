import { z } from 'zod';

/** Settings that keep music from repeating itself. */
export const REPETITION_SETTINGS = {
  repetitionPenalty: z
    .number()
    .min(0.01)
    .max(100)
    .optional()
    .describe('how strongly to avoid to go on with a passage as it went on before; 0.8 is usual'),
  repetitionLength: z
    .int()
    .min(1)
    .max(4096)
    .default(16)
    .describe('events in a row that may come again freely; from there on the penalty grows with each'),
} as const;

export type RepetitionSettings = z.infer<z.ZodObject<typeof REPETITION_SETTINGS>>;

/** What the penalty is multiplied by for each further event. */
const GROWTH = 1.75;
/** More than enough to forbid an event, and far from what f32 cannot hold. */
const MOST = 1000;

/**
 * What to take from the scores of events that would make a passage longer that was there before: penalty x 1.75^(n -
 * length), at most 1000, where n >= length events in a row are now as they were before that event. This is DRY ("Don't
 * repeat yourself", oobabooga/textgen pull request 5677, 2024), which finds loops; a penalty on each event that was
 * there before would hit the ones that music is made of.
 */
export function repetitionPenalties(
  events: Uint16Array,
  { repetitionPenalty: penalty, repetitionLength: length }: RepetitionSettings,
): Map<number, number> {
  const penalties = new Map<number, number>();
  if (penalty === undefined) return penalties;
  const longest = length + Math.ceil(Math.log(MOST / penalty) / Math.log(GROWTH));
  for (let next = length; next < events.length; next++) {
    let same = 0;
    while (same < longest && same < next && events[next - 1 - same] === events[events.length - 1 - same]) same++;
    if (same < length) continue;
    const least = penalties.get(events[next]) ?? 0;
    penalties.set(events[next], Math.max(least, Math.min(MOST, penalty * GROWTH ** (same - length))));
  }
  return penalties;
}
