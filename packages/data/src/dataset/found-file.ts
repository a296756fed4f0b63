/** One file of the input: found on disk or inside an archive. */
export interface SourceFile {
  /**
   * Path inside the input, with forward slashes; folders, and archives in folders or archives, put their own name in
   * front.
   */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A file that is left out, and why. */
export interface RefusedFile {
  readonly path: string;
  readonly reason: string;
}

export type FoundFile = SourceFile | RefusedFile;
