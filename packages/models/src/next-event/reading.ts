import type { Encoding, MelodyFeatures } from '@chipsmith/data';
import { ModelError } from '../error.ts';

/** How a network sees events, and what it predicts of them. */
export interface EventReading {
  /** Numbers that stand for an event; undefined where it is its class alone. */
  readonly features: number | undefined;
  /** What the network chooses among. */
  readonly labels: number;
  /**
   * What the network gets at positions from..to - 1, all events before counted: (to - from) classes, or rows of
   * features.
   */
  inputsOf(events: Uint16Array, from: number, to: number): ArrayLike<number>;
  /** Labels of the events at positions from..to - 1. */
  labelsOf(events: Uint16Array, from: number, to: number): ArrayLike<number>;
  /** The event that a label stands for after others. */
  eventOf(label: number, before: ArrayLike<number>): number;
}

/** Each event as its class, and each class as a label. */
export function readClasses({ classes }: Encoding): EventReading {
  const slice = (events: Uint16Array, from: number, to: number) => requireClasses(events.subarray(from, to), classes);
  return { features: undefined, labels: classes, inputsOf: slice, labelsOf: slice, eventOf: (label) => label };
}

/** Melodies by the features of one of Magenta's encoders. */
export function readFeatures(
  { inputs, labels, inputsOf, labelsOf, eventOf }: MelodyFeatures,
  { classes }: Encoding,
): EventReading {
  return {
    features: inputs,
    labels,
    inputsOf: (events, from, to) => inputsOf(requireClasses(events, classes), from, to),
    labelsOf: (events, from, to) => labelsOf(requireClasses(events, classes), from, to),
    eventOf,
  };
}

/** @throws ModelError naming the event that is not one of so many classes */
export function requireClasses(events: Uint16Array, classes: number): Uint16Array {
  const stray = events.find((event) => event >= classes);
  if (stray === undefined) return events;
  throw new ModelError(`Event ${stray} is not a class of the model (0..${classes - 1}); use data in its encoding.`);
}
