import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { arpeggiate, fillRests, takeLine } from './lines.ts';
import { ROLES } from './names.ts';
import type { ArrangerOptions } from './options.ts';
import { notesOf, type Part, type PlayedNote, type Player } from './parts.ts';
import { isNamed, type PitchedRole, ROLE_WEIGHTS, type RoleWeights, rankParts } from './roles.ts';

const FILL_RESTS = 2;
/**
 * Parts that may step in for a voice: as many as there are channels, so that a damaged file of thousands takes no
 * longer.
 */
const MAX_STAND_INS = 16;

/** Chords make better arpeggios than lines do: the weight of monophony for harmony where these are wanted. */
const ARPEGGIO_MONOPHONY = -1.5;

const RANKS: Readonly<Record<PitchedRole, (pitch: number) => number>> = {
  melody: (pitch) => pitch,
  bass: (pitch) => -pitch,
  harmony: (pitch) => pitch,
};

/** Notes on their way from parts to lines: each is in one of the lines or still in its part. */
export class Deal {
  readonly lines: Record<PitchedRole, readonly PlayedNote[]> = { melody: [], bass: [], harmony: [] };
  #parts: readonly Part[];
  readonly #became = new Map<Player, Set<string>>();
  readonly #end: number;
  readonly #options: ArrangerOptions;
  readonly #weights: RoleWeights;

  constructor(parts: readonly Part[], options: ArrangerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#end = parts.reduce((last, { notes }) => notes.reduce((end, note) => Math.max(end, note.end), last), 0);
    const { melody, bass, harmony } = options.weights ?? {};
    this.#weights = {
      melody: { ...ROLE_WEIGHTS.melody, ...melody },
      bass: { ...ROLE_WEIGHTS.bass, ...bass },
      harmony: {
        ...ROLE_WEIGHTS.harmony,
        ...(options.arpeggios && { monophony: ARPEGGIO_MONOPHONY }),
        ...harmony,
      },
    };
  }

  /** Notes that are in no line. */
  get left(): number {
    return this.#parts.reduce((sum, { notes }) => sum + notes.length, 0);
  }

  /** What a player's notes became, in words. */
  roleOf(player: Player): string {
    return [...(this.#became.get(player) ?? ['left out'])].join(', ');
  }

  /** Makes the line of a role from the parts that the options name for it, or else from the best of what is left. */
  take(role: PitchedRole): void {
    const wanted = this.#options.parts?.[role];
    const named = wanted === undefined ? [] : this.#parts.filter(({ player }) => isNamed(player, wanted));
    const chosen = named.length > 0 ? named : this.#ranking(role).slice(0, 1);
    const notes = notesOf(chosen);
    const { line, left } =
      role === 'harmony' && this.#options.arpeggios
        ? { line: arpeggiate(notes), left: [] }
        : takeLine(notes, RANKS[role]);
    this.lines[role] = line;
    for (const { player } of chosen) this.#note(player, role);
    this.#putBack(chosen, left);
    this.#fillFrom(role, this.#siblings(role), 1);
  }

  /** Lets other parts step in where the line of a role rests for long. */
  fill(role: PitchedRole): void {
    const { fillRests = FILL_RESTS } = this.#options;
    if (fillRests === false) return;
    this.#fillFrom(role, this.#ranking(role).slice(0, MAX_STAND_INS), fillRests * TICKS_PER_SECOND);
  }

  #fillFrom(role: PitchedRole, parts: readonly Part[], shortest: number): void {
    for (const part of parts) {
      const { line, left } = fillRests(this.lines[role], part.notes, RANKS[role], shortest, this.#end);
      if (line.length > this.lines[role].length) this.#note(part.player, `${role} where it rests`);
      this.lines[role] = line;
      this.#putBack([part], left);
    }
  }

  /**
   * Parts that go on where the one with a role stops: of its channel, in its track or in another before or after it.
   */
  #siblings(role: PitchedRole): Part[] {
    const [first] = this.lines[role];
    if (first === undefined) return [];
    const { player, start: begin } = first;
    const end = this.lines[role].at(-1)?.end ?? begin;
    return this.#ranking(role)
      .filter((part) => part.player !== player && part.player.channel === player.channel)
      .filter(
        ({ player: { track }, notes }) =>
          track === player.track || notes.every((note) => note.end <= begin || note.start >= end),
      )
      .slice(0, MAX_STAND_INS);
  }

  /** What is left and not named for another role, the best first. */
  #ranking(role: PitchedRole): Part[] {
    const others = ROLES.filter((other) => other !== role).flatMap((other) => this.#options.parts?.[other] ?? []);
    const parts = this.#parts.filter(({ player }) => !others.some((name) => isNamed(player, name)));
    if (parts.length === 0) return [];
    return rankParts(parts, role, this.#weights, this.lines.melody);
  }

  #note(player: Player, role: string): void {
    this.#became.set(player, new Set(this.#became.get(player)).add(role));
  }

  /** Puts back what is left of parts that notes were taken from. */
  #putBack(taken: readonly Part[], left: readonly PlayedNote[]): void {
    const players = new Set(taken.map(({ player }) => player));
    this.#parts = this.#parts
      .map((part) =>
        players.has(part.player) ? { ...part, notes: left.filter(({ player }) => player === part.player) } : part,
      )
      .filter(({ notes }) => notes.length > 0);
  }
}
