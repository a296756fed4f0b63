import { CallSite } from './call-site.ts';

/** What went wrong, for programs that want to react; the message says it for people. */
export type KernelErrorCode =
  | 'no-adapter'
  | 'shape'
  | 'data-type'
  | 'range'
  | 'schedule'
  | 'not-differentiable'
  | 'random-stream'
  | 'compile'
  | 'validation'
  | 'out-of-memory'
  | 'limit'
  | 'non-finite'
  | 'device-lost'
  | 'wrong-device'
  | 'closed'
  | 'option';

/**
 * The one error type of this package: a single line that says what, why, what to do, and which line of the caller it is
 * about. Without that line where no code is at fault: a missing adapter.
 */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly code: KernelErrorCode;
  /** The message without the line of the caller. */
  readonly summary: string;

  /** @param options.at the line it is about, where that is not the one that is being executed */
  constructor(
    code: KernelErrorCode,
    message: string,
    options: ErrorOptions & { readonly at?: CallSite | undefined } = {},
  ) {
    const { at, ...rest } = options;
    const place = code === 'no-adapter' ? undefined : (at ?? new CallSite()).toString();
    super(place === undefined ? message : `${message} (at ${place})`, rest);
    this.code = code;
    this.summary = message;
  }
}
