import type { FrameNote } from './frames.ts';
import { type Macro, valueAt } from './macro.ts';

/** Notes that follow each other without a gap and are one pitch macro above `pitch`: mostly one note, or an arpeggio. */
export interface Phrase extends FrameNote {
  /** Number of the pitch macro. */
  readonly arpeggio: number;
}

/** Number of the pitch macro that does nothing; it stands first in every list of them. */
export const PLAIN = 0;
/** Notes that a change of macro must save: it is one event itself, and so mostly is the change back. */
const WORTH_A_CHANGE = 2;

/** Puts notes together where one of the pitch macros gives several of them; a macro is kept as long as it serves. */
export function phrasesOf(notes: readonly FrameNote[], arpeggios: readonly Macro[]): Phrase[] {
  const phrases: Phrase[] = [];
  let current = PLAIN;
  for (let index = 0; index < notes.length; ) {
    const { start, volumes } = notes[index];
    const isAlone = notes[index + 1]?.start !== start + volumes.length;
    const cover = (macro: number) => notesCovered(notes, index, arpeggios[macro]);
    const kept = cover(current) > 0 ? current : PLAIN;
    const counts = isAlone ? [] : arpeggios.map((_, macro) => cover(macro));
    const best = isAlone ? kept : counts.indexOf(Math.max(...counts));
    current = !isAlone && counts[best] - counts[kept] >= WORTH_A_CHANGE ? best : kept;
    const covered = notes.slice(index, index + cover(current));
    phrases.push({
      start: notes[index].start,
      pitch: notes[index].pitch,
      volumes: covered.flatMap(({ volumes }) => volumes),
      duties: covered.flatMap(({ duties }) => duties),
      arpeggio: current,
    });
    index += covered.length;
  }
  return phrases;
}

/** How many notes from `index` on sound frame for frame as the macro above the first one's pitch. */
function notesCovered(notes: readonly FrameNote[], index: number, macro: Macro): number {
  const { start, pitch: base } = notes[index];
  let frame = 0;
  let note = index;
  while (note < notes.length && notes[note].start === start + frame) {
    const { pitch, volumes } = notes[note];
    // A repeated pitch is struck again, which a macro cannot say.
    if (note > index && pitch === notes[note - 1].pitch) break;
    for (let within = 0; within < volumes.length; within++) {
      if (base + valueAt(macro, frame + within) !== pitch) return note - index;
    }
    frame += volumes.length;
    note++;
  }
  return note - index;
}

/** The notes of a phrase: a new one wherever the macro changes the pitch. Pitches outside the voice's range are moved into it. */
export function notesOfPhrase(phrase: Phrase, macro: Macro, lowest: number, highest: number): FrameNote[] {
  const { start, volumes, duties } = phrase;
  const pitches = volumes.map((_, frame) => Math.min(highest, Math.max(lowest, phrase.pitch + valueAt(macro, frame))));
  const starts = pitches.flatMap((pitch, frame) => (pitch === pitches[frame - 1] ? [] : [frame]));
  return starts.map((from, index) => ({
    start: start + from,
    pitch: pitches[from],
    volumes: volumes.slice(from, starts[index + 1]),
    duties: duties.slice(from, starts[index + 1]),
  }));
}
