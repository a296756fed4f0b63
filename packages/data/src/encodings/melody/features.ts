/**
 * What a model reads and predicts where that is more than the class of an event: made of the classes of a `melody`
 * sequence (38 classes, 0 no event, 1 note-off, 2..37 pitches 48..83).
 */
export interface MelodyFeatures {
  readonly name: string;
  /** Floats a step that the model reads. */
  readonly inputs: number;
  /** Classes of what it predicts. */
  readonly labels: number;
  /**
   * What is read at the steps from..to - 1, all of them if left out, (to - from, inputs). A row depends on its step and
   * those before it only.
   */
  inputsOf(events: ArrayLike<number>, from?: number, to?: number): Float32Array;
  /** The label of each of these steps; training pairs the input of a step with the label of the next. */
  labelsOf(events: ArrayLike<number>, from?: number, to?: number): Uint16Array;
  /** The class that a label stands for after the events `before`. */
  eventOf(label: number, before: ArrayLike<number>): number;
}

/** Steps back that are looked at, one and two bars of 4/4, and as many more labels. */
export const LOOKBACKS = [16, 32] as const;

/** Bit i of `count` as +1 or -1, into `row` from `offset`. */
export function writeCounter(row: Float32Array, offset: number, count: number, bits: number): void {
  for (let bit = 0; bit < bits; bit++) row[offset + bit] = (count >> bit) & 1 ? 1 : -1;
}

/** Whether the event of a step is the one `distance` before: 1, or 0. */
export function repeats(events: ArrayLike<number>, step: number, distance: number): number {
  return step >= distance && events[step] === events[step - distance] ? 1 : 0;
}

/**
 * The number of the lookback that an event is predicted as, or undefined if none fits. The farther one is taken first,
 * and a `noEvent` before there is history counts as farthest.
 */
export function lookbackOf(events: ArrayLike<number>, step: number, noEvent: number): number | undefined {
  if (step < LOOKBACKS[1] && events[step] === noEvent) return 1;
  if (repeats(events, step, LOOKBACKS[1])) return 1;
  return repeats(events, step, LOOKBACKS[0]) ? 0 : undefined;
}

/** The event that lookback 0 or 1 stands for; `noEvent` where there is no history yet. */
export function lookbackEvent(lookback: number, before: ArrayLike<number>, noEvent: number): number {
  const step = before.length - LOOKBACKS[lookback];
  return step < 0 ? noEvent : before[step];
}
