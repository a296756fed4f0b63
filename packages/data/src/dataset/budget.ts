import { LIMITS } from './limits.ts';

/** What an archive on disk, with all archives inside it, may still unpack to. */
export class Budget {
  readonly #maxBytes: number;
  #bytes = 0;
  #files = 0;

  /** @param size of the archive on disk, in bytes */
  constructor(size: number) {
    this.#maxBytes = Math.min(LIMITS.archiveBytes, LIMITS.archiveBytesAlways + LIMITS.archiveRatio * size);
  }

  /** Counts one entry more. @returns what is wrong if that is too many */
  takeFile(): string | undefined {
    this.#files++;
    return this.#files > LIMITS.files ? `more than ${LIMITS.files} entries` : undefined;
  }

  /** Counts bytes that come, or are announced. @returns what is wrong if that is too many */
  takeBytes(bytes: number): string | undefined {
    this.#bytes += bytes;
    return this.#bytes > this.#maxBytes ? `unpacks to more than ${this.#maxBytes} bytes` : undefined;
  }
}
