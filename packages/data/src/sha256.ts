import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

const encoder = new TextEncoder();

/** SHA-256 (FIPS 180-4) of what is added piece by piece: the same in Node and in a page. */
export class Sha256 {
  readonly #hash = sha256.create();

  /** Adds bytes, or a text in UTF-8. */
  update(content: Uint8Array | string): this {
    this.#hash.update(typeof content === 'string' ? encoder.encode(content) : content);
    return this;
  }

  /** The hash in 64 hexadecimal digits. Nothing can be added afterwards. */
  hex(): string {
    return bytesToHex(this.#hash.digest());
  }
}

/** SHA-256 of bytes, or of a text in UTF-8, in 64 hexadecimal digits. */
export function sha256Of(content: Uint8Array | string): string {
  return new Sha256().update(content).hex();
}
