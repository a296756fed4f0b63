import type { TuneSymbol, WrittenNote } from './symbols.ts';

/** A tune with all repeats; the longest of the Nottingham collection has ten minutes. */
const MAX_SECONDS = 3600;
/** With all repeats; far above any tune. */
const MAX_SYMBOLS = 100_000;

/** Times in quarter notes. */
export interface PlayedNote {
  readonly start: number;
  end: number;
  readonly pitch: number;
}

export interface PlayedTempo {
  /** Where it begins, in quarter notes. */
  readonly start: number;
  readonly beatsPerMinute: number;
}

/** A tune as it is heard. */
export interface Performance {
  /** The highest notes, and of chords the second ones. */
  readonly voices: readonly [PlayedNote[], PlayedNote[]];
  /** The tempo at the start, and each that differs from the one before. */
  readonly tempos: readonly PlayedTempo[];
  /** Quarter notes up to the first bar line that stands behind music; undefined without any. */
  readonly firstBar: number | undefined;
  /** In quarter notes. */
  readonly duration: number;
  /** Notes of chords for which there is no voice. */
  readonly lowerNotes: number;
  /** It would have lasted longer than an hour, or repeats too often. */
  readonly isCut: boolean;
}

/**
 * Plays symbols in the order in which they come. A tie goes on in a note of its pitch that follows at once; to another
 * pitch, or across a rest, it ties nothing.
 *
 * @param beatsPerMinute quarter notes a minute, unless the symbols begin with a tempo
 */
export function perform(symbols: Iterable<TuneSymbol>, beatsPerMinute: number): Performance {
  const notes = new SoundingNotes();
  const tempos: PlayedTempo[] = [{ start: 0, beatsPerMinute }];
  let firstBar: number | undefined;
  let duration = 0;
  let seconds = 0;
  let count = 0;
  let isCut = false;
  for (const symbol of symbols) {
    const tempo = tempos[tempos.length - 1];
    if ('length' in symbol) seconds += (symbol.length * 60) / tempo.beatsPerMinute;
    isCut = seconds > MAX_SECONDS || ++count > MAX_SYMBOLS;
    if (isCut) break;
    if (symbol.kind === 'tempo' && symbol.beatsPerMinute !== tempo.beatsPerMinute) {
      if (tempo.start === duration) tempos.pop();
      tempos.push({ start: duration, beatsPerMinute: symbol.beatsPerMinute });
    }
    if (symbol.kind === 'bar' && duration > 0) firstBar ??= duration;
    if (!('length' in symbol)) continue;
    const end = duration + symbol.length;
    notes.play(symbol.kind === 'notes' ? symbol.notes : [], duration, end);
    duration = end;
  }
  return { voices: notes.voices, tempos, firstBar, duration, lowerNotes: notes.withoutVoice, isCut };
}

/** Deals notes to two voices, the highest to the first. */
class SoundingNotes {
  readonly voices: readonly [PlayedNote[], PlayedNote[]] = [[], []];
  withoutVoice = 0;
  /** The voices in which tied notes of the chord before sound, and the pitches of those that no voice plays. */
  #held: ReadonlyMap<PlayedNote[], number> = new Map();
  #heldSilently: ReadonlySet<number> = new Set();

  /** @param notes the highest first */
  play(notes: readonly WrittenNote[], start: number, end: number): void {
    const held = new Map<PlayedNote[], number>();
    const heldSilently = new Set<number>();
    const struck: WrittenNote[] = [];
    const free = new Set(this.voices);
    const hold = ({ pitch, tied }: WrittenNote, voice: PlayedNote[] | undefined) => {
      if (tied && voice) held.set(voice, pitch);
      else if (tied) heldSilently.add(pitch);
    };
    for (const note of notes) {
      const voice = [...free].find((one) => this.#held.get(one) === note.pitch);
      const last = voice?.at(-1);
      if (voice && last) {
        last.end = end;
        free.delete(voice);
        hold(note, voice);
      } else if (this.#heldSilently.has(note.pitch)) hold(note, undefined);
      else struck.push(note);
    }
    const rest = [...free];
    for (const note of struck) {
      const voice = rest.shift();
      if (voice) voice.push({ start, end, pitch: note.pitch });
      else this.withoutVoice++;
      hold(note, voice);
    }
    this.#held = held;
    this.#heldSilently = heldSilently;
  }
}
