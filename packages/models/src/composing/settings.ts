import { z } from 'zod';
import { BEAM_SETTINGS } from './beam.ts';
import { CONSTRAINT_SETTINGS, requireConsistent } from './constraints.ts';
import { REPETITION_SETTINGS } from './repetition.ts';

/**
 * How the next event is chosen.
 *
 * @param temperature the default
 * @param own settings that only some models have
 */
export function samplingSettings(temperature: number, own: Readonly<Record<string, z.ZodType>>) {
  const settings = z.strictObject({
    temperature: z
      .number()
      .min(0.01)
      .max(100)
      .default(temperature)
      .describe('divides the scores: below 1 safer, above 1 wilder'),
    topK: z.int().min(1).optional().describe('choose among the k likeliest events only'),
    topP: z
      .number()
      .min(0.001)
      .max(1)
      .optional()
      .describe('choose among the likeliest events that hold this share only'),
    minP: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('choose among events at least this share as likely as the likeliest only'),
    ...REPETITION_SETTINGS,
    ...BEAM_SETTINGS,
    ...CONSTRAINT_SETTINGS,
    ...own,
  });
  return requireConsistent(settings);
}

export type SamplingSettings = z.infer<ReturnType<typeof samplingSettings>>;
