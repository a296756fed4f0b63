import { type BytePair, pairKey } from './byte-pairs.ts';
import { EventChain, NONE } from './event-chain.ts';

/** A sequence to learn from; those of one game are one group. */
export interface BytePairSequence {
  readonly group: string;
  readonly events: ArrayLike<number>;
}

export interface LearnBytePairsOptions {
  /** Size of the alphabet. */
  readonly classes: number;
  /** How many pairs at most. */
  readonly count: number;
  /** A pair must occur in this many groups, so that it is a habit of musicians and not a piece of one tune. */
  readonly fewestGroups: number;
}

/**
 * Learns byte pairs: each the most frequent pair of neighbours once those before it are joined, of those in enough
 * groups. Of pairs equally frequent one is taken; the same sequences give the same pairs.
 *
 * Where a pair stands is remembered, so that joining it costs no more than its occurrences. Pairs wait in the order of
 * how often they occurred when that was last counted: occurrences only ever become fewer, and what a join makes new is
 * not more frequent than what was joined, so the pair at the head is the best once a new count confirms it.
 */
export function learnBytePairs(
  sequences: readonly BytePairSequence[],
  { classes, count, fewestGroups }: LearnBytePairsOptions,
): BytePair[] {
  const { chain, length, groupAt } = joinSequences(sequences);
  const waiting = new WaitingPairs();
  for (let position = 0; position < length; position++) waiting.note(chain, position);
  waiting.sort();

  const pairs: BytePair[] = [];
  const spellings = Array.from({ length: classes }, (_, event) => `${event} `);
  const known = new Set<string>();
  while (pairs.length < count) {
    const best = waiting.mostFrequent(chain);
    if (best === undefined) break;
    const { first, second, positions } = best;
    const spelling = spellings[first] + spellings[second];
    const groups = new Set(positions.map((position) => groupAt[position]));
    if (groups.size < fewestGroups || known.has(spelling)) continue;
    known.add(spelling);
    spellings.push(spelling);
    const event = classes + pairs.push([first, second]) - 1;
    for (const position of positions) {
      chain.join(position, event);
      waiting.note(chain, chain.previous(position));
      waiting.note(chain, position);
    }
    waiting.sort();
  }
  return pairs;
}

/** One chain of all sequences, with NONE after each, and the number of the group at each position. */
function joinSequences(sequences: readonly BytePairSequence[]) {
  const length = sequences.reduce((sum, { events }) => sum + events.length + 1, 0);
  const all = new Int32Array(length).fill(NONE);
  const groupAt = new Int32Array(length);
  const groups = new Map<string, number>();
  let start = 0;
  for (const { group, events } of sequences) {
    const number = groups.get(group) ?? groups.size;
    groups.set(group, number);
    all.set(events, start);
    groupAt.fill(number, start, start + events.length);
    start += events.length + 1;
  }
  return { chain: new EventChain(all), length, groupAt };
}

interface WaitingPair {
  readonly first: number;
  readonly second: number;
  /** Where it stood when it was noted; ascending. */
  positions: number[];
}

/** Pairs with their positions, by how often they occurred when last counted. */
class WaitingPairs {
  readonly #noted = new Map<number, WaitingPair>();
  readonly #byFrequency = new Map<number, WaitingPair[]>();
  #highest = 0;

  /** Notes the pair at a position, if two events stand there. */
  note(chain: EventChain, position: number): void {
    const first = chain.at(position);
    const second = chain.at(chain.next(position));
    if (first === NONE || second === NONE) return;
    const key = pairKey(first, second);
    const pair = this.#noted.get(key);
    if (pair) pair.positions.push(position);
    else this.#noted.set(key, { first, second, positions: [position] });
  }

  /**
   * Puts what was noted in its order. A pair that has been sorted is not noted again, for all that is new has a new
   * event.
   */
  sort(): void {
    for (const pair of this.#noted.values()) this.#add(pair);
    this.#noted.clear();
  }

  /** Takes out the most frequent pair, with where it stands; undefined when none is left that occurs twice. */
  mostFrequent(chain: EventChain): WaitingPair | undefined {
    for (; this.#highest > 1; this.#highest--) {
      for (let pair = this.#byFrequency.get(this.#highest)?.pop(); pair; ) {
        const { first, second } = pair;
        pair.positions = pair.positions.filter((position) => chain.hasPair(position, first, second));
        const apart = withoutOverlaps(pair, chain);
        if (apart.length === this.#highest) return { first, second, positions: apart };
        this.#add(pair, apart.length);
        pair = this.#byFrequency.get(this.#highest)?.pop();
      }
    }
    return undefined;
  }

  #add(pair: WaitingPair, frequency = pair.positions.length): void {
    const others = this.#byFrequency.get(frequency);
    if (others) others.push(pair);
    else this.#byFrequency.set(frequency, [pair]);
    this.#highest = Math.max(this.#highest, frequency);
  }
}

/** In a run of three equal events two pairs stand, of which only one can be joined. */
function withoutOverlaps({ first, second, positions }: WaitingPair, chain: EventChain): number[] {
  if (first !== second) return positions;
  let end = 0;
  return positions.filter((position) => {
    if (position < end) return false;
    end = chain.next(chain.next(position));
    return true;
  });
}
