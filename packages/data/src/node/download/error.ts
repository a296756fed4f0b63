import { DataError } from '../../error.ts';

/** Why a try may be worth repeating, and when. */
export interface Transient {
  /** How long the server asks to wait (Retry-After), seconds. */
  readonly waitSeconds?: number | undefined;
}

/** A server that cannot be reached, or whose answer cannot be used. `where` is the address. */
export class DownloadError extends DataError {
  /** Present if the same request may do better later. */
  readonly transient: Transient | undefined;

  constructor(url: URL, problem: string, remedy: string, transient?: Transient) {
    super(url.href, problem, remedy);
    this.transient = transient;
  }
}
