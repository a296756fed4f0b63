import { ACCIDENTALS, LETTER_SEMITONES, SHARPS } from '../pitch.ts';
import { TEMPO_RANGE } from '../song.ts';
import { type Key, type Mode, pitchClass, type Tune, UNITS_PER_QUARTER } from './tune.ts';
import type { Fail, Place } from './tune-error.ts';

/** Longest form: far above any tune, so that damaged text cannot ask for endless music. */
const MAX_PARTS = 64;

const MODE_SUFFIXES: Readonly<Record<string, { mode: Mode; fifths: number }>> = {
  '': { mode: 'major', fifths: 0 },
  mix: { mode: 'mixolydian', fifths: -1 },
  dor: { mode: 'dorian', fifths: -2 },
  m: { mode: 'minor', fifths: -3 },
};

/** One line of a tune's text with its number. */
export interface Line {
  readonly content: string;
  readonly line: number;
}

export interface Header {
  readonly origin: string;
  readonly meter: Tune['meter'];
  readonly unitLength: number;
  readonly beatsPerMinute: number;
  readonly key: Key;
  /** Sharps (positive) or flats (negative) of the key signature. */
  readonly fifths: number;
  readonly form: Place & { readonly text: string };
}

/** Reads the lines above the music. @throws TuneError by `fail` */
export function parseHeader(lines: readonly Line[], firstLine: number, fail: Fail): Header {
  const fields = new Map<string, Place & { readonly text: string }>();
  for (const { content, line } of lines) {
    if (content.trim() === '') continue;
    const name = content[0];
    if (!'TCMLQKP'.includes(name)) fail({ line, column: 1 }, `header "${name}:" is unknown`, 'use T C M L Q K P');
    if (fields.has(name)) fail({ line, column: 1 }, `header "${name}:" comes twice`, 'keep one');
    const text = content.slice(2).trim();
    fields.set(name, { text, line, column: 3 + content.slice(2).search(/\S|$/) });
  }
  const match = (name: string, pattern: RegExp, example: string): RegExpExecArray & { place: Place } => {
    const field = fields.get(name);
    if (!field)
      return fail({ line: firstLine, column: 1 }, `header "${name}:" is missing`, `add one such as "${example}"`);
    const found = pattern.exec(field.text);
    if (!found) return fail(field, `header "${name}:" cannot be read from "${field.text}"`, `write it as "${example}"`);
    return Object.assign(found, { place: field });
  };
  match('T', /./, 'T: Title');
  const origin = match('C', /^.+$/, 'C: Traditional (France)')[0];
  const [, beats, unit] = match('M', /^([1-9]|1\d)\/(1|2|4|8|16)$/, 'M: 4/4');
  const [, denominator] = match('L', /^1\/(1|2|4|8|16)$/, 'L: 1/8');
  const quarters = match('Q', /^\d{2,3}$/, 'Q: 120');
  const beatsPerMinute = Number(quarters[0]);
  const { slowest, fastest } = TEMPO_RANGE;
  if (beatsPerMinute < slowest || beatsPerMinute > fastest)
    fail(quarters.place, `tempo ${beatsPerMinute} lies outside ${slowest}..${fastest}`, 'choose one inside');
  const keyMatch = match('K', /^([A-G])([#b]?)(|m|dor|mix)$/, 'K: Bbm');
  const [, letter, accidental, suffix] = keyMatch;
  const { mode, fifths: modeFifths } = MODE_SUFFIXES[suffix];
  const fifths = SHARPS.indexOf(letter) - 1 + 7 * ACCIDENTALS[accidental] + modeFifths;
  if (Math.abs(fifths) > 7)
    fail(keyMatch.place, `key ${keyMatch[0]} needs more than 7 sharps or flats`, 'spell it the other way');
  const form = fields.get('P') ?? { text: '', line: firstLine, column: 1 };
  if (fields.has('P') && !(/^[A-Z]+$/.test(form.text) && form.text.length <= MAX_PARTS)) {
    fail(form, `form "${form.text}" is not 1 to ${MAX_PARTS} part letters`, 'write it as "P: AABA"');
  }
  return {
    origin,
    meter: { beats: Number(beats), unit: Number(unit) as Tune['meter']['unit'] },
    unitLength: (4 * UNITS_PER_QUARTER) / Number(denominator),
    beatsPerMinute,
    key: { tonic: pitchClass(LETTER_SEMITONES[letter] + ACCIDENTALS[accidental]), mode },
    fifths,
    form,
  };
}
