import { DataError } from '../error.ts';

/** Reads big-endian numbers from a stretch of a MIDI file; running off its end is a DataError that names the byte. */
export class ByteReader {
  /** Index of the next byte, in the whole file. */
  position: number;
  readonly end: number;
  readonly #bytes: Uint8Array;
  readonly #name: string;

  /** `start`..`end`: the stretch of `bytes` that may be read. `name` is the file's, for messages. */
  constructor(bytes: Uint8Array, name: string, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#name = name;
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  uint8(): number {
    if (this.position >= this.end) this.refuse('the data ends in the middle of an event');
    return this.#bytes[this.position++];
  }

  uint16(): number {
    return this.uint8() * 0x100 + this.uint8();
  }

  uint32(): number {
    return this.uint16() * 0x10000 + this.uint16();
  }

  /** A data byte of a channel message, 0..127. */
  uint7(): number {
    const value = this.uint8();
    if (value > 0x7f) this.refuse(`0x${value.toString(16)} stands where a value of 0..127 must`, this.position - 1);
    return value;
  }

  /** MIDI's variable-length number: 7 bits a byte, at most 4 bytes, 0..0x0fffffff. */
  variableLength(): number {
    let value = 0;
    for (let count = 0; count < 4; count++) {
      const byte = this.uint8();
      value = value * 0x80 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return this.refuse('a variable-length number runs over its 4 bytes', this.position - 4);
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.remaining) this.refuse(`${length} bytes are announced but only ${this.remaining} follow`);
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  /** Ends reading with an error at `position`. */
  refuse(problem: string, position = this.position): never {
    throw new DataError(this.#name, problem, 'the MIDI file is damaged: export it again', { byte: position });
  }
}
