import type { Role } from './names.ts';
import type { PartName, RoleWeights } from './roles.ts';

/** How a General MIDI file becomes four voices. */
export interface ArrangerOptions {
  /**
   * Parts that have a role whatever their scores: by the track's name (upper and lower case alike) or the channel, 1 to
   * 16. Files without such a part are arranged by scores.
   */
  readonly parts?: Readonly<Partial<Record<Role, PartName>>>;
  /** Weights that replace those of ROLE_WEIGHTS, one by one. */
  readonly weights?: Partial<RoleWeights>;
  /** Seconds that a voice must rest before other parts step in for it; false for never. Default 2. */
  readonly fillRests?: number | false;
  /**
   * Whether pulse 2 plays chords as fast arpeggios, a video frame each note, instead of their highest notes. Default
   * false.
   */
  readonly arpeggios?: boolean;
}
