import { type FlateError, FlateErrorCode, Gunzip } from 'fflate';
import { ApuError } from '../errors.ts';
import { Checksum, TRAILER_BYTES } from './gzip-checksum.ts';

/** The largest NES log of VGMRips has a few MB; a file that claims more is made to fill the memory. */
const MAX_BYTES = 64 * 2 ** 20;
/**
 * Input is unpacked in pieces of this size, of which each can become a thousand times as much (RFC 1951): so a bomb is
 * noticed before it is unpacked as a whole.
 */
const PIECE_BYTES = 2 ** 12;

/** The content of a file that may have been packed. */
export interface Unpacked {
  readonly content: Uint8Array;
  /** A sentence for each thing that was put right or left out. */
  readonly repairs: readonly string[];
}

/** Whether a file says that it is one of gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The content of a gzip file (.vgz, .mid.gz) of one or several members, held to their checksums; bytes that are not one
 * are given back as they are. What stands behind the last member is left out, and of a file that is cut short there is
 * what could be unpacked: either is reported as a repair.
 *
 * Throws ApuError, with the byte of the packed file near which it happens, for a damaged file, one with nothing in it,
 * or one of more than `maxBytes` (64 MiB).
 */
export function unpackGzip(bytes: Uint8Array, maxBytes = MAX_BYTES): Unpacked {
  if (!isGzip(bytes)) return { content: bytes, repairs: [] };
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = new GzipReader((chunk) => {
    size += chunk.length;
    if (size > maxBytes) throw new ApuError(`the gzip file unpacks to more than ${maxBytes} bytes`, reader.position);
    chunks.push(chunk);
  });
  reader.push(bytes);
  const { isCut, bytesBehind } = reader.end();
  if (size === 0) throw new ApuError(`the gzip file is ${isCut ? 'cut short' : 'empty'}`, bytes.length);
  const content = new Uint8Array(size);
  let start = 0;
  for (const chunk of chunks) {
    content.set(chunk, start);
    start += chunk.length;
  }
  const repairs: string[] = [];
  if (isCut) repairs.push(`the gzip file is cut short: the ${size} bytes that could be unpacked were read`);
  if (bytesBehind > 0) repairs.push(`left out ${bytesBehind} bytes after the end of the gzip file`);
  return { content, repairs };
}

/**
 * The first `length` bytes of the content of a gzip file, of which `head` is the beginning; fewer, or none, where it is
 * damaged. 64 KiB and some are always enough for the first byte: what does not pack stands in blocks of that size.
 */
export function gzipHead(head: Uint8Array, length: number): Uint8Array {
  const content = new Uint8Array(length);
  let size = 0;
  const reader = new GzipReader((chunk) => {
    content.set(chunk.subarray(0, length - size), size);
    size = Math.min(length, size + chunk.length);
  });
  try {
    for (let at = 0; at < head.length && size < length; at += PIECE_BYTES) {
      reader.push(head.subarray(at, at + PIECE_BYTES));
    }
  } catch (error) {
    // Whoever reads the file will say what is wrong with it.
    if (!(error instanceof ApuError)) throw error;
  }
  return content.subarray(0, size);
}

/** Unpacks a gzip file piece by piece, of whatever size. */
export class GzipReader {
  /** The byte of the packed file up to which it was unpacked without fault. */
  position = 0;
  readonly #gunzip: Gunzip;
  #checksum = new Checksum();
  #hasStarted = false;
  /**
   * The last bytes taken, two pieces at most, and where in the file they begin: there the trailer of a member is looked
   * for.
   */
  #window = new Uint8Array(0);
  #windowStart = 0;
  /** Where the current member begins in the file. */
  #memberStart = 0;
  #hasEnded = false;
  #bytesBehind = 0;

  /** @param take called with each piece of the content; what it throws ends `push` */
  constructor(take: (content: Uint8Array) => void) {
    this.#gunzip = new Gunzip((content) => {
      this.#hasStarted = true;
      this.#checksum.add(content);
      if (content.length > 0) take(content);
    });
    this.#gunzip.onmember = (start) => this.#endMember(start);
  }

  /** Throws ApuError, with the byte near which it happens, where the file is damaged. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      if (this.#hasEnded) this.#bytesBehind += piece.length;
      else this.#push(piece);
      this.position += piece.length;
    }
  }

  /** Says that no more bytes come. Throws ApuError where the last member is not what its checksum says. */
  end(): { readonly isCut: boolean; readonly bytesBehind: number } {
    if (!this.#hasEnded) {
      try {
        this.#gunzip.push(new Uint8Array(0), true);
      } catch (error) {
        if (!isFlateError(error) || error.code !== FlateErrorCode.UnexpectedEOF) throw this.#explained(error);
        return { isCut: true, bytesBehind: 0 };
      }
      if (!this.#findEnd()) {
        // A header with nothing behind it is a whole member to fflate.
        if (this.#checksum.length > 0 && !this.#endsInTrailer()) throw this.#mismatch();
        return { isCut: true, bytesBehind: 0 };
      }
    }
    return { isCut: false, bytesBehind: this.#bytesBehind };
  }

  #push(piece: Uint8Array): void {
    const kept = this.#window.subarray(-PIECE_BYTES);
    this.#windowStart = this.position - kept.length;
    this.#window = new Uint8Array(kept.length + piece.length);
    this.#window.set(kept);
    this.#window.set(piece, kept.length);
    try {
      this.#gunzip.push(piece);
    } catch (error) {
      // After a member comes another, or what does not belong to the file.
      const isBehind = this.#hasStarted && isFlateError(error) && error.code === FlateErrorCode.InvalidHeader;
      if (!isBehind) throw this.#explained(error);
      if (!this.#findEnd()) throw this.#mismatch();
    }
  }

  /**
   * Looks for the trailer of the last member. fflate does not say where it ended, but these eight bytes stand nowhere
   * else.
   */
  #findEnd(): boolean {
    const from = Math.max(0, this.#memberStart - this.#windowStart);
    const start = indexOf(this.#window, this.#checksum.trailer(), from);
    if (start < 0) return false;
    this.#hasEnded = true;
    this.#bytesBehind = this.#window.length - start - TRAILER_BYTES;
    return true;
  }

  /** Whether the file is cut within the last trailer, behind the checksum. */
  #endsInTrailer(): boolean {
    const trailer = this.#checksum.trailer();
    return [7, 6, 5, 4].some(
      (length) => indexOf(this.#window, trailer.subarray(0, length), this.#window.length - length) >= 0,
    );
  }

  /**
   * Holds a member that is not the last to its trailer, and makes ready for the next, which begins at a byte of the
   * file.
   */
  #endMember(next: number): void {
    const end = next - this.#windowStart;
    if (indexOf(this.#window.subarray(0, Math.max(0, end)), this.#checksum.trailer(), end - TRAILER_BYTES) < 0) {
      throw this.#mismatch();
    }
    this.#checksum = new Checksum();
    this.#memberStart = next;
  }

  #mismatch(): ApuError {
    const problem = 'damaged gzip file: its content does not match its checksum, or is cut short';
    return new ApuError(`${problem}: download it again`, this.position);
  }

  /** What fflate threw, in our words; what others threw as it is. */
  #explained(error: unknown): unknown {
    if (!isFlateError(error)) return error;
    const problem = `damaged gzip file (${error.message}) near byte ${this.position}`;
    return new ApuError(`${problem}: download it again`, this.position);
  }
}

function isFlateError(error: unknown): error is FlateError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}

/** Where `part` first begins in `bytes`, from a place on; -1 where it does not occur. */
function indexOf(bytes: Uint8Array, part: Uint8Array, from: number): number {
  for (let at = Math.max(0, from); at + part.length <= bytes.length; at++) {
    if (part.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
