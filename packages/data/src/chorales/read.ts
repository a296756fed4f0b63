import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { z } from 'zod';
import { DataError, messageOf } from '../error.ts';
import type { FoundSong, SongReading } from '../reading.ts';
import { FrameNotes } from '../timing/frame-notes.ts';

/** Chorales are sung at about 80 quarter notes a minute; the files know no tempo, only the grid. */
const QUARTERS_PER_MINUTE = 80;
const VOLUME = 12;
const DUTY = 2;

/** A step of the grid: soprano, alto, tenor and bass as MIDI note numbers, -1 for a rest. */
const step = z.tuple([z.int(), z.int(), z.int(), z.int()]);
/** Split -> chorales -> steps. The longest chorale has 640 steps. */
const schema = z.record(z.string(), z.array(z.array(step).min(1).max(100_000)));

/**
 * Reads the Bach chorales of the JSB-Chorales-dataset (its JSON files of separate voices). Soprano goes to pulse 1, alto to
 * pulse 2, bass to the triangle; the tenor is left out. The files do not tell held notes from repeated ones: equal steps in a
 * row are one note. A step is a 16th, or what the file's name says (`quarter`, `8th`). The grid counts as given, at 80
 * quarters a minute in 4/4, as the files know neither. Each chorale keeps its split.
 *
 * @param name the file's name, for paths and messages
 * @throws DataError if it is no such file
 */
export function readChorales(bytes: Uint8Array, name: string): FoundSong[] {
  const quartersPerStep = /quarter/i.test(name) ? 1 : /8th/i.test(name) ? 1 / 2 : 1 / 4;
  return Object.entries(parse(bytes, name)).flatMap(([split, chorales]) =>
    chorales.map((steps, index): FoundSong => {
      const number = String(index + 1).padStart(3, '0');
      const path = `${name}/${split}/${number}`;
      const reading = songOf(steps, `Chorale ${split} ${number}`, quartersPerStep);
      return typeof reading === 'string' ? { path, problem: reading } : { path, reading };
    }),
  );
}

function parse(bytes: Uint8Array, name: string): z.infer<typeof schema> {
  const remedy = 'give a file of the JSB-Chorales-dataset such as Jsb16thSeparated.json';
  // One character a byte, so that places in the text are bytes.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DataError(`${name}, byte ${faultOf(text)}`, 'is no JSON', remedy);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DataError(`${name}, field ${issue.path.join('.') || '(all)'}`, issue.message, remedy);
}

/** The first character that no JSON text could have there; the length of the text if it is only cut short. */
function faultOf(text: string): number {
  // Not every message tells the place: of the beginnings of the text, the longest that could go on is searched.
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const length = (good + bad) >> 1;
    if (couldGoOn(text.slice(0, length))) good = length;
    else bad = length;
  }
  return good;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = messageOf(error);
    const place = /position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated/.test(message) || Number(place) === beginning.length;
  }
}

/** The song, or why there is none. */
function songOf(steps: readonly z.infer<typeof step>[], title: string, quartersPerStep: number): SongReading | string {
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
        return `step ${index}: pitch ${pitch} is outside ${lowest}..108, all the voice can play`;
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
