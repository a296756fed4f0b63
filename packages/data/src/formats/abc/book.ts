import { DataError } from '../../error.ts';
import { type Field, fieldOf } from './fields.ts';
import { isMusic, isMusicAmongWords } from './prose.ts';
import { type BookLine, linesOf } from './text.ts';

/** What one tune of a book is written with. */
export interface TuneText {
  /** Fields above the first tune, which hold for all. */
  readonly defaults: readonly BookLine[];
  readonly lines: readonly BookLine[];
  readonly repairs: readonly string[];
}

/** A book of 4 MiB has some 10,000; what claims far more would only fill the memory. */
const MAX_TUNES = 20_000;
/** Fields that may hold for a whole book, and what one of them may be long. */
const DEFAULTS = /[CIKLMQUm]/;
const MAX_DEFAULT_LENGTH = 200;

/** Of a text in whose beginning a tune is looked for. */
const HEAD_BYTES = 65_536;

/** What fences a tune in a page or a letter: treated as an empty line. */
const FENCE = /^\s*(```|~~~|<\/?[A-Za-z]{2,}[^>]*>\s*$)/;
const BLOCK_START = /^%%begin\w/;
const BLOCK_END = /^%%end\w/;

/**
 * The tunes of a book. Each begins with `X:` and ends at an empty line behind its music; between tunes anything may
 * stand. In a book without any `X:` each paragraph with music is a tune.
 *
 * @param name the file's, for messages
 * @throws DataError if there are more than 20,000
 */
export function tunesOf(lines: readonly BookLine[], name: string): TuneText[] {
  const blocks = closedBlocks(lines);
  const outside = lines.filter((line) => !blocks.has(line));
  const isNumbered = outside.some(({ text }) => fieldOf(text, false)?.name === 'X');
  const reader = new BookReader(isNumbered, name);
  for (const line of outside) reader.readLine(line);
  return reader.tunes.filter(({ hasMusic }) => isNumbered || hasMusic);
}

/** The lines of blocks of text or drawings that are closed: what looks like a tune in there is none. */
function closedBlocks(lines: readonly BookLine[]): Set<BookLine> {
  const inside = new Set<BookLine>();
  let open: BookLine[] | undefined;
  for (const line of lines) {
    if (BLOCK_START.test(line.text)) open = [];
    open?.push(line);
    if (open === undefined || !BLOCK_END.test(line.text)) continue;
    for (const one of open) inside.add(one);
    open = undefined;
  }
  return inside;
}

/** Whether a text is ABC by what it says: a tune's number and, below it, its key. */
export function isAbc(bytes: Uint8Array): boolean {
  let hasNumber = false;
  for (const { text } of linesOf(bytes.subarray(0, HEAD_BYTES))) {
    const field = fieldOf(text, false);
    if (field?.name === 'X' && /^\d+$/.test(field.value)) hasNumber = true;
    if (field?.name === 'K' && hasNumber) return true;
  }
  return false;
}

interface GrowingTune extends TuneText {
  readonly lines: BookLine[];
  readonly repairs: string[];
  hasMusic: boolean;
  /** An empty line stands in front of its music. */
  hasGap: boolean;
  /** Music stands behind the empty line at its end. */
  hasMusicBehind: boolean;
}

class BookReader {
  readonly tunes: GrowingTune[] = [];
  readonly #isNumbered: boolean;
  readonly #name: string;
  /** By what they set, so that only the last of each is kept. */
  readonly #defaults = new Map<string, BookLine>();
  /** The tune at hand; none between tunes. */
  #tune: GrowingTune | undefined;
  /** The last empty line of its header. */
  #gap: number | undefined;
  #inBlock = false;

  constructor(isNumbered: boolean, name: string) {
    this.#isNumbered = isNumbered;
    this.#name = name;
  }

  readLine(line: BookLine): void {
    const field = fieldOf(line.text, this.#tune?.hasMusic ?? false);
    if (this.#isNumbered && field?.name === 'X') this.#begin(line, []);
    else if (this.#isInOpenBlock(line.text)) return;
    else if (line.text.trim() === '' || FENCE.test(line.text)) this.#passGap(line);
    else if (this.#tune) this.#continue(this.#tune, line, field);
    else if (!this.#isNumbered && (field || isMusicAmongWords(line.text)))
      this.#begin(line, ['the tune has no X: field']);
    else if (this.tunes.length === 0) this.#keepDefault(line, field);
    else this.#passText(this.tunes[this.tunes.length - 1], line);
  }

  /** A block that nothing closes ends with its tune. */
  #isInOpenBlock(text: string): boolean {
    this.#inBlock ||= BLOCK_START.test(text);
    return this.#inBlock;
  }

  #begin(line: BookLine, repairs: string[]): void {
    if (this.tunes.length >= MAX_TUNES)
      throw new DataError(this.#name, `unsupported: more than ${MAX_TUNES} tunes`, 'divide the book', {
        byte: line.byte,
      });
    this.#inBlock = false;
    this.#gap = undefined;
    this.#tune = {
      defaults: [...this.#defaults.values()],
      lines: [],
      repairs,
      hasMusic: false,
      hasGap: false,
      hasMusicBehind: false,
    };
    this.tunes.push(this.#tune);
    this.#continue(this.#tune, line, fieldOf(line.text, false));
  }

  #passGap({ number }: BookLine): void {
    if (this.#tune?.hasMusic) this.#tune = undefined;
    else this.#gap = number;
  }

  #continue(tune: GrowingTune, line: BookLine, field: Field | undefined): void {
    const hasMusic = field === undefined && !line.text.startsWith('%') && isMusic(line.text);
    // Behind an empty line words are text between tunes.
    if (this.#gap !== undefined && !field && !hasMusic && !line.text.startsWith('%')) return;
    if (this.#gap !== undefined && !tune.hasGap) {
      tune.hasGap = true;
      tune.repairs.push(`read on past the empty line ${this.#gap} before any music`);
    }
    this.#gap = undefined;
    tune.hasMusic ||= hasMusic;
    tune.lines.push(line);
  }

  #keepDefault(line: BookLine, field: Field | undefined): void {
    if (line.text.length > MAX_DEFAULT_LENGTH) return;
    const [directive] = /^%%\w+\s*\w*/.exec(line.text) ?? [];
    if (directive !== undefined) this.#defaults.set(directive, line);
    else if (field && DEFAULTS.test(field.name)) {
      const [subject] = /[mIU]/.test(field.name) ? field.value.split(/[\s=]/) : [''];
      this.#defaults.set(field.name + subject, line);
    }
  }

  #passText(tune: GrowingTune, { text, number }: BookLine): void {
    if (tune.hasMusicBehind || !isMusicAmongWords(text)) return;
    tune.hasMusicBehind = true;
    tune.repairs.push(`left out the music after an empty line, from line ${number} on`);
  }
}
