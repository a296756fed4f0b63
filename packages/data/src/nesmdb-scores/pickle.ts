import { DataError } from '../error.ts';

/**
 * A reader of Python's pickles for one shape of content: numbers, texts, tuples, lists, and numpy arrays and scalars of bytes.
 * A pickle is a program for a stack machine, and Python's own reader calls whatever functions it names. This one calls
 * nothing: the few names that numpy's pickles hold stand for themselves, and any other name or instruction is refused.
 *
 * Instructions: protocols 0 (NES-MDB as it is published) to 4, after Python's pickletools.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | Uint8Array
  | readonly PickleValue[]
  | PickleArray
  | { readonly name: string }
  | { readonly isMark: true };

/** A numpy object: what it was made of, and its state once BUILD has set it. */
export class PickleArray {
  readonly made: 'ndarray' | 'dtype' | 'scalar';
  readonly from: readonly PickleValue[];
  state: PickleValue = null;

  constructor(made: PickleArray['made'], from: readonly PickleValue[]) {
    this.made = made;
    this.from = from;
  }
}

const MARK: PickleValue = { isMark: true };

/** Names that numpy's pickles use. `_codecs.encode` is how Python 3 writes bytes in protocol 2. */
const NAMES: ReadonlySet<string> = new Set([
  'numpy.core.multiarray _reconstruct',
  'numpy._core.multiarray _reconstruct',
  'numpy.core.multiarray scalar',
  'numpy._core.multiarray scalar',
  'numpy ndarray',
  'numpy dtype',
  '_codecs encode',
]);

/** Instructions run and values on the stack: a score of an hour in 24 frames a second needs some 600,000. */
const MOST_STEPS = 4_000_000;

/**
 * The value that a pickle describes. Texts and bytes alike come as bytes, a character each.
 *
 * @param name the file's, for messages
 * @throws DataError, with the byte, for anything but the shape above
 */
export function readPickle(bytes: Uint8Array, name: string): PickleValue {
  return new PickleMachine(bytes, name).run();
}

class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #at = 0;
  /** Byte of the instruction at hand. */
  #instruction = 0;
  readonly #stack: PickleValue[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  run(): PickleValue {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      this.#instruction = this.#at;
      const operation = this.#byte();
      if (operation === 0x2e) return this.#pop(); // '.'
      const value = this.#step(operation);
      if (value !== undefined) this.#stack.push(value);
    }
    return this.#refuse(`more than ${MOST_STEPS} instructions`);
  }

  /** Runs one instruction; returns what it puts on the stack. */
  #step(operation: number): PickleValue | undefined {
    switch (String.fromCharCode(operation)) {
      case '\x80': // PROTO
        if (this.#byte() > 4) this.#refuse('its protocol is above 4');
        return undefined;
      case '\x95': // FRAME
        this.#take(8);
        return undefined;
      case '(':
        return MARK;
      case '0':
        this.#pop();
        return undefined;
      case '2':
        return this.#top();
      case 'N':
        return null;
      case '\x88':
        return true;
      case '\x89':
        return false;
      case 'I':
        return this.#writtenInteger();
      case 'L':
        return this.#number(this.#line().replace(/L$/, ''));
      case 'F':
        return this.#number(this.#line());
      case 'G':
        return this.#view.getFloat64(this.#skip(8));
      case 'J':
        return this.#view.getInt32(this.#skip(4), true);
      case 'K':
        return this.#byte();
      case 'M':
        return this.#view.getUint16(this.#skip(2), true);
      case '\x8a':
        return this.#longInteger(this.#byte());
      case 'S':
        return this.#quotedText();
      case 'V':
        return this.#unicodeText();
      case 'U':
      case 'C':
        return this.#take(this.#byte());
      case 'T':
      case 'B':
        return this.#take(this.#view.getUint32(this.#skip(4), true));
      case '\x8c':
        return latinOf(this.#take(this.#byte()));
      case 'X':
        return latinOf(this.#take(this.#view.getUint32(this.#skip(4), true)));
      case ')':
        return [];
      case ']':
        return [];
      case 't':
      case 'l':
        return this.#popToMark();
      case '\x85':
        return this.#popMany(1);
      case '\x86':
        return this.#popMany(2);
      case '\x87':
        return this.#popMany(3);
      case 'a':
        return this.#append(this.#popMany(1));
      case 'e':
        return this.#append(this.#popToMark());
      case 'c':
        return this.#named(this.#line(), this.#line());
      case '\x93': {
        const [module, attribute] = this.#popMany(2).map((part) => (part instanceof Uint8Array ? textOf(part) : '?'));
        return this.#named(module, attribute);
      }
      case 'R':
        return this.#make();
      case 'b':
        return this.#build();
      case 'p':
        this.#memo.set(this.#number(this.#line()), this.#top());
        return undefined;
      case 'q':
        this.#memo.set(this.#byte(), this.#top());
        return undefined;
      case 'r':
        this.#memo.set(this.#view.getUint32(this.#skip(4), true), this.#top());
        return undefined;
      case '\x94':
        this.#memo.set(this.#memo.size, this.#top());
        return undefined;
      case 'g':
        return this.#recall(this.#number(this.#line()));
      case 'h':
        return this.#recall(this.#byte());
      case 'j':
        return this.#recall(this.#view.getUint32(this.#skip(4), true));
      default:
        return this.#refuse(`instruction 0x${operation.toString(16)} is not one that a score needs`);
    }
  }

  /** REDUCE: what Python would do by a call. */
  #make(): PickleValue {
    const [callee, given] = this.#popMany(2);
    if (!Array.isArray(given) || callee === null || typeof callee !== 'object' || !('name' in callee))
      return this.#refuse('a call that is not of numpy');
    switch (callee.name.split(' ')[1]) {
      case '_reconstruct':
        return new PickleArray('ndarray', given);
      case 'dtype':
        return new PickleArray('dtype', given);
      case 'scalar':
        return new PickleArray('scalar', given);
      case 'encode': {
        const [text] = given;
        return text instanceof Uint8Array ? text : this.#refuse('encode of what is no text');
      }
      default:
        return this.#refuse(`a call of ${callee.name}`);
    }
  }

  #build(): PickleValue {
    const [made, state] = this.#popMany(2);
    if (!(made instanceof PickleArray)) return this.#refuse('a state for what has none');
    made.state = state;
    return made;
  }

  #append(values: readonly PickleValue[]): undefined {
    const list = this.#top();
    if (!Array.isArray(list)) return this.#refuse('an item for what is no list');
    for (const value of values) list.push(value);
  }

  #named(module: string, attribute: string): PickleValue {
    const name = `${module} ${attribute}`;
    if (!NAMES.has(name)) this.#refuse(`it names "${name.slice(0, 60)}", which is no part of a score: nothing was run`);
    return { name };
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    return value === undefined ? this.#refuse(`entry ${index} of the memo is not there`) : value;
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    return value === undefined ? this.#refuse('the stack is empty') : value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    return value === undefined ? this.#refuse('the stack is empty') : value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) this.#refuse('the stack is empty');
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) this.#refuse('no mark on the stack');
    const values = this.#stack.slice(mark + 1);
    this.#stack.length = mark;
    return values;
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)];
  }

  /** Index of the next `length` bytes, which are passed. */
  #skip(length: number): number {
    if (this.#at + length > this.#bytes.length) this.#refuse(`the file ends at byte ${this.#bytes.length}, inside it`);
    this.#at += length;
    return this.#at - length;
  }

  #take(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.#refuse('a line without an end');
    const start = this.#skip(end + 1 - this.#at);
    return textOf(this.#bytes.subarray(start, end));
  }

  #number(text: string): number {
    const value = Number(text);
    return text.trim() !== '' && Number.isFinite(value) ? value : this.#refuse(`"${text.slice(0, 20)}" is no number`);
  }

  /** `I00` and `I01` are how protocol 0 writes False and True. */
  #writtenInteger(): PickleValue {
    const line = this.#line();
    return line === '00' ? false : line === '01' ? true : this.#number(line);
  }

  #longInteger(length: number): number {
    if (length > 6) this.#refuse(`a number of ${length} bytes`);
    return this.#take(length).reduce((value, byte, index) => value + byte * 256 ** index, 0);
  }

  /** A quoted text with Python's escapes: `'\x0f\n\\'`. */
  #quotedText(): Uint8Array {
    const line = this.#line();
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
      } else this.#refuse(`"\\${text[at] ?? ''}" is no escape of a text`);
    }
    return result.subarray(0, length);
  }

  /** Characters as they are, but for those that would end the line: `\\u000a`. */
  #unicodeText(): Uint8Array {
    const text = this.#line().replace(/\\u([0-9a-fA-F]{4})/g, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    return Uint8Array.from(Buffer.from(text, 'latin1'));
  }

  #refuse(problem: string): never {
    throw new DataError(`${this.#name}, byte ${this.#instruction}`, problem, 'give a score of NES-MDB');
  }
}

const PLAIN_ESCAPES: Readonly<Record<string, number>> = { '\\': 92, "'": 39, '"': 34, n: 10, r: 13, t: 9 };

/** UTF-8 as one byte a character: texts of scores have none above 255. */
function latinOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('utf8'), 'latin1'));
}

/** One character a byte. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
