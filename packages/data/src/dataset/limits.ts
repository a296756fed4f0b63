/** What an input may hold before it is refused: guards against archives made to fill the memory. */
export const LIMITS = {
  /** One file. The largest of NES-MDB has 0.5 MB. */
  fileBytes: 4 * 2 ** 20,
  /** One archive inside another. */
  innerArchiveBytes: 64 * 2 ** 20,
  /** One archive and those inside it, unpacked. NES-MDB has 68 MB. */
  archiveBytes: 8 * 2 ** 30,
  /**
   * The same for each byte that the archive has, beyond what is always allowed. Deflate makes a thousand of one at
   * most, music 5 to 50.
   */
  archiveRatio: 100,
  archiveBytesAlways: 64 * 2 ** 20,
  /** Entries of one archive and those inside it, or files of one folder. */
  files: 1_000_000,
  /** Archives one inside another. */
  archiveDepth: 4,
} as const;

/** Why a file of more bytes is not read. */
export function tooLarge(bytes: number): string {
  return `larger than ${bytes} bytes`;
}
