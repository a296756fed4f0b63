import { DataError } from '../error.ts';

/** What a tune consists of, in the order of the page. Lengths are in quarter notes. */
export type TuneSymbol =
  | { readonly kind: 'notes'; readonly pitches: readonly number[]; readonly length: number; readonly tied: boolean }
  | { readonly kind: 'rest'; readonly length: number }
  /**
   * `backward`: how often what is before it is repeated, 1 for `:|` and 2 for `::|`. `section`: a double bar line or one with a
   * repeat sign, at which an ending is over.
   */
  | { readonly kind: 'bar'; readonly backward: number; readonly forward: boolean; readonly section: boolean }
  /** From here on only in these passes of a repeat. */
  | { readonly kind: 'ending'; readonly passes: readonly number[] }
  | { readonly kind: 'part'; readonly name: string };

/** Symbols of a tune, as written and with all repeats; far above any tune. */
export const MOST_SYMBOLS = 100_000;

/** A place in a book of tunes, for messages. */
export class Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Of the line's first character. */
  readonly byte: number;

  constructor(file: string, line: number, byte: number) {
    this.file = file;
    this.line = line;
    this.byte = byte;
  }

  /** Ends reading with an error at `column` (from 0) of the line. */
  refuse(column: number, problem: string, remedy = 'correct the tune'): never {
    throw new DataError(this.file, problem, remedy, { byte: this.byte + column, within: `line ${this.line}` });
  }
}

/** What is in the tune but not in the song, counted for the report. */
export interface LeftOut {
  chordSymbols: number;
  graceNotes: number;
  otherVoices: number;
}
