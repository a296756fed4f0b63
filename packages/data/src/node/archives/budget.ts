import { LIMITS } from '../../dataset/limits.ts';

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

  /** Counts bytes that have come. @returns what is wrong if that is too many */
  takeBytes(bytes: number): string | undefined {
    const exceeded = this.announce(bytes);
    this.#bytes += bytes;
    return exceeded;
  }

  /** @returns what is wrong if so many bytes that are yet to come would be too many */
  announce(bytes: number): string | undefined {
    return this.#bytes + bytes > this.#maxBytes ? `unpacks to more than ${this.#maxBytes} bytes` : undefined;
  }
}
