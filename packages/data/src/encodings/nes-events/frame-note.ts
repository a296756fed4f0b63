/** A note in video frames: from `start` on, as many frames as it has volumes; silent frames inside a note end it. */
export interface FrameNote {
  readonly start: number;
  readonly pitch: number;
  /** 1..15, one a frame. */
  readonly volumes: readonly number[];
  /** One a frame. */
  readonly duties: readonly number[];
  /** Of a triangle with a quarter clock: quarters after which the note falls silent, 1 to LONGEST_GATE. */
  readonly quarters?: number | undefined;
}
