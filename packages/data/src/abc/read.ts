import { type Note, TICKS_PER_SECOND } from '@chipsmith/apu';
import { DataError } from '../error.ts';
import type { FoundSong, SongReading } from '../reading.ts';
import { playRepeats } from './repeats.ts';
import { MOST_SYMBOLS, Place, type TuneSymbol } from './symbols.ts';
import { readTune, type TuneLine, type WrittenTune } from './tune.ts';

/** Loudness and duty of the tune: clear, and not at the limit. */
const VOLUME = 12;
const DUTY = 2;
/** A tune with all repeats; the longest of the Nottingham collection has ten minutes. */
const LONGEST_SECONDS = 3600;
/** A book of 4 MiB has some 10,000; what claims far more would only fill the memory. */
const MOST_TUNES = 20_000;

/**
 * Reads a book of tunes in ABC notation (abcnotation.com, standard 2.1), such as the Nottingham collection. Each tune begins
 * with `X:` and ends at an empty line; one that cannot be read does not keep the others from being read.
 *
 * The tune goes to pulse 1, and of notes in brackets the second from above to pulse 2. Repeats, endings and parts (their
 * order by `P:` or Nottingham's `Y:`) are played out; ties, tuplets, broken rhythm, keys and meters are followed. Left out,
 * and counted in the report: chord symbols, grace notes, voices after the first (`V:`, `&`), lower notes of chords. Ornaments
 * and lyrics are passed over. The grid counts as given; a tempo that is not written is 120 quarters a minute.
 *
 * @param name the file's name, for paths and messages
 * @throws DataError if there is no tune in it
 */
export function readAbc(bytes: Uint8Array, name: string): FoundSong[] {
  const tunes = tunesOf(bytes, name);
  if (tunes.length === 0) {
    const problem = 'there is no tune in it (none begins with X:)';
    throw new DataError(name, problem, 'give an ABC file', { byte: bytes.length });
  }
  return tunes.map((lines, index): FoundSong => {
    const path = tunes.length === 1 ? name : `${name}/${String(index + 1).padStart(4, '0')}`;
    try {
      return { path, reading: songOf(readTune(lines), lines[0].place) };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { path, problem: error.problem, place: error.place };
    }
  });
}

/** The lines of each tune. */
function tunesOf(bytes: Uint8Array, name: string): TuneLine[][] {
  // One character a byte, so that columns are bytes; titles are decoded later.
  const book = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const tunes: TuneLine[][] = [];
  let tune: TuneLine[] | undefined;
  let byte = 0;
  for (const [index, raw] of book.split('\n').entries()) {
    const text = raw.replace(/\r$/, '');
    if (/^(\u00ef\u00bb\u00bf)?X:/.test(text)) {
      tune = [];
      tunes.push(tune);
      if (tunes.length > MOST_TUNES)
        throw new DataError(name, `more than ${MOST_TUNES} tunes`, 'divide the book', { byte });
    }
    if (text.trim() === '') tune = undefined;
    else tune?.push({ text: text.replace(/^\u00ef\u00bb\u00bf/, ''), place: new Place(name, index + 1, byte) });
    byte += raw.length + 1;
  }
  return tunes;
}

function songOf(tune: WrittenTune, place: Place): SongReading {
  const repairs = [...tune.repairs];
  const played = playParts(tune, place, repairs);
  const ticks = (TICKS_PER_SECOND * 60) / tune.beatsPerMinute;
  const tick = (quarters: number) => Math.round(quarters * ticks);
  const voices = [new Line(tick), new Line(tick)];
  let quarters = 0;
  let upbeat: number | undefined;
  let lowerNotes = 0;
  for (const symbol of played) {
    if (symbol.kind === 'bar' && quarters > 0) upbeat ??= quarters;
    if (symbol.kind !== 'notes' && symbol.kind !== 'rest') continue;
    const end = quarters + symbol.length;
    if (tick(end) > LONGEST_SECONDS * TICKS_PER_SECOND) place.refuse(0, 'the tune lasts more than an hour');
    if (symbol.kind === 'notes') {
      for (const [index, line] of voices.entries()) line.add(quarters, end, symbol.pitches[index], symbol.tied);
      lowerNotes += Math.max(0, symbol.pitches.length - voices.length);
    }
    quarters = end;
  }
  const { chordSymbols, graceNotes, otherVoices } = tune.leftOut;
  const counts = { 'chord symbols': chordSymbols, 'grace notes': graceNotes, 'lines of other voices': otherVoices };
  for (const [what, count] of Object.entries({ ...counts, 'lower notes of chords': lowerNotes }))
    if (count > 0) repairs.push(`left out ${count} ${what}`);

  const bar = (4 * tune.meter.beats) / tune.meter.unit;
  const firstBeat = upbeat !== undefined && upbeat < bar - 1e-6 ? tick(upbeat - bar) : 0;
  const song = {
    title: tune.title,
    voices: { pulse1: voices[0].notes, pulse2: voices[1].notes, triangle: [], noise: [] },
    duration: tick(quarters),
    tempo: { beatsPerMinute: tune.beatsPerMinute, firstBeat, origin: 'given' as const, confidence: 1 },
    meter: tune.meter,
  };
  const { composer, written } = tune;
  return { song, ...(composer === undefined ? {} : { composer }), written, repairs };
}

/** The symbols as they are played: parts in their order, each with its repeats. What stands before the first part comes first. */
function playParts({ symbols, order }: WrittenTune, place: Place, repairs: string[]): TuneSymbol[] {
  const parts: { name: string; symbols: TuneSymbol[] }[] = [{ name: '', symbols: [] }];
  for (const symbol of symbols) {
    if (symbol.kind === 'part') parts.push({ name: symbol.name, symbols: [] });
    else parts[parts.length - 1].symbols.push(symbol);
  }
  const wanted = order?.filter((name) => {
    const exists = parts.some((part) => part.name === name);
    if (!exists) repairs.push(`part ${name} of the order of parts is not written`);
    return exists;
  });
  const inOrder =
    wanted && wanted.length > 0
      ? [parts[0], ...wanted.flatMap((name) => parts.filter((part) => part.name === name))]
      : parts;
  for (const { name } of parts.filter((part) => !inOrder.includes(part))) repairs.push(`part ${name} is never played`);
  const written = new Map(parts.map((part) => [part, playRepeats(part.symbols)]));
  const played: TuneSymbol[] = [];
  for (const part of inOrder) {
    const symbols = written.get(part);
    if (!symbols || played.length + symbols.length > MOST_SYMBOLS) return place.refuse(0, 'the tune repeats too often');
    for (const symbol of symbols) played.push(symbol);
  }
  return played;
}

/** Notes of one voice as they come; a tied note goes on in the next if that has its pitch. */
class Line {
  readonly notes: Note[] = [];
  readonly #tick: (quarters: number) => number;
  #isTied = false;

  constructor(tick: (quarters: number) => number) {
    this.#tick = tick;
  }

  add(start: number, end: number, pitch: number | undefined, tied: boolean): void {
    const time = this.#tick(start);
    const last = this.notes.at(-1);
    const goesOn = this.#isTied && last?.pitch === pitch && last?.end === time;
    this.#isTied = pitch !== undefined && tied;
    if (pitch === undefined || this.#tick(end) <= time) return;
    if (last && goesOn) this.notes[this.notes.length - 1] = { ...last, end: this.#tick(end) };
    else {
      this.notes.push({
        start: time,
        end: this.#tick(end),
        pitch,
        volume: [{ time, value: VOLUME }],
        duty: [{ time, value: DUTY }],
      });
    }
  }
}
