/** A kind of file that holds one other file. */
export interface Wrapper {
  recognises(bytes: Uint8Array): boolean;
  /** @param maxBytes that the content may have */
  open(bytes: Uint8Array, maxBytes: number): Opened | Unopened;
}

interface Opened {
  readonly content: Uint8Array;
  /** The name that the wrapper gives its content, if any. */
  readonly name?: string;
  readonly repairs: readonly string[];
}

interface Unopened {
  readonly problem: string;
  readonly byte: number;
}
