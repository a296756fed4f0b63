import { type Note, TICKS_PER_SECOND, type VoiceName } from '@chipsmith/apu';
import type { MidiNote } from '../midi/notes.ts';
import type { MidiTrack } from '../midi/parse.ts';
import { drumHits } from './drums.ts';
import { instrumentOf } from './instruments.ts';
import { arpeggiate, fillRests, takeLine } from './lines.ts';
import { type Part, type PlayedNote, type Player, partsOf } from './parts.ts';
import {
  isNamed,
  type PartName,
  type PitchedRole,
  ROLE_WEIGHTS,
  ROLES,
  type Role,
  type RoleWeights,
  scoreParts,
} from './roles.ts';
import { voiceNotes } from './sound.ts';

/** How a General MIDI file becomes four voices. */
export interface ArrangerOptions {
  /**
   * Parts that have a role whatever their scores: by the track's name (upper and lower case alike) or the channel, 1 to 16.
   * Files without such a part are arranged by scores.
   */
  readonly parts?: Readonly<Partial<Record<Role, PartName>>>;
  /** Weights that replace those of ROLE_WEIGHTS, one by one. */
  readonly weights?: Partial<RoleWeights>;
  /** Seconds that a voice must rest before other parts step in for it; Infinity for never. Default 2. */
  readonly fillRests?: number;
  /** Whether pulse 2 plays chords as fast arpeggios, a video frame each note, instead of their highest notes. Default false. */
  readonly arpeggios?: boolean;
}

const FILL_RESTS = 2;
/** Parts that may step in for a voice: as many as there are channels, so that a damaged file of thousands takes no longer. */
const MOST_STAND_INS = 16;

/** Chords make better arpeggios than lines do: the weight of monophony for harmony where these are wanted. */
const ARPEGGIO_MONOPHONY = -1.5;

const RANKS: Readonly<Record<PitchedRole, (pitch: number) => number>> = {
  melody: (pitch) => pitch,
  bass: (pitch) => -pitch,
  harmony: (pitch) => pitch,
};

/**
 * Reduces a General MIDI file to the four voices of the chip, which play one note each.
 *
 * 1. Drums go to the noise (see drumHits).
 * 2. The part with the best score for melody (see ROLE_WEIGHTS) gives its skyline to pulse 1. The best bass of what is left, which
 *    may be lower notes of the same part, gives its lowest line to the triangle.
 * 3. Where pulse 1 rests for long, other parts step in, best melody first.
 * 4. The best harmony of what is left then, one that does not double the melody, gives its skyline to pulse 2. The rests of
 *    pulse 2 and of the triangle are filled likewise.
 *
 * A part goes on in any rest, however short, with what its channel plays there with other programs.
 *
 * @param notes in order of their starts
 * @param repairs gets a line for each part that tells what it became, and one for the notes that no voice could play
 */
export function arrangeGeneralMidi(
  tracks: readonly MidiTrack[],
  notes: readonly MidiNote[],
  toSongTicks: (tick: number) => number,
  options: ArrangerOptions,
  repairs: string[],
): Record<VoiceName, Note[]> {
  const parts = partsOf(tracks, notes, toSongTicks, repairs);
  const drumName = options.parts?.drums;
  const isDrums = ({ player }: Part) => player.isDrums || (drumName !== undefined && isNamed(player, drumName));
  const drums = new Set(parts.filter(isDrums));
  for (const role of ROLES) {
    const wanted = options.parts?.[role];
    if (wanted !== undefined && !parts.some(({ player }) => isNamed(player, wanted))) {
      repairs.push(`no part ${typeof wanted === 'number' ? `on channel ${wanted}` : `'${wanted}'`} for ${role}`);
    }
  }
  const deal = new Deal(
    parts.filter((part) => !drums.has(part)),
    options,
  );
  deal.take('melody');
  deal.take('bass');
  deal.fill('melody');
  deal.take('harmony');
  deal.fill('harmony');
  deal.fill('bass');

  const hits = drumHits(notesOf([...drums]));
  for (const part of parts) {
    repairs.push(`${describePlayer(part.player)}: ${drums.has(part) ? 'drums' : deal.roleOf(part.player)}`);
  }
  const left = deal.left + hits.left;
  if (left > 0) {
    const all = parts.reduce((sum, part) => sum + part.notes.length, 0);
    repairs.push(`left out ${left} of ${all} notes that no voice could play`);
  }

  const { melody, bass, harmony } = deal.lines;
  const lead = melody[0] && dutyOf(melody[0]);
  return {
    pulse1: voiceNotes(melody, 'pulse1', dutyOf),
    // Two pulses of one duty are hard to tell apart by ear.
    pulse2: voiceNotes(harmony, 'pulse2', (note) => (dutyOf(note) === lead ? (lead + 2) % 3 : dutyOf(note))),
    triangle: voiceNotes(bass, 'triangle', () => 0),
    noise: hits.notes,
  };
}

function dutyOf({ player }: PlayedNote): number {
  return instrumentOf(player.program).duty;
}

function describePlayer({ track, name, channel, program }: Player): string {
  const named = name.trim() === '' ? '' : ` '${name.trim()}'`;
  return `track ${track}${named} (channel ${channel + 1}, program ${program})`;
}

/** The notes of several parts in order of their starts. */
function notesOf(parts: readonly Part[]): PlayedNote[] {
  return parts.flatMap(({ notes }) => notes).sort((a, b) => a.start - b.start);
}

/** Notes on their way from parts to lines: each is in one of the lines or still in its part. */
class Deal {
  readonly lines: Record<PitchedRole, readonly PlayedNote[]> = { melody: [], bass: [], harmony: [] };
  #parts: readonly Part[];
  readonly #became = new Map<Player, string[]>();
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
    return this.#became.get(player)?.join(', ') ?? 'left out';
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
    const shortest = (this.#options.fillRests ?? FILL_RESTS) * TICKS_PER_SECOND;
    this.#fillFrom(role, this.#ranking(role).slice(0, MOST_STAND_INS), shortest);
  }

  #fillFrom(role: PitchedRole, parts: readonly Part[], shortest: number): void {
    for (const part of parts) {
      const { line, left } = fillRests(this.lines[role], part.notes, RANKS[role], shortest, this.#end);
      if (line.length > this.lines[role].length) this.#note(part.player, `${role} where it rests`);
      this.lines[role] = line;
      this.#putBack([part], left);
    }
  }

  /** Parts that go on where the one with a role stops: of its channel, in its track or in another before or after it. */
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
      .slice(0, MOST_STAND_INS);
  }

  /** What is left and not named for another role, the best first. */
  #ranking(role: PitchedRole): Part[] {
    const others = ROLES.filter((other) => other !== role).flatMap((other) => this.#options.parts?.[other] ?? []);
    const parts = this.#parts.filter(({ player }) => !others.some((name) => isNamed(player, name)));
    if (parts.length === 0) return [];
    const scores = scoreParts(parts, role, this.#weights, this.lines.melody);
    return [...parts.keys()].sort((a, b) => scores[b] - scores[a]).map((index) => parts[index]);
  }

  #note(player: Player, role: string): void {
    this.#became.set(player, [...(this.#became.get(player) ?? []), role]);
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
