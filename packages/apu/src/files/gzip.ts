import { Gunzip } from 'fflate';
import { ApuError } from '../errors.ts';

/** The largest NES log of VGMRips has a few MB; a file that claims more is made to fill the memory. */
const MOST_BYTES = 64 * 2 ** 20;
/** Input is fed in pieces of this size, so that a bomb is noticed before it is unpacked as a whole. */
const PIECE = 2 ** 14;

/**
 * The content of a gzip file (.vgz); bytes that are not one are given back as they are.
 *
 * Throws ApuError for a damaged or cut file, or one of more than 64 MiB.
 */
export function unpackGzip(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const chunks: Uint8Array[] = [];
  let size = 0;
  let at = 0;
  const gunzip = new Gunzip((chunk) => {
    size += chunk.length;
    if (size > MOST_BYTES) throw new ApuError(`the gzip file unpacks to more than ${MOST_BYTES} bytes`, at);
    chunks.push(chunk);
  });
  try {
    for (; at < bytes.length; at += PIECE) gunzip.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
  } catch (error) {
    if (error instanceof ApuError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ApuError(`damaged gzip file (${reason}) near byte ${at}: download it again`, at);
  }
  const content = new Uint8Array(size);
  let start = 0;
  for (const chunk of chunks) {
    content.set(chunk, start);
    start += chunk.length;
  }
  return content;
}
