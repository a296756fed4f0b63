import { utf8Of } from '../character-sets.ts';

/** A line of a book of tunes, without its line end. */
export interface BookLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Offset of its first character in the file. */
  readonly byte: number;
}

/**
 * The lines of a text that may come from anywhere: UTF-16 with or without a byte order mark, else line by line UTF-8,
 * or Windows-1252 (which has Latin-1's letters) where a line is not that. Lines end with LF, CR LF, CR, or the CR CR LF
 * of files that were converted twice.
 */
export function linesOf(bytes: Uint8Array): BookLine[] {
  const wide = wideEncodingOf(bytes);
  // Latin-1 has one character a byte, so that offsets in the text are offsets in the file.
  const book = new TextDecoder(wide ?? 'latin1', { ignoreBOM: true }).decode(bytes);
  const lines: BookLine[] = [];
  const add = (start: number, end: number) => {
    const text = book.slice(start, end);
    const read = wide ? text : (utf8Of(bytes.subarray(start, end)) ?? text.replace(/[\u0080-\u009f]/g, windows1252));
    lines.push({
      text: withoutMarkup(read.replace(/^\ufeff/, '')),
      number: lines.length + 1,
      byte: wide ? 2 * start : start,
    });
  };
  let start = 0;
  for (const { 0: lineEnd, index } of book.matchAll(/\r?\r?\n|\r/g)) {
    add(start, index);
    start = index + lineEnd.length;
  }
  add(start, book.length);
  return lines;
}

/** Without a mark the zero byte of the first letter tells. */
function wideEncodingOf([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if ((first === 0xff && second === 0xfe) || (first > 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second > 0)) return 'utf-16be';
  return undefined;
}

/** What Windows-1252 has where Latin-1 has control characters, from byte 0x80 on; blanks where it has nothing. */
const WINDOWS_1252 = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

function windows1252(control: string): string {
  return WINDOWS_1252[control.charCodeAt(0) - 0x80];
}

/** Of characters that mean something in pages. */
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', gt: '>', lt: '<', nbsp: ' ', quot: '"', '#39': "'" };

/**
 * What was copied out of a page's source has marks and line breaks of the page in it; Unicode has line breaks of its
 * own.
 */
function withoutMarkup(text: string): string {
  const plain = text.replace(/<br ?\/?>/gi, '').replace(/[\u2028\u2029]/g, ' ');
  return plain.replace(/&(amp|gt|lt|nbsp|quot|#39);/g, (_, name: string) => ENTITIES[name]);
}
