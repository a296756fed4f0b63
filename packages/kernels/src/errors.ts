/** What went wrong, for programs that want to react; the message says it for people. */
export type KernelErrorCode =
  | 'no-adapter'
  | 'shape'
  | 'data-type'
  | 'schedule'
  | 'not-differentiable'
  | 'compile'
  | 'validation'
  | 'out-of-memory'
  | 'limit'
  | 'device-lost'
  | 'closed';

/** The one error type of this package: a single line that says what, where and what to do. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly code: KernelErrorCode;

  constructor(code: KernelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
