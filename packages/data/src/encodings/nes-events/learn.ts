import { VOICE_NAMES } from '@chipsmith/apu';
import type { FrameNote } from './frame-note.ts';
import type { FrameSong } from './frames.ts';
import { formatMacro, type Macro, type Macros, macroOf, parseMacro, valueAt } from './macro.ts';
import { PhraseFinder } from './phrases.ts';

export interface LearnOptions {
  /** How many macros of each kind at most. */
  readonly arpeggios: number;
  readonly volumes: number;
  readonly duties: number;
  /**
   * A macro must occur in this many groups of songs, so that it is a habit of musicians and not a piece of one tune.
   */
  readonly fewestGroups: number;
}

/** A song to learn from; songs of one game are one group. */
export interface LearnSong {
  readonly group: string;
  readonly song: FrameSong;
}

/** Only this much of a note shapes a macro: about a second. */
const LONGEST_SHAPE = 64;
/** What one group counts at most for one shape: a long song is one voice among many. */
const MAX_OF_GROUP = 50;
/** A note of an arpeggio or a vibrato lasts at most this many frames. */
const FAST = 4;
/** Notes that a run must have. */
const MIN_NOTES = 3;

/** Learns macros: those that describe the most notes exactly, each chosen after what the ones before it describe. */
export function learnMacros(songs: readonly LearnSong[], options: LearnOptions): Macros {
  const runs = new Shapes();
  for (const { group, song } of songs) {
    for (const voice of VOICE_NAMES) for (const run of fastRuns(song.voices[voice])) runs.add(run, group);
  }
  const moving = runs.choose(options.arpeggios, options.fewestGroups).filter((macro) => formatMacro(macro) !== '0');
  const arpeggios = [parseMacro('0'), ...moving].slice(0, options.arpeggios);

  const volumes = new Shapes();
  const duties = new Shapes();
  const phrases = new PhraseFinder(arpeggios);
  for (const { group, song } of songs) {
    for (const voice of VOICE_NAMES) {
      if (voice === 'triangle') continue;
      for (const phrase of phrases.phrasesOf(song.voices[voice])) {
        volumes.add(phrase.volumes, group);
        duties.add(phrase.duties, group);
      }
    }
  }
  return {
    arpeggios,
    volumes: volumes.choose(options.volumes, options.fewestGroups),
    duties: duties.choose(options.duties, options.fewestGroups),
  };
}

/** The pitches, frame by frame above the first, of notes without gaps of which all but the first and last are fast. */
function* fastRuns(notes: readonly FrameNote[]): Generator<number[]> {
  for (let index = 0; index < notes.length; index++) {
    const pitches: number[] = [];
    let count = 0;
    let isSlow = false;
    for (let note = index; note < notes.length && !isSlow; note++) {
      const { start, pitch, volumes } = notes[note];
      if (start !== notes[index].start + pitches.length || (count > 0 && pitch === notes[note - 1].pitch)) break;
      isSlow = count > 0 && volumes.length > FAST;
      // A loop shows where its end is not drawn out.
      if (isSlow && count >= MIN_NOTES) yield [...pitches];
      for (const _ of volumes) pitches.push(pitch - notes[index].pitch);
      count++;
    }
    if (count < MIN_NOTES) continue;
    yield pitches;
    index += count - 1;
  }
}

/** Sequences of values with how often they occur. */
class Shapes {
  readonly #counts = new Map<string, Map<string, number>>();

  add(values: readonly number[], group: string): void {
    const key = values.slice(0, LONGEST_SHAPE).join(' ');
    const groups = this.#counts.get(key) ?? new Map<string, number>();
    groups.set(group, Math.min(MAX_OF_GROUP, (groups.get(group) ?? 0) + 1));
    this.#counts.set(key, groups);
  }

  /** The macros that give the most of these sequences, or the beginnings that are these sequences, exactly. */
  choose(count: number, fewestGroups: number): Macro[] {
    const chosen: Macro[] = [];
    const given = new Set<string>();
    const queue = this.#candidates(fewestGroups).sort((a, b) => b.score - a.score);
    for (let best = queue.shift(); best !== undefined && chosen.length < count; best = queue.shift()) {
      const score = this.#scoreOf(best.keys.filter((key) => !given.has(key)));
      // Scores only fall as sequences are given, so the highest whose score is still true is the best.
      if (score < best.score) {
        const place = queue.findIndex((other) => other.score <= score);
        queue.splice(place < 0 ? queue.length : place, 0, { ...best, score });
      } else {
        if (score === 0) break;
        chosen.push(best.macro);
        for (const key of best.keys) given.add(key);
      }
    }
    return chosen;
  }

  /** A macro for each sequence, with the others that it gives as well; those that too few groups know are left out. */
  #candidates(fewestGroups: number): Candidate[] {
    const candidates = new Map<string, Candidate>();
    for (const key of this.#counts.keys()) {
      const macro = macroOf(key.split(' ').map(Number));
      const text = formatMacro(macro);
      if (candidates.has(text)) continue;
      const all = beginnings(macro);
      const keys = all.filter((beginning) => this.#counts.has(beginning));
      // Half of the shape or more must have been heard there, for a short beginning fits anything.
      const half = all[Math.floor(key.split(' ').length / 2)];
      const long = keys.filter((each) => each.length >= half.length);
      const groups = new Set(long.flatMap((each) => [...(this.#counts.get(each)?.keys() ?? [])]));
      if (groups.size < fewestGroups) continue;
      candidates.set(text, { macro, keys, score: this.#scoreOf(keys) });
    }
    return [...candidates.values()];
  }

  /** How often sequences occur, each up to MAX_OF_GROUP times a group. */
  #scoreOf(keys: readonly string[]): number {
    const counts = keys.flatMap((key) => [...(this.#counts.get(key)?.values() ?? [])]);
    return counts.reduce((sum, times) => sum + times, 0);
  }
}

/** A macro, and the sequences that it gives. */
interface Candidate {
  readonly macro: Macro;
  readonly keys: readonly string[];
  /** How often those occurred, when it was last counted, that no macro chosen before gives. */
  readonly score: number;
}

/** The macro's first 1, 2, ... values as keys. */
function beginnings(macro: Macro): string[] {
  const keys: string[] = [];
  for (let frame = 0; frame < LONGEST_SHAPE; frame++) {
    keys.push(frame === 0 ? String(valueAt(macro, 0)) : `${keys[frame - 1]} ${valueAt(macro, frame)}`);
  }
  return keys;
}
