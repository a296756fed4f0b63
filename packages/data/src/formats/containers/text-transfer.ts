import { utf8Of } from '../character-sets.ts';
import { CHUNK_HEAD, chunkEnd, HEADER } from '../midi/chunks.ts';
import { hasText } from './signatures.ts';
import type { Wrapper } from './wrapper.ts';

const CR = 13;
const LF = 10;

/** What a program that took the bytes of a file for text did to them. */
interface Change {
  readonly repair: string;
  /** Undefined where it was not done. */
  undo(bytes: Uint8Array): Uint8Array | undefined;
}

const LINE_ENDS: Change = {
  repair: 'the file was transferred as text: took out the carriage returns that were put before each byte 0x0A',
  undo: (bytes) => bytes.filter((byte, at) => byte !== CR || bytes[at + 1] !== LF),
};
const UTF8: Change = {
  repair: 'the file was saved as text in UTF-8: took each character for the byte that it was',
  undo(bytes) {
    const text = utf8Of(bytes);
    return text === undefined || /[^\0-\xff]/.test(text)
      ? undefined
      : Uint8Array.from(text, (character) => character.charCodeAt(0));
  },
};
/** What may have been done, the last of it first. */
const CHANGES: readonly (readonly Change[])[] = [[LINE_ENDS], [UTF8], [LINE_ENDS, UTF8]];

/**
 * MIDI files that went through something meant for text, as by FTP in its ASCII mode. Known by the lengths of their
 * chunks, which do not fit as the file is and fit to the byte when the change is undone.
 */
export const textTransfer: Wrapper = {
  recognises: (bytes) => undone(bytes) !== undefined,
  open: (bytes) => undone(bytes) ?? { problem: 'the file was not transferred as text', byte: 0 },
};

function undone(bytes: Uint8Array): { content: Uint8Array; repairs: string[] } | undefined {
  if (!hasText(bytes, HEADER) || hasFittingChunks(bytes)) return undefined;
  for (const changes of CHANGES) {
    let content: Uint8Array | undefined = bytes;
    for (const { undo } of changes) content = content && undo(content);
    if (content !== undefined && hasFittingChunks(content)) {
      return { content, repairs: changes.map(({ repair }) => repair) };
    }
  }
  return undefined;
}

/** Whether each chunk ends where the next begins, and the last with the file but for a line end or some filling. */
function hasFittingChunks(bytes: Uint8Array): boolean {
  let at = 0;
  while (at + CHUNK_HEAD <= bytes.length) at = chunkEnd(bytes, at);
  return at <= bytes.length;
}
