import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { DataError, type FilePlace, messageOf } from '../../error.ts';
import { FrameNotes } from '../../timing/frame-notes.ts';
import type { FoundSong, SongReading } from '../reading.ts';

/** Chorales are sung at about 80 quarter notes a minute; the files know no tempo, only the grid. */
const QUARTERS_PER_MINUTE = 80;
const VOLUME = 12;
const DUTY = 2;

/** Soprano, alto, tenor and bass of a step of the grid as MIDI note numbers, -1 for a rest. */
const PARTS = 4;
/** The longest chorale has 640 steps, and the dataset 382 chorales; what claims far more would only fill the memory. */
const MAX_STEPS = 10_000;
const MAX_CHORALES = 10_000;
/**
 * Chorales are 4 deep. Four million lists in one another, as many as a file may hold, take JSON.parse 0.3 s and 150 MB.
 */
const MAX_DEPTH = 16;

/**
 * Reads the Bach chorales of the JSB-Chorales-dataset (its JSON files of separate voices). Soprano goes to pulse 1,
 * alto to pulse 2, bass to the triangle; the tenor is left out. The files do not tell held notes from repeated ones:
 * equal steps in a row are one note. A step is a 16th, or what the file's name says (`quarter`, `8th`). The grid counts
 * as given, at 80 quarters a minute in 4/4, as the files know neither. Each chorale keeps its split.
 *
 * @param name the file's name, for paths and messages
 * @throws DataError if it is no such file
 */
export function readChorales(bytes: Uint8Array, name: string): FoundSong[] {
  const quartersPerStep = /quarter/i.test(name) ? 1 : /8th/i.test(name) ? 1 / 2 : 1 / 4;
  const splits = checked(parse(bytes, name), (path, problem) => {
    throw new DataError(name, problem, REMEDY, placeOf(path));
  });
  return splits.flatMap(({ split, chorales }) =>
    chorales.map((steps, index): FoundSong => {
      const number = String(index + 1).padStart(3, '0');
      const path = `${name}/${split}/${number}`;
      const found = songOf(steps, `Chorale ${split} ${number}`, quartersPerStep);
      if ('song' in found) return { path, reading: found };
      return { path, problem: found.problem, place: placeOf([split, index, ...found.at]) };
    }),
  );
}

const REMEDY = 'give a file of the JSB-Chorales-dataset such as Jsb16thSeparated.json';

function parse(bytes: Uint8Array, name: string): unknown {
  const text = new TextDecoder().decode(bytes);
  if (isDeep(text)) throw new DataError(name, `is nested more than ${MAX_DEPTH} deep`, REMEDY);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(name, `is not JSON (${messageOf(error)})`, REMEDY);
  }
}

/** Whether a text opens more brackets than chorales have, counting those inside strings too. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function placeOf(path: FieldPath): FilePlace {
  return { within: `field ${path.join('.') || '(all)'}` };
}

/** Keys and indices that lead to a value. */
type FieldPath = readonly (string | number)[];
type Refuse = (path: FieldPath, problem: string) => never;
type Step = readonly number[];

/**
 * Splits, of chorales, of steps. By hand and not by a schema, which would list every fault of a damaged file before it
 * ends.
 */
function checked(value: unknown, refuse: Refuse): { split: string; chorales: readonly (readonly Step[])[] }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse([], 'is not an object of splits');
  const splits = Object.entries(value).map(([split, content]) => {
    const chorales = listOf(content, [split], refuse);
    return { split, chorales: chorales.map((chorale, index) => stepsOf(chorale, [split, index], refuse)) };
  });
  const count = splits.reduce((sum, { chorales }) => sum + chorales.length, 0);
  return count <= MAX_CHORALES ? splits : refuse([], `has more than ${MAX_CHORALES} chorales`);
}

function listOf(value: unknown, path: FieldPath, refuse: Refuse): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(path, 'is not a list');
}

function stepsOf(value: unknown, path: FieldPath, refuse: Refuse): Step[] {
  const steps = listOf(value, path, refuse);
  if (steps.length < 1 || steps.length > MAX_STEPS) refuse(path, `has ${steps.length} steps, not 1..${MAX_STEPS}`);
  return steps.map((content, index) => {
    const step = listOf(content, [...path, index], refuse);
    if (step.length !== PARTS) refuse([...path, index], `has ${step.length} pitches, not ${PARTS}`);
    return step.map((pitch, part) =>
      typeof pitch === 'number' && Number.isInteger(pitch)
        ? pitch
        : refuse([...path, index, part], 'is not a whole number'),
    );
  });
}

/** The song, or what is wrong with which pitch. */
function songOf(
  steps: readonly Step[],
  title: string,
  quartersPerStep: number,
): SongReading | { readonly problem: string; readonly at: FieldPath } {
  const stepTicks = (TICKS_PER_SECOND * 60 * quartersPerStep) / QUARTERS_PER_MINUTE;
  const timeOf = (frame: number) => Math.round(frame * stepTicks);
  const parts = [
    { part: 0, lowest: 33, volume: VOLUME, duty: DUTY },
    { part: 1, lowest: 33, volume: VOLUME, duty: DUTY },
    { part: 3, lowest: 21, volume: 15, duty: 0 },
  ].map((line) => ({ ...line, notes: new FrameNotes(timeOf) }));
  for (const [index, pitches] of steps.entries()) {
    for (const { part, lowest, volume, duty, notes } of parts) {
      const pitch = pitches[part];
      if (pitch !== -1 && (pitch < lowest || pitch > 108))
        return { problem: `pitch ${pitch} is outside ${lowest}..108, all the voice can play`, at: [index, part] };
      notes.add(index, pitch === -1 ? undefined : { pitch, volume, duty });
    }
  }
  const [pulse1, pulse2, triangle] = parts.map(({ notes }) => {
    notes.end(steps.length);
    return notes.notes;
  });
  const song = {
    title,
    voices: { pulse1, pulse2, triangle, noise: [] },
    duration: timeOf(steps.length),
    tempo: { beatsPerMinute: QUARTERS_PER_MINUTE, firstBeat: 0, origin: 'given' as const, confidence: 1 },
    meter: { beats: 4, unit: 4 as const, origin: 'assumed' as const },
  };
  return { song, repairs: ['left out the tenor'] };
}
