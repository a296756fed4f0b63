/**
 * What ends a member of a gzip file: the CRC-32 of its content, and its length modulo 2^32 (RFC 1952, section 2.3.1).
 */
export const TRAILER_BYTES = 8;

/**
 * The remainder of each byte by the polynomial 0xEDB88320 (RFC 1952, section 8); signed, so that the sums stay small
 * integers.
 */
const REMAINDERS = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  return remainder;
});

/** Counts and sums up the content of a member. */
export class Checksum {
  #crc = -1;
  /** Bytes so far. */
  length = 0;

  add(content: Uint8Array): void {
    let crc = this.#crc;
    for (const byte of content) crc = REMAINDERS[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    this.#crc = crc;
    this.length += content.length;
  }

  /** The trailer that belongs to the content so far. */
  trailer(): Uint8Array {
    const view = new DataView(new ArrayBuffer(TRAILER_BYTES));
    view.setUint32(0, ~this.#crc >>> 0, true);
    view.setUint32(4, this.length % 2 ** 32, true);
    return new Uint8Array(view.buffer);
  }
}
