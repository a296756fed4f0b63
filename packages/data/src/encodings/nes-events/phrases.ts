import { isJoined } from './clocked-triangle.ts';
import type { FrameNote } from './frame-note.ts';
import { type Macro, valueAt } from './macro.ts';
import { QUARTERS } from './quarter-clock.ts';
import { LONGEST_GATE } from './vocabulary.ts';

/**
 * Notes that follow each other without a gap and are one pitch macro above `pitch`: mostly one note, or an arpeggio.
 */
export interface Phrase extends FrameNote {
  /** Number of the pitch macro. */
  readonly arpeggio: number;
}

/** Number of the pitch macro that does nothing; it stands first in every list of them. */
export const PLAIN = 0;
/** Notes that a change of macro must save: it is one event itself, and so mostly is the change back. */
const WORTH_A_CHANGE = 2;

/** Puts notes together where one of the pitch macros gives several of them; a macro is kept as long as it serves. */
export class PhraseFinder {
  readonly #arpeggios: readonly Macro[];
  /** Numbers of the macros, in order, by where and how they first leave the note's pitch. */
  readonly #byFirstChange = new Map<string, number[]>();

  constructor(arpeggios: readonly Macro[]) {
    this.#arpeggios = arpeggios;
    for (const [number, macro] of arpeggios.entries()) {
      const { intro, loop } = macro;
      const frame = [...intro, ...loop].findIndex((interval) => interval !== 0);
      if (frame === -1) continue;
      const key = changeKey(frame, valueAt(macro, frame));
      this.#byFirstChange.set(key, [...(this.#byFirstChange.get(key) ?? []), number]);
    }
  }

  phrasesOf(notes: readonly FrameNote[]): Phrase[] {
    const phrases: Phrase[] = [];
    let current = PLAIN;
    for (let index = 0; index < notes.length; ) {
      let count = notesCovered(notes, index, this.#arpeggios[current]);
      if (count === 0) {
        current = PLAIN;
        count = 1;
      }
      const kept = count;
      for (const candidate of this.#candidates(notes[index], notes[index + 1])) {
        const covered = notesCovered(notes, index, this.#arpeggios[candidate]);
        if (covered <= count || covered - kept < WORTH_A_CHANGE) continue;
        current = candidate;
        count = covered;
      }
      phrases.push(phraseOf(notes.slice(index, index + count), current));
      index += count;
    }
    return phrases;
  }

  /** The macros that give more than the first of two notes; any other does no more than the plain one. */
  #candidates(note: FrameNote, next: FrameNote | undefined): readonly number[] {
    if (next === undefined || !isJoined(note, next.start)) return [];
    return this.#byFirstChange.get(changeKey(note.volumes.length, next.pitch - note.pitch)) ?? [];
  }
}

function changeKey(frame: number, interval: number): string {
  return `${frame} ${interval}`;
}

/** One phrase of notes that a macro gives. */
function phraseOf(notes: readonly FrameNote[], arpeggio: number): Phrase {
  const [first] = notes;
  if (notes.length === 1) return { ...first, arpeggio };
  const last = notes[notes.length - 1];
  const quarters = last.quarters && last.quarters + (last.start - first.start) * QUARTERS;
  return {
    start: first.start,
    pitch: first.pitch,
    volumes: notes.flatMap((note) => note.volumes),
    duties: notes.flatMap((note) => note.duties),
    quarters: quarters && quarters <= LONGEST_GATE ? quarters : undefined,
    arpeggio,
  };
}

/** How many notes from `index` on sound frame for frame as the macro above the first one's pitch. */
function notesCovered(notes: readonly FrameNote[], index: number, macro: Macro): number {
  const { pitch: base } = notes[index];
  let frame = 0;
  let note = index;
  while (note < notes.length) {
    const { pitch, volumes } = notes[note];
    // A repeated pitch is struck again, which a macro cannot say.
    if (note > index && (!isJoined(notes[note - 1], notes[note].start) || pitch === notes[note - 1].pitch)) break;
    for (let within = 0; within < volumes.length; within++) {
      if (base + valueAt(macro, frame + within) !== pitch) return note - index;
    }
    frame += volumes.length;
    note++;
  }
  return note - index;
}

/**
 * The notes of a phrase: a new one wherever the macro changes the pitch. Pitches outside the voice's range are moved
 * into it.
 */
export function notesOfPhrase(phrase: FrameNote, macro: Macro, lowest: number, highest: number): FrameNote[] {
  const { start, volumes, duties, quarters } = phrase;
  const pitches = volumes.map((_, frame) => Math.min(highest, Math.max(lowest, phrase.pitch + valueAt(macro, frame))));
  const notes: FrameNote[] = [];
  for (let from = 0; from < pitches.length; ) {
    const pitch = pitches[from];
    let to = from + 1;
    while (pitches[to] === pitch) to++;
    notes.push({
      start: start + from,
      pitch,
      volumes: volumes.slice(from, to),
      duties: duties.slice(from, to),
      quarters: to === pitches.length && quarters ? quarters - from * QUARTERS : undefined,
    });
    from = to;
  }
  return notes;
}
