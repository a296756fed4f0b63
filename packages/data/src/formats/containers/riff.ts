import { hasText } from './signatures.ts';
import type { Wrapper } from './wrapper.ts';

/** 'RIFF', the bytes that follow, and the form. */
const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

/**
 * RIFF files of the form RMID (.rmi): the MIDI file is the chunk 'data', before and behind which others may stand
 * (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991). The length of the whole means
 * nothing to its content and is not held against it.
 */
export const riff: Wrapper = {
  recognises: (bytes) => hasText(bytes, 'RIFF') && hasText(bytes, 'RMID', 8),
  open(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = HEADER_BYTES; at + CHUNK_HEADER_BYTES <= bytes.length; ) {
      const length = view.getUint32(at + 4, true);
      const start = at + CHUNK_HEADER_BYTES;
      if (hasText(bytes, 'data', at)) return dataChunk(bytes, start, length);
      // Chunks begin at even bytes.
      at = start + length + (length % 2);
    }
    const found = midiStart(bytes);
    if (found === undefined) return { problem: 'the RIFF file has no chunk "data"', byte: bytes.length };
    const repair = `the RIFF file has no chunk "data" where it should be: took the MIDI file that begins at byte ${found}`;
    return { content: bytes.subarray(found), repairs: [repair] };
  },
};

function dataChunk(bytes: Uint8Array, start: number, length: number) {
  const rest = bytes.length - start;
  if (length > 0 && length <= rest) return { content: bytes.subarray(start, start + length), repairs: [] };
  const repair = `the chunk "data" of the RIFF file announces ${length} bytes: took the ${rest} that are there`;
  return { content: bytes.subarray(start), repairs: [repair] };
}

function midiStart(bytes: Uint8Array): number | undefined {
  for (let at = HEADER_BYTES; at < bytes.length; at++) if (hasText(bytes, 'MThd', at)) return at;
  return undefined;
}
