import type { Random } from '../../src/index.ts';

/** A change to a file; `others` are sound files of which a piece may be taken. */
type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

/**
 * One of the changes below, or often up to four.
 *
 * @param others sound files, of the same kind or not, of which pieces are spliced in; none if there are none
 */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[] = []): Uint8Array {
  let result = bytes;
  const changes = random.nextInteger(2) === 0 ? 1 : 1 + random.nextInteger(4);
  for (let count = changes; count > 0 && result.length > 0; count--) {
    result = MUTATIONS[random.nextInteger(MUTATIONS.length)](result, random, others);
  }
  return result;
}

const flipBit: Mutation = (bytes, random) => {
  const at = random.nextInteger(bytes.length);
  return replaced(bytes, at, at + 1, Uint8Array.of(bytes[at] ^ (1 << random.nextInteger(8))));
};

const insertNoise: Mutation = (bytes, random) => {
  const at = random.nextInteger(bytes.length + 1);
  return replaced(bytes, at, at, noise(random));
};

const overwriteWithNoise: Mutation = (bytes, random) => {
  const { start, end } = stretch(bytes, random);
  return replaced(bytes, start, end, noise(random).subarray(0, end - start));
};

const remove: Mutation = (bytes, random) => {
  const { start, end } = stretch(bytes, random);
  return replaced(bytes, start, end, NOTHING);
};

const cutEnd: Mutation = (bytes, random) => bytes.subarray(0, random.nextInteger(bytes.length));

/** Once, or so often that counts and depths run high. */
const repeat: Mutation = (bytes, random) => {
  const { start, end } = stretch(bytes, random);
  const times = random.nextInteger(8) === 0 ? 200 : 1;
  return replaced(bytes, end, end, Buffer.concat(new Array<Uint8Array>(times).fill(bytes.subarray(start, end))));
};

const splice: Mutation = (bytes, random, others) => {
  if (others.length === 0) return repeat(bytes, random, others);
  const other = others[random.nextInteger(others.length)];
  const from = random.nextInteger(other.length);
  const piece = other.subarray(from, from + 1 + random.nextInteger(60));
  const { start, end } = stretch(bytes, random);
  return replaced(bytes, start, end, piece);
};

/** Lengths, offsets and times at the ends of their range, where they are bytes. */
const EXTREMES: readonly (readonly number[])[] = [
  [0],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0x7f],
  [0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff],
  [0x80, 0x80, 0x80, 0x80],
  [0, 0, 0, 0],
  [0x7f, 0xff, 0xff, 0xff],
];

const overwriteWithExtreme: Mutation = (bytes, random) => {
  const extreme = EXTREMES[random.nextInteger(EXTREMES.length)];
  const at = random.nextInteger(bytes.length);
  return replaced(bytes, at, at + extreme.length, Uint8Array.from(extreme));
};

/** The same where they are written out. */
const EXTREME_NUMBERS = [
  '',
  '0',
  '-1',
  '1',
  '255',
  '65536',
  '4294967296',
  '99999999999999999999',
  '0.1',
  '1e999',
  'NaN',
];

const replaceNumber: Mutation = (bytes, random, others) => {
  const text = latin(bytes);
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return overwriteWithExtreme(bytes, random, others);
  const { 0: digits, index } = numbers[random.nextInteger(numbers.length)];
  const extreme = EXTREME_NUMBERS[random.nextInteger(EXTREME_NUMBERS.length)];
  return replaced(bytes, index, index + digits.length, Buffer.from(extreme));
};

const dropOrDoubleLine: Mutation = (bytes, random) => {
  const lines = latin(bytes).split('\n');
  const at = random.nextInteger(lines.length);
  if (random.nextInteger(2) === 0) lines.splice(at, 1);
  else lines.splice(random.nextInteger(lines.length + 1), 0, lines[at]);
  return Uint8Array.from(Buffer.from(lines.join('\n'), 'latin1'));
};

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  insertNoise,
  overwriteWithNoise,
  remove,
  cutEnd,
  repeat,
  splice,
  overwriteWithExtreme,
  replaceNumber,
  dropOrDoubleLine,
];

const NOTHING = new Uint8Array(0);

/** A place of up to 12 bytes. */
function stretch(bytes: Uint8Array, random: Random): { readonly start: number; readonly end: number } {
  const start = random.nextInteger(bytes.length);
  return { start, end: Math.min(bytes.length, start + 1 + random.nextInteger(12)) };
}

function noise(random: Random): Uint8Array {
  return Uint8Array.from({ length: 1 + random.nextInteger(12) }, () => random.nextInteger(256));
}

function replaced(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]));
}

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
