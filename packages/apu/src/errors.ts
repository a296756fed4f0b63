/** Input that this package cannot take: the message says what, where, why and what to do, in one line. */
export class ApuError extends Error {
  override readonly name = 'ApuError';
  /** Byte of the file at which reading failed, where a file is to blame. */
  readonly byteOffset: number | undefined;

  constructor(message: string, byteOffset?: number) {
    super(message);
    this.byteOffset = byteOffset;
  }
}
