import { messageOf } from '../../error.ts';
import { soundBeginning } from './sound-beginning.ts';

/** Of a text that is not JSON the first character that could not stand there; its length if it is only cut short. */
export function jsonFault(text: string): number {
  return soundBeginning(text.length, (length) => couldGoOn(text.slice(0, length)));
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    // Not every message tells the place.
    const message = messageOf(error);
    const place = /position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated/.test(message) || Number(place) === beginning.length;
  }
}

/** Where a text opens its brackets, of strings or not, more than `most` deep; undefined if it never does. */
export function placeOfDepth(text: string, most: number): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > most) return at;
  }
  return undefined;
}

/** Where values stand in a JSON text. Each object or list is looked through once, whatever the number of questions. */
export class JsonPlaces {
  readonly #text: string;
  readonly #known = new Map<number, Members>();

  /** @param text sound JSON */
  constructor(text: string) {
    this.#text = text;
  }

  /** Index of the first character of the value that `path` leads to. @param path keys and indices that are there */
  of(path: readonly (string | number)[]): number {
    return path.reduce<number>(
      (at, key) => {
        const { byKey, inOrder } = this.#members(at);
        return (typeof key === 'string' ? byKey.get(key) : inOrder[key]) ?? at;
      },
      skip(this.#text, 0, ' \t\r\n'),
    );
  }

  #members(at: number): Members {
    const known = this.#known.get(at);
    if (known) return known;
    const members = membersOf(this.#text, at);
    this.#known.set(at, members);
    return members;
  }
}

/** Where the members of an object, or of a list, begin. */
interface Members {
  readonly byKey: ReadonlyMap<string, number>;
  readonly inOrder: readonly number[];
}

function membersOf(text: string, start: number): Members {
  const byKey = new Map<string, number>();
  const inOrder: number[] = [];
  let at = skip(text, start + 1, BETWEEN);
  while (at < text.length && text[at] !== '}' && text[at] !== ']') {
    if (text[start] === '{') {
      const end = valueEnd(text, at);
      const key: string = JSON.parse(text.slice(at, end));
      at = skip(text, end, BETWEEN);
      // Of a key that stands twice the last counts, as in JSON.parse.
      byKey.set(key, at);
    } else inOrder.push(at);
    at = skip(text, valueEnd(text, at), BETWEEN);
  }
  return { byKey, inOrder };
}

/** What stands between the members of sound JSON. */
const BETWEEN = ' \t\r\n,:';

function skip(text: string, start: number, characters: string): number {
  let at = start;
  while (at < text.length && characters.includes(text[at])) at++;
  return at;
}

function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const character = text[at];
    if (character === '"') {
      for (at++; text[at] !== '"'; at++) if (text[at] === '\\') at++;
    } else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (depth === 0) {
      while (at + 1 < text.length && !`${BETWEEN}]}`.includes(text[at + 1])) at++;
    }
    at++;
  } while (depth > 0 && at < text.length);
  return at;
}
