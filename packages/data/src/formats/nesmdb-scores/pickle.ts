import { latin1Of } from '../character-sets.ts';
import { latinOf, PickleOperands } from './pickle-operands.ts';

/**
 * A reader of Python's pickles for one shape of content: numbers, texts, tuples, lists, and numpy arrays and scalars of
 * bytes. A pickle is a program for a stack machine, and Python's own reader calls whatever functions it names. This one
 * calls nothing: the few names that numpy's pickles hold stand for themselves, and any other name or instruction is
 * refused.
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
const MAX_STEPS = 4_000_000;

/**
 * The value that a pickle describes, and where its description ends. Texts and bytes alike come as bytes, a character
 * each.
 *
 * @param name the file's, for messages
 * @throws DataError, with the byte, for anything but the shape above
 */
export function readPickle(bytes: Uint8Array, name: string): { readonly value: PickleValue; readonly end: number } {
  const operands = new PickleOperands(bytes, name);
  const value = new PickleMachine(operands).run();
  return { value, end: operands.position };
}

class PickleMachine {
  readonly #operands: PickleOperands;
  readonly #stack: PickleValue[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(operands: PickleOperands) {
    this.#operands = operands;
  }

  run(): PickleValue {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const operation = this.#operands.operation();
      if (operation === 0x2e) return this.#pop(); // '.'
      const value = this.#step(operation);
      if (value !== undefined) this.#stack.push(value);
    }
    return this.#refuse(`more than ${MAX_STEPS} instructions`);
  }

  /** Runs one instruction; returns what it puts on the stack. */
  #step(operation: number): PickleValue | undefined {
    const operands = this.#operands;
    switch (String.fromCharCode(operation)) {
      case '\x80': // PROTO
        if (operands.byte() > 4) this.#refuse('its protocol is above 4');
        return undefined;
      case '\x95': // FRAME
        operands.take(8);
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
        return operands.writtenInteger();
      case 'L':
      case 'F':
        return operands.writtenNumber();
      case 'G':
        return operands.float64();
      case 'J':
        return operands.int32();
      case 'K':
        return operands.byte();
      case 'M':
        return operands.uint16();
      case '\x8a':
        return operands.longInteger();
      case 'S':
        return operands.quotedText();
      case 'V':
        return operands.unicodeText();
      case 'U':
      case 'C':
        return operands.take(operands.byte());
      case 'T':
      case 'B':
        return operands.take(operands.uint32());
      case '\x8c':
        return latinOf(operands.take(operands.byte()));
      case 'X':
        return latinOf(operands.take(operands.uint32()));
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
        return this.#named(operands.line(), operands.line());
      case '\x93': {
        const [module, attribute] = this.#popMany(2).map((part) => (part instanceof Uint8Array ? latin1Of(part) : '?'));
        return this.#named(module, attribute);
      }
      case 'R':
        return this.#make();
      case 'b':
        return this.#build();
      case 'p':
        this.#memo.set(operands.writtenNumber(), this.#top());
        return undefined;
      case 'q':
        this.#memo.set(operands.byte(), this.#top());
        return undefined;
      case 'r':
        this.#memo.set(operands.uint32(), this.#top());
        return undefined;
      case '\x94':
        this.#memo.set(this.#memo.size, this.#top());
        return undefined;
      case 'g':
        return this.#recall(operands.writtenNumber());
      case 'h':
        return this.#recall(operands.byte());
      case 'j':
        return this.#recall(operands.uint32());
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
        return text instanceof Uint8Array ? text : this.#refuse('encode of something that is not text');
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
    if (!Array.isArray(list)) return this.#refuse('an item for something that is not a list');
    for (const value of values) list.push(value);
  }

  #named(module: string, attribute: string): PickleValue {
    const name = `${module} ${attribute}`;
    if (!NAMES.has(name))
      this.#refuse(`it names "${name.slice(0, 60)}", which is not part of a score: nothing was run`);
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

  #refuse(problem: string): never {
    return this.#operands.refuse(problem);
  }
}
