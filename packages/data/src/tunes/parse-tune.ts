/**
 * The text form of the embedded tunes: a small subset of ABC notation (abcnotation.com, standard 2.1).
 *
 *     T: title              C: composer (dates) or origin       M: 3/4 (meter)
 *     L: 1/8 (unit length)  Q: 120 (quarter notes a minute)     K: G, Em, Ddor, Amix (key)
 *     P: AABA               optional: the parts in playing order; each part then starts with a line `P:A`
 *
 *     D2 | "G"G2 A2 B2 | "D7"A3 G (3FGA | ...
 *
 * Notes: C is middle C, c an octave higher; each `,` lowers and each `'` raises by an octave; `^ _ =` are sharp, flat
 * and natural until the end of the bar; `z` is a rest. A length follows the note in unit lengths: `2`, `3/2`, `/2`,
 * `/`. `-` ties a note to the next one, `(3` makes a triplet of the next three, `"Am7"` sets the chord until the next
 * one.
 *
 * Every bar holds exactly the meter's length. A first bar may be short (an upbeat); then the last bar is short by just
 * that much. Where parts join, a short last bar and the upbeat after it make one whole bar together.
 */
import { type Bar, parseBars } from './parse-bars.ts';
import { type Header, type Line, parseHeader } from './parse-header.ts';
import { barLength, type Chord, type Tune, type TuneNote, UNITS_PER_QUARTER } from './tune.ts';
import { type Fail, type Place, TuneError } from './tune-error.ts';

/**
 * Reads a book of tunes parted by blank lines.
 * @throws TuneError; its line counts from the top of the book.
 */
export function parseTunes(book: string): Tune[] {
  const lines = book.split(/\r?\n/);
  const tunes: Tune[] = [];
  let start = 0;
  for (let end = 0; end <= lines.length; end++) {
    if (end < lines.length && lines[end].trim() !== '') continue;
    if (end > start) tunes.push(parseTune(lines.slice(start, end).join('\n'), start + 1));
    start = end + 1;
  }
  return tunes;
}

/**
 * Reads one tune.
 * @param firstLine number of the text's first line, for messages
 * @throws TuneError
 */
export function parseTune(text: string, firstLine = 1): Tune {
  const lines = text.split(/\r?\n/).map((content, index) => ({ content, line: firstLine + index }));
  const title = /^T:[ \t]*(.*\S)/m.exec(text)?.[1] ?? 'untitled';
  const fail: Fail = (place, problem, remedy) => {
    throw new TuneError(title, place, problem, remedy);
  };
  const bodyStart = lines.findIndex(({ content }) => content.trim() !== '' && !/^[A-Z]:/.test(content));
  const partStart = lines.findIndex(({ content }, i) => /^P:/.test(content) && lines.slice(0, i).some(isFormLine));
  const splits = [bodyStart, partStart].filter((index) => index >= 0);
  const split = splits.length > 0 ? Math.min(...splits) : lines.length;

  const header = parseHeader(lines.slice(0, split), firstLine, fail);
  const parts = parseBody(lines.slice(split), header, fail);
  const bars = header.form.text === '' ? [...(parts.get('') ?? [])] : playParts(parts, header.form, fail);
  if (bars.length === 0) fail({ line: firstLine, column: 1 }, 'has no bars', 'write the melody below the header lines');
  return layOut(title, header, bars, fail);
}

function isFormLine({ content }: Line): boolean {
  return content.startsWith('P:');
}

/** The bars of each part by its letter; those of a tune without parts stand under ''. */
function parseBody(lines: readonly Line[], header: Header, fail: Fail): Map<string, Bar[]> {
  const parts = new Map<string, Bar[]>();
  let bars: Bar[] = [];
  if (header.form.text === '') parts.set('', bars);
  for (const { content, line } of lines) {
    const start = { line, column: 1 };
    const part = /^P:\s*(\S*)\s*$/.exec(content);
    if (part) {
      if (header.form.text === '') fail(start, 'a part needs the form in the header', 'add one such as "P: AABA"');
      if (!/^[A-Z]$/.test(part[1])) fail(start, `part "${part[1]}" is not a letter A..Z`, 'write it as "P:A"');
      if (parts.has(part[1])) fail(start, `part ${part[1]} is written twice`, 'name it only in the form');
      bars = [];
      parts.set(part[1], bars);
    } else if (/^[A-Z]:/.test(content)) {
      fail(start, `header "${content.slice(0, 2)}" stands below the music`, 'move it to the top');
    } else if (header.form.text !== '' && parts.size === 0 && content.trim() !== '') {
      fail(start, 'music stands before the first part', 'put a line such as "P:A" above it');
    } else {
      bars.push(...parseBars({ content, line }, bars.length === 0, header, fail));
    }
  }
  return parts;
}

function playParts(parts: ReadonlyMap<string, readonly Bar[]>, form: Header['form'], fail: Fail): Bar[] {
  for (const name of parts.keys()) {
    if (!form.text.includes(name))
      fail(form, `part ${name} is written but the form "${form.text}" never plays it`, 'add it there');
  }
  return [...form.text].flatMap((name, index): readonly Bar[] => {
    const bars = parts.get(name);
    if (!bars) return fail({ ...form, column: form.column + index }, `part ${name} is not written`, `add "P:${name}"`);
    return bars;
  });
}

/** Checks the bars' lengths and puts them on one line of time. */
function layOut(title: string, header: Header, bars: readonly Bar[], fail: Fail): Tune {
  const full = barLength(header.meter);
  const first = bars[0];
  const begin = first.length < full && bars.length > 1 ? full - first.length : 0;
  const notes: TuneNote[] = [];
  const chords: Chord[] = [];
  let tie: Place | undefined;
  let time = begin;
  bars.forEach((bar, index) => {
    const left = full - (time % full);
    const isLast = index === bars.length - 1;
    const mayBeShort = isLast ? begin > 0 && bar.length === begin : joins(bar, bars[index + 1], full);
    if (bar.length !== left && !(left === full && mayBeShort)) {
      fail(
        bar,
        `bar is ${inQuarters(bar.length)} quarters long, the meter asks for ${inQuarters(left)}`,
        'count its notes',
      );
    }
    if (isLast && begin > 0 && bar.length !== begin) {
      fail(
        bar,
        `last bar is ${inQuarters(bar.length)} quarters long, with the upbeat it must be ${inQuarters(begin)}`,
        'shorten it',
      );
    }
    for (const note of bar.notes) {
      const start = time + note.start;
      const previous = notes.at(-1);
      if (tie && previous) {
        if (previous.pitch !== note.pitch || previous.start + previous.length !== start) {
          fail(tie, 'a tie leads to another pitch', 'write the same note after it');
        }
        notes[notes.length - 1] = { ...previous, length: previous.length + note.length };
      } else {
        notes.push({ start, length: note.length, pitch: note.pitch });
      }
      tie = note.tied ? note : undefined;
    }
    for (const chord of bar.chords) chords.push({ ...chord, start: time + chord.start });
    time += bar.length;
  });
  if (tie) fail(tie, 'a tie leads nowhere', 'take it away or add the note');
  if (notes.length === 0) fail(first, 'the tune has no notes', 'write some');
  const { origin, meter, key, beatsPerMinute } = header;
  return { title, origin, key, meter, beatsPerMinute, begin, end: time, notes, chords };
}

/** Whether a short bar and the short one after it make a whole one, as where parts with an upbeat join. */
function joins(bar: Bar, next: Bar, full: number): boolean {
  return next.opensPart && bar.length > 0 && bar.length + next.length === full;
}

function inQuarters(units: number): string {
  return String(Number((units / UNITS_PER_QUARTER).toFixed(3)));
}
