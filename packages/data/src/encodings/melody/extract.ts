import type { Note } from '@chipsmith/apu';
import type { Meter, Song } from '../../song.ts';
import { barStart, gridOf, quantise, type StepNote } from '../grid/quantise.ts';
import { splitRestruck } from '../grid/restrike.ts';
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
 * Rules for NES music. They depart from Magenta's in four ways: pieces are short (median 22 s, jingles of a few bars),
 * so two bars and three pitch classes are enough; nothing is cut, because training takes windows of any length; a step
 * with two starts (grace notes, arpeggios, vibrato) does not cost the voice; and a jump of the volume strikes a held
 * pitch again.
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

/**
 * Takes the melodies out of one voice of a song, on the 16th-note grid of the song's tempo. `notes` must not be empty.
 */
export function extractMelodies(notes: readonly Note[], song: Song, rules: ExtractionRules): Extraction {
  const grid = gridOf(song);
  const melodies: Melody[] = [];
  let reason: string | undefined;
  for (const phrase of splitAtRests(
    quantise(splitRestruck(notes, grid, rules.restrikeRise), grid),
    rules.gapBars * STEPS_PER_BAR,
  )) {
    if (rules.crowdedStep === 'discard-voice' && phrase.some(({ crowded }) => crowded)) {
      reason ??= 'two notes start in one step';
      break;
    }
    const melody = melodyOf(phrase, song.meter).slice(0, rules.maximumSteps);
    const pitchClasses = new Set(melody.filter((event) => event >= 0).map((pitch) => pitch % 12)).size;
    if (melody.length < rules.minimumBars * STEPS_PER_BAR) reason ??= `shorter than ${rules.minimumBars} bars`;
    else if (pitchClasses < rules.minimumPitchClasses)
      reason ??= `fewer than ${rules.minimumPitchClasses} pitch classes`;
    else melodies.push(melody);
  }
  return { melodies, reason: melodies.length > 0 ? undefined : reason };
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
function melodyOf(phrase: readonly StepNote[], meter: Meter): Melody {
  const first = phrase[0];
  const last = phrase[phrase.length - 1];
  const origin = barStart(first.start, meter, STEPS_PER_BAR);
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
