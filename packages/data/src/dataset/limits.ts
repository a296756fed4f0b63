/** What an input may hold before it is refused: guards against archives made to fill the memory. */
export const LIMITS = {
  /** One file. The largest of NES-MDB has 0.5 MB. */
  fileBytes: 4 * 2 ** 20,
  /** One archive, unpacked. NES-MDB has 68 MB. */
  archiveBytes: 8 * 2 ** 30,
  /** Entries of one archive, or files of one folder. */
  files: 1_000_000,
} as const;
