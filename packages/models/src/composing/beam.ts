import { z } from 'zod';

/** Settings of beam search as Magenta has it (magenta 2.1.4, beam_search.py), whose defaults are plain sampling. */
export const BEAM_SETTINGS = {
  beamSize: z.int().min(1).max(64).default(1).describe('likeliest drafts of a track that are kept'),
  branchFactor: z.int().min(1).max(64).default(1).describe('ways in which each draft that is kept goes on'),
  stepsPerIteration: z.int().min(1).max(4096).default(1).describe('events that drafts go on by before some are kept'),
} as const;

export type BeamSettings = z.infer<z.ZodObject<typeof BEAM_SETTINGS>>;

/**
 * Which of the drafts of a track each of them goes on from: the `beamSize` likeliest ones, `branchFactor` times each.
 * Of equally likely ones the first stay.
 *
 * @param logLikelihoods of the drafts, beamSize x branchFactor of them
 */
export function branchesOf(
  logLikelihoods: readonly number[],
  { beamSize }: Pick<BeamSettings, 'beamSize'>,
): readonly number[] {
  const kept = [...logLikelihoods.keys()]
    .sort((a, b) => logLikelihoods[b] - logLikelihoods[a] || a - b)
    .slice(0, beamSize);
  return logLikelihoods.map((_, draft) => kept[draft % beamSize]);
}
