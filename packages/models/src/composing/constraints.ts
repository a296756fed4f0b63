import { type Encoding, TIME_TOLERANCE } from '@chipsmith/data';
import { z } from 'zod';
import { type Progress, wholeBars } from './progress.ts';

const TONICS = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'] as const;

/** Semitones above the tonic. */
const SCALES = {
  major: [0, 2, 4, 5, 7, 9, 11],
  minor: [0, 2, 3, 5, 7, 8, 10],
  'harmonic-minor': [0, 2, 3, 5, 7, 8, 11],
  dorian: [0, 2, 3, 5, 7, 9, 10],
  mixolydian: [0, 2, 4, 5, 7, 9, 10],
  pentatonic: [0, 2, 4, 7, 9],
  'minor-pentatonic': [0, 3, 5, 7, 10],
} as const;
type Scale = keyof typeof SCALES;
const SCALE_NAMES = Object.keys(SCALES) as [Scale, ...Scale[]];

/** Semitones from the tonic of a scale up to that of the major scale with its notes. */
const RELATIVE_MAJOR: Readonly<Record<Scale, number>> = {
  major: 0,
  minor: 3,
  'harmonic-minor': 3,
  dorian: 10,
  mixolydian: 5,
  pentatonic: 0,
  'minor-pentatonic': 3,
};

const BEATS_PER_BAR = 4;

/** Settings that keep music within limits. */
export const CONSTRAINT_SETTINGS = {
  key: z
    .enum(TONICS)
    .optional()
    .describe('start no notes outside the scale on this one (C where only a scale is given)'),
  scale: z.enum(SCALE_NAMES).optional().describe('the scale to keep to (major where only a key is given)'),
  lowestPitch: z.int().min(0).max(127).optional().describe('start no notes below this MIDI note number'),
  highestPitch: z.int().min(0).max(127).optional().describe('start no notes above this MIDI note number'),
  mostNotes: z.int().min(1).max(1024).optional().describe('most notes that start in a bar of 4/4'),
  longestRest: z.number().min(0.25).max(64).optional().describe('most beats from the start of a note to the next one'),
  fewestNotes: z.int().min(1).max(1024).optional().describe('fewest notes that start in a bar of 4/4'),
} as const;

const KEY_SETTINGS = z.object({ key: CONSTRAINT_SETTINGS.key, scale: CONSTRAINT_SETTINGS.scale });

/**
 * What brings music of an encoding in C into the key of some settings: the semitones that such an encoding would have moved
 * that key up by, -6..5. A mask alone would leave of C only the notes that both keys share. 0 where no key is asked for, or
 * the encoding keeps keys.
 */
export function keyTransposition(settings: Readonly<Record<string, unknown>>, { inC = false }: Encoding): number {
  const { key, scale } = KEY_SETTINGS.parse(settings);
  if (!inC || (key === undefined && scale === undefined)) return 0;
  const tonic = (TONICS.indexOf(key ?? 'C') + RELATIVE_MAJOR[scale ?? 'major']) % 12;
  return ((18 - tonic) % 12) - 6;
}

export type Constraints = z.infer<z.ZodObject<typeof CONSTRAINT_SETTINGS>>;

/** Limits that exclude each other: the schema of settings that hold constraints refuses them. */
export function requireConsistent<Schema extends z.ZodType<Constraints>>(settings: Schema): Schema {
  const inOrder = (least: number | undefined, most: number | undefined) =>
    least === undefined || most === undefined || least <= most;
  const product = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a * b;
  return settings
    .refine(({ lowestPitch, highestPitch }) => inOrder(lowestPitch, highestPitch), {
      path: ['lowestPitch'],
      message: 'must not be above highestPitch',
    })
    .refine(({ fewestNotes, mostNotes }) => inOrder(fewestNotes, mostNotes), {
      path: ['fewestNotes'],
      message: 'must not be above mostNotes',
    })
    .refine(({ mostNotes, longestRest }) => inOrder(BEATS_PER_BAR, product(mostNotes, longestRest)), {
      path: ['mostNotes'],
      message: 'must be enough for a note each longestRest beats',
    });
}

/** Entry n tells whether event n may come next. */
export type Mask = readonly boolean[];

/** Of what the grammar allows next, what constraints allow too. */
export type Restriction = (allowed: Mask, progress: Progress) => Mask;

/**
 * Constraints as masks over events. Where no event would be left, constraints give way, and those of the end of this
 * list first: the end of the music not before its time, pitch range, key and scale, most notes, longest rest, fewest
 * notes. What the grammar does not allow never comes.
 *
 * Notes count where they are chosen: in an encoding that tells the time of a note after its pitch, where the note
 * before started.
 *
 * @param transposition semitones that the encoding moved the music up by; constraints speak of the pitches that are
 *   heard
 */
export function restrictionOf(constraints: Constraints, encoding: Encoding, transposition: number): Restriction {
  const classes = Array.from({ length: encoding.classes }, (_, event) => event);
  const pitches = classes.map((event) => encoding.pitchesOf(event).map((pitch) => pitch - transposition));
  const rules = [
    ...(encoding.isEnd === undefined ? [] : [staticRule(classes.map((event) => !encoding.isEnd?.(event)))]),
    ...pitchRules(constraints, pitches),
    ...timeRules(constraints, encoding, pitches),
  ];
  return (allowed, progress) => {
    let kept = allowed;
    for (const rule of rules) {
      const narrower = kept.map((isAllowed, event) => isAllowed && rule(event, progress));
      if (narrower.includes(true)) kept = narrower;
    }
    return kept;
  };
}

/** Whether a constraint allows an event. */
type Rule = (event: number, progress: Progress) => boolean;

function staticRule(mask: Mask): Rule {
  return (event) => mask[event];
}

function pitchRules({ key, scale, lowestPitch, highestPitch }: Constraints, pitches: readonly number[][]): Rule[] {
  const rules: Rule[] = [];
  const keepTo = (isIn: (pitch: number) => boolean) => rules.push(staticRule(pitches.map((all) => all.every(isIn))));
  if (lowestPitch !== undefined || highestPitch !== undefined) {
    const [lowest, highest] = [lowestPitch ?? Number.NEGATIVE_INFINITY, highestPitch ?? Number.POSITIVE_INFINITY];
    keepTo((pitch) => pitch >= lowest && pitch <= highest);
  }
  if (key !== undefined || scale !== undefined) {
    const tonic = TONICS.indexOf(key ?? 'C');
    const degrees: readonly number[] = SCALES[scale ?? 'major'];
    // Pitches may be below 0 once transposed.
    keepTo((pitch) => degrees.includes((((pitch - tonic) % 12) + 12) % 12));
  }
  return rules;
}

function timeRules(
  { mostNotes, longestRest, fewestNotes }: Constraints,
  encoding: Encoding,
  pitches: readonly number[][],
): Rule[] {
  const rules: Rule[] = [];
  const notesOf = (event: number) => pitches[event].length;
  const longest = (longestRest ?? Number.POSITIVE_INFINITY) / BEATS_PER_BAR + TIME_TOLERANCE;
  if (mostNotes !== undefined) {
    const fewestNext = pitches.map((_, event) => fewestNotesAfter(event, encoding, pitches));
    rules.push((event, { notesInBar, bars }) => {
      const notes = notesOf(event) + fewestNext[event];
      if (notes === 0) return true;
      // Those that the longest rest asks for in what is left of the bar.
      const toCome = Math.ceil((wholeBars(bars) + 1 - bars) / longest) - 1;
      return notesInBar + notes + Math.max(0, toCome) <= mostNotes;
    });
  }
  if (longestRest !== undefined) {
    rules.push((event, progress) => {
      const onset = notesOf(event) > 0 ? progress.bars : progress.lastOnset;
      return progress.barsAfter(event) - onset <= longest;
    });
  }
  if (fewestNotes !== undefined) {
    const stepOfNote = shortestNote(encoding, pitches);
    rules.push((event, progress) => {
      const bars = progress.barsAfter(event);
      const passed = wholeBars(bars) - wholeBars(progress.bars);
      const missing = fewestNotes - progress.notesInBar - notesOf(event);
      if (passed > 0) return missing <= 0 && passed === 1;
      const left = wholeBars(bars) + 1 - bars;
      return stepOfNote === 0 || missing <= Math.floor(left / stepOfNote + TIME_TOLERANCE);
    });
  }
  return rules;
}

/** Notes that an event makes necessary: 1 where nothing but notes may follow it, such as after a velocity. */
function fewestNotesAfter(event: number, encoding: Encoding, pitches: readonly number[][]): number {
  const next = encoding.allowedAfter(event);
  return next.every((isAllowed, follower) => !isAllowed || pitches[follower].length > 0) ? 1 : 0;
}

/** Time that passes with an event that starts a note, in bars: 0 where several can start together. */
function shortestNote(encoding: Encoding, pitches: readonly number[][]): number {
  const times = pitches.flatMap((all, event) => (all.length > 0 ? encoding.barsOf(event, undefined) : []));
  return times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
}
