import { DataError } from '../../error.ts';
import { appleSingle } from './apple-single.ts';
import { gzip } from './gzip.ts';
import { macBinary } from './mac-binary.ts';
import { riff } from './riff.ts';
import { textTransfer } from './text-transfer.ts';
import type { Wrapper } from './wrapper.ts';

/** What is inside a file: the file itself, if nothing is wrapped around it. */
export interface Unwrapped {
  readonly bytes: Uint8Array;
  /** The name that tells what the content is: without `.gz`. */
  readonly name: string;
  readonly isWrapped: boolean;
  /** A sentence for each thing that was put right or left out on the way. */
  readonly repairs: readonly string[];
}

const WRAPPERS: readonly Wrapper[] = [gzip, riff, macBinary, appleSingle, textTransfer];
/** A MIDI file in a RIFF file in MacBinary in gzip: more is made to keep us busy. */
const MAX_DEPTH = 4;

/**
 * Takes off what is wrapped around a file: gzip, RIFF (.rmi), MacBinary, AppleSingle and a transfer as text, also one
 * in another, told by the content. Archives of several files are none of this: see readSources.
 *
 * @param path the file's, for messages
 * @param maxBytes that each content on the way may have
 * @throws DataError, with the byte of the file that was opened last, if a wrapper is damaged beyond use, holds too much
 *   or is one of too many
 */
export function unwrap(bytes: Uint8Array, path: string, maxBytes: number): Unwrapped {
  let file: Unwrapped = { bytes, name: path, isWrapped: false, repairs: [] };
  for (let depth = 0; ; depth++) {
    const wrapper = WRAPPERS.find((candidate) => candidate.recognises(file.bytes));
    if (wrapper === undefined) return file;
    const fail = (problem: string, byte: number) => {
      const place = file.isWrapped ? { byte, within: 'unpacked' } : { byte };
      return new DataError(path, problem, 'download it again, or give another file', place);
    };
    if (depth === MAX_DEPTH) throw fail(`is wrapped more than ${MAX_DEPTH} times`, 0);
    const opened = wrapper.open(file.bytes, maxBytes);
    if ('problem' in opened) throw fail(opened.problem, opened.byte);
    const { content, name = file.name.replace(/\.gz$/i, ''), repairs } = opened;
    file = { bytes: content, name, isWrapped: true, repairs: [...file.repairs, ...repairs] };
  }
}
