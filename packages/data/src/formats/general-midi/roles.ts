import { describeParts, type Features } from './features.ts';
import { instrumentOf } from './instruments.ts';
import { type ClaimedRole, claimOf, nameFit, type Role } from './names.ts';
import type { Part, PlayedNote, Player } from './parts.ts';

/** The roles that pitched parts are scored for. */
export type PitchedRole = Exclude<Role, 'drums'>;

/**
 * A part's features, and how well its instrument (-1..1) and its track's name (-0.5 to 1, more with a claim) fit a
 * role.
 */
export type Criterion = keyof Features | 'instrument' | 'name';
export type RoleWeights = Readonly<Record<PitchedRole, Readonly<Partial<Record<Criterion, number>>>>>;

/**
 * A part's score for a role is the sum of its features times these weights; the part with the highest score gets the
 * role. A name that claims a role ("Melody", "Vocals", "Lead", "Bass") outweighs what the notes suggest, unless these
 * make it absurd. The weights are set by hand, not learnt.
 */
export const ROLE_WEIGHTS: RoleWeights = {
  melody: {
    monophony: 0.2,
    chords: -1.5,
    height: 0.3,
    highest: 0.7,
    lowest: -1,
    range: 0.2,
    coverage: 0.8,
    pace: 0.8,
    rhythm: 0.6,
    variety: 0.6,
    stepwise: 1.5,
    repetition: -0.5,
    loudness: 0.5,
    instrument: 0.7,
    name: 1,
  },
  bass: {
    monophony: 0.3,
    chords: -0.5,
    height: -1,
    highest: -0.5,
    lowest: 2,
    coverage: 1.5,
    pace: 0.2,
    instrument: 0.8,
    name: 1,
  },
  harmony: {
    monophony: 0.3,
    highest: 0.2,
    lowest: -0.3,
    coverage: 1.5,
    pace: 0.4,
    rhythm: 0.3,
    variety: 0.8,
    stepwise: 0.2,
    repetition: -0.4,
    loudness: 0.4,
    doubling: -2,
    instrument: 0.3,
    name: 0.4,
  },
};

/**
 * The parts by their scores for a role, the best first.
 *
 * @param melody the line that harmony should not double
 */
export function rankParts(
  parts: readonly Part[],
  role: PitchedRole,
  weights: RoleWeights,
  melody: readonly PlayedNote[],
): Part[] {
  const scored = describeParts(parts, melody).map((features, index) => {
    const part = parts[index];
    const { program, name } = part.player;
    const fit = nameFit(name, role) + (role === 'harmony' ? 0 : believedClaim(name, role, features));
    const criteria = { ...features, instrument: instrumentOf(program)[role], name: fit };
    const score = Object.entries(criteria).reduce(
      (sum, [criterion, value]) => sum + value * (weights[role][criterion as Criterion] ?? 0),
      0,
    );
    return { part, score };
  });
  return scored.sort((a, b) => b.score - a.score).map(({ part }) => part);
}

/** What a name that claims a role counts for: 12 is what the scores of two parts can differ by for all else. */
const CLAIMS = { names: 24, hints: 12 } as const;
/**
 * Shares of the piece, of a half, in which a part must sound that claims a role: 5 %, or 20 % for words that solos have
 * too.
 */
const MIN_COVERAGE = { names: 0.1, hints: 0.4 } as const;
/** Share of its sounding time in which a line may be chords. */
const MAX_CHORDS = 0.5;
/**
 * Share of its onsets, and mean pitch in units of 1.5 octaves, with which a melody lies below all others, or a bass
 * above them.
 */
const ASTRAY = { onsets: 0.5, height: 0.5 } as const;

/**
 * What a name's claim to a role counts, 0 where the notes make it absurd: scraps, chords throughout, a melody that is
 * the bass.
 */
function believedClaim(name: string, role: ClaimedRole, features: Features): number {
  const claim = claimOf(name, role);
  if (claim === 'none') return 0;
  const [astray, height] =
    role === 'melody' ? [features.lowest, -features.height] : [features.highest, features.height];
  const isAbsurd =
    features.coverage < MIN_COVERAGE[claim] ||
    features.chords > MAX_CHORDS ||
    (astray > ASTRAY.onsets && height > ASTRAY.height);
  return isAbsurd ? 0 : CLAIMS[claim];
}

/** A part is named by its track's name (upper and lower case alike) or its channel, 1 to 16. */
export type PartName = string | number;

export function isNamed({ name, channel }: Player, wanted: PartName): boolean {
  return typeof wanted === 'number' ? channel + 1 === wanted : name.toLowerCase() === wanted.trim().toLowerCase();
}
