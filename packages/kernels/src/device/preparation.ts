/** How far a device or a program is with what it does before it can be used. */
export interface PreparationProgress {
  /** Which of several kernels is fastest is measured first, where that is not known yet; then all are compiled. */
  readonly stage: 'measuring' | 'compiling';
  /** Counts up to the total of the stage. */
  readonly done: number;
  readonly total: number;
  /** What is being measured, or was compiled last; may be empty. */
  readonly label: string;
  /** At most so many while measuring, about so many while compiling; undefined where nobody knows. */
  readonly secondsLeft: number | undefined;
}

/** How to watch getting ready, and to end it. */
export interface PreparationOptions {
  /** Called at the start and at the end of each stage that there is, and between. */
  readonly onProgress?: ((progress: PreparationProgress) => void) | undefined;
  /**
   * Aborting frees what was allocated and throws the signal's reason; a kernel that is being compiled is finished
   * first.
   */
  readonly signal?: AbortSignal | undefined;
}
