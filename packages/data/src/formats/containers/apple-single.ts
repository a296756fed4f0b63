import { bigEndianAt } from '../midi/bytes.ts';
import { hasText } from './signatures.ts';
import type { Wrapper } from './wrapper.ts';

const MAGIC = '\0\x05\x16\0';
/** Where the number of entries stands, and the first of them: what it is, where it begins and its length. */
const OFFSETS = { count: 24, entries: 26 } as const;
const ENTRY_BYTES = 12;
/** What an entry is. */
const IDS = { dataFork: 1, name: 3 } as const;

/**
 * Files of Macintosh computers in AppleSingle form: both forks in one file, of which the data fork is the content (RFC
 * 1740, appendix A). AppleDouble, which has the other fork alone, is not music: see foreignKind.
 */
export const appleSingle: Wrapper = {
  recognises: (bytes) => hasText(bytes, MAGIC),
  open(bytes) {
    const entry = (id: number): Uint8Array | undefined => {
      for (let index = 0; index < bigEndianAt(bytes, OFFSETS.count, 2); index++) {
        const at = OFFSETS.entries + index * ENTRY_BYTES;
        const start = bigEndianAt(bytes, at + 4, 4);
        if (bigEndianAt(bytes, at, 4) === id) return bytes.subarray(start, start + bigEndianAt(bytes, at + 8, 4));
      }
      return undefined;
    };
    const content = entry(IDS.dataFork);
    if (content === undefined || content.length === 0) {
      return { problem: 'empty: the AppleSingle file has no content', byte: bytes.length };
    }
    const name = entry(IDS.name);
    return { content, ...(name && { name: String.fromCharCode(...name.subarray(0, 255)) }), repairs: [] };
  },
};
