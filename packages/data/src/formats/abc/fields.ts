/** An information field such as `M:6/8`: its letter, and what stands behind the colon without spaces and comment. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** What looks like one but is a note and a bar line: `A:|`, `c::`, `G:]`. */
const FIELD = /^\s*([A-Za-z+]):(?![|\]:])(.*)$/;
const METER = /^(C\|?|none|\(?\d+(\+\d+)*\)?\/\d+)$/;

/**
 * The field that a line holds. Of the standard's letters only m, r, s and w are small; elsewhere a small letter counts
 * as the capital, as some write whole tunes so.
 *
 * @param inBody in the music a line such as `A:bc|` is music with a colon too many, not a field
 */
export function fieldOf(line: string, inBody: boolean): Field | undefined {
  const [, name, rest] = FIELD.exec(line) ?? [];
  if (name === undefined || (inBody && /[A-Ga-g]/.test(name) && rest.includes('|'))) return undefined;
  return { name: capital(name, rest), value: withoutComment(rest) };
}

/** The same of a field in brackets, `[K:G]`. */
export function inlineField(name: string, value: string): Field {
  return { name: capital(name, value), value: withoutComment(value) };
}

/** A macro is `m:name = notes`: a small letter in front of a meter means the meter. */
function capital(name: string, value: string): string {
  if (name === 'm') return METER.test(value.trim()) ? 'M' : 'm';
  return /[rsw]/.test(name) ? name : name.toUpperCase();
}

/** A comment begins with %, unless that is escaped. */
function withoutComment(value: string): string {
  return value.replace(/(?<!\\)%.*$/, '').trim();
}
