/**
 * Bad input: a file, archive, folder, song or setting that cannot be used. The message is one line and says
 * where the trouble is, what is wrong and what to do about it; it is meant to be shown to the user as it stands.
 */
export class DataError extends Error {
  override readonly name = 'DataError';
  /** The file, entry or field at fault. */
  readonly where: string;
  /** What is wrong there. */
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;

  constructor(where: string, problem: string, remedy: string) {
    super(oneLine(`${where}: ${problem}; ${remedy}`));
    this.where = where;
    this.problem = problem;
    this.remedy = remedy;
  }
}

/** File names and texts from damaged files may hold line breaks and control characters: they must not break the line. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

/** The text of whatever was thrown, for putting a foreign error into a DataError. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
