/** A place inside a file: a byte, a field, or both. */
export interface FilePlace {
  /** Offset from the start of the file; of a packed file, where `within` says so, from the start of its content. */
  readonly byte?: number;
  /** What a person looks for rather than for a byte: `line 12`, `field train.0.3`, `unpacked`. */
  readonly within?: string;
}

/**
 * Bad input: a file, archive, folder, song or setting that cannot be used. The message is one line and says
 * where the trouble is, what is wrong and what to do about it; it is meant to be shown to the user as it stands.
 *
 * What is read from a file has a byte: that of the trouble, or where reading stopped if the whole is at fault (a piece
 * that lasts days, a book without a tune). What is read from JSON has a field, or the parser's own words.
 */
export class DataError extends Error {
  override readonly name = 'DataError';
  /** The file, entry or field at fault. */
  readonly where: string;
  /** What is wrong there. */
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Where in the file; undefined for what is not a file, or is not there. */
  readonly place: FilePlace | undefined;

  constructor(where: string, problem: string, remedy: string, place?: FilePlace, options?: ErrorOptions) {
    super(printable(`${place ? `${where}, ${wordsOf(place)}` : where}: ${problem}; ${remedy}`), options);
    this.where = where;
    this.problem = problem;
    this.remedy = remedy;
    this.place = place;
  }

  /** Offset in the file; see FilePlace. */
  get byte(): number | undefined {
    return this.place?.byte;
  }
}

/** Place and problem, for a list that names the files itself: `byte 22: the chunk "MTrk" announces ...`. */
export function reasonOf({ problem, place }: Pick<DataError, 'problem' | 'place'>): string {
  return printable(place ? `${wordsOf(place)}: ${problem}` : problem);
}

/** A reason without its place: the same for all files with one kind of trouble. */
export function problemOf(reason: string): string {
  return reason.replace(/^((.*, )?byte \d+|field [^:]*): /, '');
}

function wordsOf({ byte, within }: FilePlace): string {
  return [within, byte !== undefined && `byte ${byte}`].filter(Boolean).join(', ');
}

/**
 * A text that can be shown in a line of a terminal: file names, and texts from damaged files, may hold line breaks,
 * control characters that a terminal obeys, and marks that turn the direction of writing.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}

/** The text of whatever was thrown, for putting a foreign error into a DataError. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
