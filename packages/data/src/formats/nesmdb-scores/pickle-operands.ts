import { DataError } from '../../error.ts';
import { latin1Bytes, latin1Of } from '../character-sets.ts';

/**
 * The bytes of a pickle as its instructions read them: operands of fixed size, little-endian, and those of protocol 0
 * that are lines of text. Running off the end, or an operand that is none, is a DataError with the byte of the
 * instruction.
 */
export class PickleOperands {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #at = 0;
  #instruction = 0;

  /** @param name the file's, for messages */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  /** Where reading stands. */
  get position(): number {
    return this.#at;
  }

  /** The next instruction. */
  operation(): number {
    this.#instruction = this.#at;
    return this.byte();
  }

  byte(): number {
    return this.#bytes[this.#skip(1)];
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  /** The one big-endian operand. */
  float64(): number {
    return this.#view.getFloat64(this.#skip(8));
  }

  /** Index of the next `length` bytes, which are passed. */
  #skip(length: number): number {
    if (this.#at + length > this.#bytes.length) this.refuse(`the file ends at byte ${this.#bytes.length}, inside it`);
    this.#at += length;
    return this.#at - length;
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** The text up to the end of its line, one character a byte. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.refuse('a line without an end');
    const start = this.#skip(end + 1 - this.#at);
    return latin1Of(this.#bytes.subarray(start, end));
  }

  #numberOf(text: string): number {
    const value = Number(text);
    return text.trim() !== '' && Number.isFinite(value) ? value : this.refuse(`"${text.slice(0, 20)}" is not a number`);
  }

  /** `I00` and `I01` are how protocol 0 writes False and True. */
  writtenInteger(): number | boolean {
    const line = this.line();
    return line === '00' ? false : line === '01' ? true : this.#numberOf(line);
  }

  /** A number that ends its line; long ones have an `L` behind them. */
  writtenNumber(): number {
    return this.#numberOf(this.line().replace(/L$/, ''));
  }

  /** LONG1: a length in a byte, and so many bytes of a number in two's complement, the lowest first. */
  longInteger(): number {
    const bytes = this.take(this.byte());
    if (bytes.length > 6) this.refuse(`a number of ${bytes.length} bytes`);
    const value = bytes.reduce((sum, byte, index) => sum + byte * 256 ** index, 0);
    return (bytes.at(-1) ?? 0) < 0x80 ? value : value - 256 ** bytes.length;
  }

  /** A quoted text with Python's escapes: `'\x0f\n\\'`. */
  quotedText(): Uint8Array {
    const line = this.line();
    const isQuoted = /^(['"]).*\1$/s.test(line) && line.length >= 2;
    const text = isQuoted ? line.slice(1, -1) : line;
    const result = new Uint8Array(text.length);
    let length = 0;
    for (let at = 0; at < text.length; at++) {
      if (text[at] !== '\\') {
        result[length++] = text.charCodeAt(at);
        continue;
      }
      at++;
      const plain = PLAIN_ESCAPES[text[at]];
      if (plain !== undefined) result[length++] = plain;
      else if (text[at] === 'x' && /^[0-9a-fA-F]{2}$/.test(text.slice(at + 1, at + 3))) {
        result[length++] = Number.parseInt(text.slice(at + 1, at + 3), 16);
        at += 2;
      } else this.refuse(`"\\${text[at] ?? ''}" is not an escape sequence`);
    }
    return result.subarray(0, length);
  }

  /** Characters as they are, but for those that would end the line: `\\u000a`. */
  unicodeText(): Uint8Array {
    const text = this.line().replace(/\\u([0-9a-fA-F]{4})/g, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    return latin1Bytes(text);
  }

  /** Ends reading with an error at the instruction at hand. */
  refuse(problem: string): never {
    throw new DataError(this.#name, problem, 'give a score of NES-MDB', { byte: this.#instruction });
  }
}

const PLAIN_ESCAPES: Readonly<Record<string, number>> = { '\\': 92, "'": 39, '"': 34, n: 10, r: 13, t: 9 };

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 as one byte a character: texts of scores have none above 255. */
export function latinOf(bytes: Uint8Array): Uint8Array {
  return latin1Bytes(utf8.decode(bytes));
}
