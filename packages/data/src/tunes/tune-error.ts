import { DataError } from '../error.ts';

/** A place in the text of a tune; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A tune that cannot be read: which one, the line and the column (both from 1), what is wrong and what to do. */
export class TuneError extends DataError {
  readonly tune: string;
  readonly line: number;
  readonly column: number;

  constructor(tune: string, { line, column }: Place, problem: string, remedy: string) {
    super(`tune "${tune}", line ${line}, column ${column}`, problem, remedy);
    this.tune = tune;
    this.line = line;
    this.column = column;
  }
}

/** Throws a TuneError for the tune at hand. */
export type Fail = (place: Place, problem: string, remedy: string) => never;
