import { gunzipSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { deriveSeed, Random } from '../../src/index.ts';
import { tarOf } from './archives.ts';
import { savedAsUtf8, withCarriageReturns } from './containers.ts';
import { mutate } from './mutate.ts';
import { type SoundFile, soundFiles } from './sound-files.ts';

export const FUZZ_SEED = 2026;
export const FUZZ_CASES = 6500;

/** A damaged file, or for the first numbers a sound one. */
export interface FuzzCase extends SoundFile {
  readonly isSound: boolean;
  /** Entries of an archive that is sound but for what is in it: none may get lost. */
  readonly entries: number | undefined;
}

const PACKERS: readonly { readonly name: string; pack(files: readonly SoundFile[]): Uint8Array }[] = [
  { name: 'archive.tar', pack: tarOfFiles },
  { name: 'archive.tar.gz', pack: (files) => gzipSync(tarOfFiles(files)) },
  {
    name: 'archive.nested.zip',
    pack: (files) => zipOfFiles([{ name: 'inner.tgz', bytes: gzipSync(tarOfFiles(files)) }]),
  },
  { name: 'archive.zip', pack: zipOfFiles },
];

function tarOfFiles(files: readonly SoundFile[]): Uint8Array {
  return tarOf(files.map(({ name, bytes }) => ({ path: name, bytes })));
}

function zipOfFiles(files: readonly SoundFile[]): Uint8Array {
  return zipSync(Object.fromEntries(files.map(({ name, bytes }) => [name, bytes])));
}

const files = soundFiles();
/** Each kind of file as it is, one after the other; so that the numbers are dealt to all alike. */
const KINDS = files.length + PACKERS.length;

/**
 * The file of a number: the same for the same number, whatever came before. The first ones are the sound files and
 * archives of them; of the others, an archive is damaged itself or holds damaged files.
 */
export function fuzzCase(number: number): FuzzCase {
  const random = new Random(deriveSeed(FUZZ_SEED, number));
  const isSound = number < KINDS;
  const kind = number % KINDS;
  if (kind < files.length) {
    const { name, bytes } = files[kind];
    if (isSound) return { name, bytes, isSound, entries: undefined };
    return { name, bytes: damaged(name, bytes, random), isSound, entries: undefined };
  }
  const { name, pack } = PACKERS[kind - files.length];
  const chosen = [...random.permutation(files.length)].slice(0, 4).map((index) => files[index]);
  if (isSound) return { name, bytes: pack(chosen), isSound, entries: chosen.length };
  if (random.nextInteger(2) === 0) {
    const bytes = mutate(pack(chosen), random);
    return { name, bytes, isSound, entries: undefined };
  }
  const entries = chosen.map(({ name, bytes }) => ({ name, bytes: damaged(name, bytes, random) }));
  return { name, bytes: pack(entries), isSound, entries: entries.length };
}

/**
 * Half of the files keep what would have them refused at the door: the lengths of MIDI's chunks, the packing of a log.
 */
function damaged(name: string, bytes: Uint8Array, random: Random): Uint8Array {
  const others = files.map((file) => file.bytes);
  const isDeep = random.nextInteger(2) === 0;
  if (isDeep && /\.(gz|vgz)$/.test(name)) {
    const inner = name.replace(/\.gz$/, '').replace(/\.vgz$/, '.vgm');
    return gzipSync(damaged(inner, gunzipSync(bytes), random));
  }
  const result = mutate(bytes, random, others);
  if (!name.endsWith('.mid')) return result;
  const framed = isDeep ? withChunkLengths(result) : reframed(result, random);
  const transfers = [withCarriageReturns, savedAsUtf8];
  return transfers[random.nextInteger(8)]?.(framed) ?? framed;
}

/**
 * Bytes that stand in files though they should not: rests of other tracks, real-time and common messages, line breaks.
 */
const STRAYS = [
  [5, 0xff, 0x51, 3, 7, 0, 0],
  [0, 0xf8],
  [0, 0xf2, 1, 2],
  [0, 0xff, 0x2f, 0],
  [13, 10],
];
/** Lengths that tracks claim to have. */
const LENGTHS = [0, 1, 20, 0xffff, 0xffff_ffff];

/** One of the tracks with a wrong length, without its chunk's beginning or its end, or with strange bytes before it. */
function reframed(bytes: Uint8Array, random: Random): Uint8Array {
  const file = Buffer.from(bytes);
  const starts = [...file.toString('latin1').matchAll(/MTrk/g)].map(({ index }) => index);
  const at = starts[random.nextInteger(Math.max(1, starts.length))];
  if (at === undefined || at + 12 > file.length) return bytes;
  const stray = Uint8Array.from(STRAYS[random.nextInteger(STRAYS.length)]);
  const put = (from: number, to: number, by: Uint8Array) =>
    Uint8Array.from(Buffer.concat([file.subarray(0, from), by, file.subarray(to)]));
  switch (random.nextInteger(4)) {
    case 0:
      file.writeUInt32BE(LENGTHS[random.nextInteger(LENGTHS.length)], at + 4);
      return Uint8Array.from(file);
    case 1:
      return put(at, at + 4 * (1 + random.nextInteger(2)), new Uint8Array(0));
    case 2:
      return put(at - 4, at, new Uint8Array(0));
    default:
      return put(at, at, stray);
  }
}

/** Each track reaches to the next, or to the end. */
function withChunkLengths(bytes: Uint8Array): Uint8Array {
  const result = Buffer.from(bytes);
  const starts = [...result.toString('latin1').matchAll(/MTrk/g)].map(({ index }) => index);
  for (const [track, start] of starts.entries()) {
    const end = starts[track + 1] ?? result.length;
    if (end - start >= 8) result.writeUInt32BE(end - start - 8, start + 4);
  }
  return Uint8Array.from(result);
}
