import { DataError } from '../../error.ts';
import { EventChain } from './event-chain.ts';

/** Two classes that become one: events of the alphabet, or what earlier pairs became. */
export type BytePair = readonly [first: number, second: number];

/** A number for a pair of classes, each below 65,536. */
export function pairKey(first: number, second: number): number {
  return first * 0x10000 + second;
}

/** Events are kept in 16 bits. */
const MAX_CLASSES = 0x10000;

/**
 * Byte-pair encoding over an alphabet of events (Sennrich, Haddow, Birch: "Neural machine translation of rare words
 * with subword units", ACL 2016): pair n, wherever it stands, becomes class `classes + n`, one pair after the other.
 */
export class BytePairs {
  readonly #classes: number;
  readonly #pairs: readonly BytePair[];
  readonly #rankOf: ReadonlyMap<number, number>;
  /** The events that each class stands for. */
  readonly #parts: (readonly number[])[];

  /**
   * @param classes size of the alphabet
   * @throws DataError if a pair has a part that there is not yet, stands for what another class stands for, or is one
   *   too many
   */
  constructor(classes: number, pairs: readonly BytePair[]) {
    this.#classes = classes;
    this.#pairs = pairs;
    this.#rankOf = new Map(pairs.map(([first, second], rank) => [pairKey(first, second), rank]));
    this.#parts = Array.from({ length: classes }, (_, event) => [event]);
    const spellings = new Set<string>();
    for (const [rank, pair] of pairs.entries()) {
      const refuse = (problem: string): never => {
        throw new DataError(
          `byte pair ${rank} (${pair.join(' ')})`,
          problem,
          'learn the pairs again with this alphabet',
        );
      };
      const parts = pair.flatMap((part) => this.#parts[part] ?? refuse(`there is no class ${part} before it`));
      const spelling = parts.join(' ');
      if (spellings.has(spelling)) refuse(`another pair stands for ${spelling} too`);
      if (this.classes >= MAX_CLASSES) refuse(`more than ${MAX_CLASSES} classes`);
      spellings.add(spelling);
      this.#parts.push(parts);
    }
  }

  /** Size of the alphabet with the pairs. */
  get classes(): number {
    return this.#parts.length;
  }

  /** The events of the alphabet that a class stands for; undefined if there is no such class. */
  partsOf(event: number): readonly number[] | undefined {
    return this.#parts[event];
  }

  /** Events of the alphabet as classes; expand gives them back. */
  merge(events: ArrayLike<number>): Uint16Array {
    const chain = new EventChain(events);
    const positionsOf = new Map<number, number[]>();
    const note = (position: number) => {
      const rank = this.#rankOf.get(pairKey(chain.at(position), chain.at(chain.next(position))));
      if (rank === undefined) return;
      const positions = positionsOf.get(rank);
      if (positions) positions.push(position);
      else positionsOf.set(rank, [position]);
    };
    for (let position = 0; position < events.length - 1; position++) note(position);
    for (const [rank, [first, second]] of this.#pairs.entries()) {
      for (const position of positionsOf.get(rank)?.sort((a, b) => a - b) ?? []) {
        if (!chain.hasPair(position, first, second)) continue;
        chain.join(position, this.#classes + rank);
        // What is new here can only be of a pair further down the list.
        note(chain.previous(position));
        note(position);
      }
    }
    return chain.toEvents();
  }

  /** @throws DataError if an event is none of the classes */
  expand(events: ArrayLike<number>): Uint16Array {
    const expanded: number[] = [];
    for (let place = 0; place < events.length; place++) {
      const parts = this.#parts[events[place]];
      if (parts === undefined) {
        const problem = `${events[place]} is not one of the ${this.classes} classes of events and pairs`;
        throw new DataError(`event ${place}`, problem, 'use a model of this encoding');
      }
      for (const part of parts) expanded.push(part);
    }
    return Uint16Array.from(expanded);
  }
}
