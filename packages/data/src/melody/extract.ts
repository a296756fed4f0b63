import type { Note } from '@chipsmith/apu';
import type { Song } from '../song.ts';
import { stepTicks } from '../timing/tempo.ts';
import { type Melody, NO_EVENT, NOTE_OFF } from './alphabet.ts';

/** 16th notes in a bar of 4/4. */
export const STEPS_PER_BAR = 16;

/** When a voice gives a melody, and when it is thrown away. */
export interface ExtractionRules {
  /** Shortest melody, in bars of 16 steps. */
  readonly minimumBars: number;
  /** Fewest different pitch classes. */
  readonly minimumPitchClasses: number;
  /** A rest of this many bars of 16 steps ends a melody; the next begins with the bar of the next note. */
  readonly gapBars: number;
  /** Longer melodies are cut to this many steps; undefined keeps them whole. */
  readonly maximumSteps: number | undefined;
  /** Two notes that start in one step: keep the pitch that sounds longest, or discard the voice. */
  readonly crowdedStep: 'keep-longest' | 'discard-voice';
  /** A rise of the volume by this much (of 15) on the grid strikes the note again; undefined: notes are as written. */
  readonly restrikeRise: number | undefined;
}

/**
 * Rules for NES music. They depart from Magenta's in four ways: pieces are short (median 22 s, jingles of a few bars), so two
 * bars and three pitch classes are enough; nothing is cut, because training takes windows of any length; a step with two
 * starts (grace notes, arpeggios, vibrato) does not cost the voice; and a jump of the volume strikes a held pitch again.
 */
export const NES_RULES: ExtractionRules = {
  minimumBars: 2,
  minimumPitchClasses: 3,
  gapBars: 1,
  maximumSteps: undefined,
  crowdedStep: 'keep-longest',
  restrikeRise: 3,
};

/** The defaults of melody_rnn_create_dataset (magenta 2.1.4). */
export const MAGENTA_RULES: ExtractionRules = {
  minimumBars: 7,
  minimumPitchClasses: 5,
  gapBars: 1,
  maximumSteps: 512,
  crowdedStep: 'discard-voice',
  restrikeRise: undefined,
};

/** The melodies of a voice; where there are none, why. */
export interface Extraction {
  readonly melodies: readonly Melody[];
  readonly reason: string | undefined;
}

/** Takes the melodies out of one voice of a song, on the 16th-note grid of the song's tempo. `notes` must not be empty. */
export function extractMelodies(notes: readonly Note[], song: Song, rules: ExtractionRules): Extraction {
  const grid = gridOf(song);
  const struck: readonly PlainNote[] =
    rules.restrikeRise === undefined ? notes : splitRestruck(notes, grid, rules.restrikeRise);
  const barSteps = Math.max(1, Math.round((song.meter.beats * STEPS_PER_BAR) / song.meter.unit));
  const melodies: Melody[] = [];
  let reason: string | undefined;
  for (const phrase of splitAtRests(quantise(struck, grid), rules.gapBars * STEPS_PER_BAR)) {
    if (rules.crowdedStep === 'discard-voice' && phrase.some(({ crowded }) => crowded)) {
      reason ??= 'two notes start in one step';
      break;
    }
    const melody = melodyOf(phrase, barSteps).slice(0, rules.maximumSteps);
    const pitchClasses = new Set(melody.filter((event) => event >= 0).map((pitch) => pitch % 12)).size;
    if (melody.length < rules.minimumBars * STEPS_PER_BAR) reason ??= `shorter than ${rules.minimumBars} bars`;
    else if (pitchClasses < rules.minimumPitchClasses)
      reason ??= `fewer than ${rules.minimumPitchClasses} pitch classes`;
    else melodies.push(melody);
  }
  return { melodies, reason: melodies.length > 0 ? undefined : reason };
}

/** What of a note a melody has. */
type PlainNote = Pick<Note, 'start' | 'end' | 'pitch'>;

/** The 16th-note grid: ticks of a step, and where a time lies on it, in steps. */
interface Grid {
  readonly stepTicks: number;
  position(time: number): number;
}

function gridOf({ tempo }: Song): Grid {
  const ticks = stepTicks(tempo);
  return { stepTicks: ticks, position: (time) => (time - tempo.firstBeat) / ticks };
}

/** A restrike falls within this share of a step of the grid, */
const RESTRIKE_NEARNESS = 0.25;
/** and at least this many steps after the last: tremolo is quicker, and off the grid. */
const RESTRIKE_DISTANCE = 0.75;

/**
 * A register log knows no note that is struck again at the same pitch without a pause: only the volume jumps up. Such notes are
 * split at the jumps. (NES-MDB, valid: 77 % of jumps by 3 or more of 15 lie within 0.2 steps of the grid; by chance 40 % would.)
 */
function splitRestruck(notes: readonly Note[], grid: Grid, rise: number): PlainNote[] {
  return notes.flatMap((note) => {
    const strikes = [note.start];
    for (const [index, { time, value }] of note.volume.entries()) {
      const before = note.volume[index - 1]?.value ?? value;
      const position = grid.position(time);
      const onGrid = Math.abs(position - Math.round(position)) <= RESTRIKE_NEARNESS;
      const sinceLast = (time - strikes[strikes.length - 1]) / grid.stepTicks;
      if (value - before >= rise && onGrid && sinceLast >= RESTRIKE_DISTANCE) strikes.push(time);
    }
    return strikes.map((start, index) => ({ start, end: strikes[index + 1] ?? note.end, pitch: note.pitch }));
  });
}

/** A note on the grid. */
interface StepNote {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  /** More than one note of the voice starts in this step. */
  readonly crowded: boolean;
  /** No silence before the first note of this step. */
  readonly legato: boolean;
}

/** At most one note a step: of those that start in it, the pitch that sounds longest, of equals the highest. */
function quantise(notes: readonly PlainNote[], grid: Grid): StepNote[] {
  const stepOf = (time: number) => Math.floor(grid.position(time) + 0.5);
  const quantised: StepNote[] = [];
  for (let index = 0; index < notes.length; ) {
    const start = stepOf(notes[index].start);
    const first = index;
    const sounding = new Map<number, number>();
    for (; index < notes.length && stepOf(notes[index].start) === start; index++) {
      const { pitch, start: from, end: to } = notes[index];
      sounding.set(pitch, (sounding.get(pitch) ?? 0) + to - from);
    }
    const [pitch] = [...sounding].reduce((best, next) =>
      next[1] > best[1] || (next[1] === best[1] && next[0] > best[0]) ? next : best,
    );
    // A note shorter than half a step still takes one.
    const end = Math.max(start + 1, stepOf(notes[index - 1].end));
    const crowded = index - first > 1;
    const legato = first > 0 && notes[first - 1].end === notes[first].start;
    const previous = quantised.at(-1);
    if (previous && previous.end > start) quantised[quantised.length - 1] = { ...previous, end: start };
    quantised.push({ start, end, pitch, crowded, legato });
  }
  return quantised;
}

function splitAtRests(notes: readonly StepNote[], gap: number): StepNote[][] {
  const phrases: StepNote[][] = [];
  for (const note of notes) {
    const phrase = phrases.at(-1);
    const previous = phrase?.at(-1);
    if (phrase && previous && note.start - previous.end < gap) phrase.push(note);
    else phrases.push([note]);
  }
  return phrases;
}

/** The events of a phrase, from the start of the bar of its first note to the end of its last. */
function melodyOf(phrase: readonly StepNote[], barSteps: number): Melody {
  const first = phrase[0];
  const last = phrase[phrase.length - 1];
  // Of longer bars (3/2, 12/8) whole 16 steps of rest are left out.
  const origin = first.start - (modulo(first.start, barSteps) % STEPS_PER_BAR);
  const melody: Melody = new Array(last.end - origin).fill(NO_EVENT);
  for (const [index, note] of phrase.entries()) {
    const previous = phrase[index - 1];
    // A pitch that comes back after an ornament (vibrato, arpeggio) without a silence goes on; it is not struck again.
    const goesOn = previous?.pitch === note.pitch && note.legato && (previous.crowded || note.crowded);
    melody[note.start - origin] = goesOn ? NO_EVENT : note.pitch;
    if (note.end < last.end) melody[note.end - origin] = NOTE_OFF;
  }
  return melody;
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
