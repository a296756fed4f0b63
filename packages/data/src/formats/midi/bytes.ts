/** The big-endian number of `length` bytes at an index; bytes beyond the end count as 0. */
export function bigEndianAt(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = at; index < at + length; index++) value = value * 0x100 + (bytes[index] ?? 0);
  return value;
}

/** A number read from a file, and the index of the byte after it. */
export interface ReadNumber {
  readonly value: number;
  readonly next: number;
}

/**
 * MIDI's variable-length number: 7 bits a byte, all but the last marked by bit 7. The standard allows 4 bytes
 * (0..0x0fffffff); longer numbers are read to their end, as the bytes after them would make no sense otherwise.
 * Undefined if it runs up to `limit`.
 */
export function variableLengthAt(bytes: Uint8Array, at: number, limit: number): ReadNumber | undefined {
  let value = 0;
  for (let index = at; index < limit; index++) {
    value = value * 0x80 + (bytes[index] & 0x7f);
    if (bytes[index] < 0x80) return { value, next: index + 1 };
  }
  return undefined;
}
