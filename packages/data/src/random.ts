/**
 * Seeded random numbers: the same seed gives the same numbers on every machine.
 *
 * splitmix32, a 32-bit counter with the finaliser of MurmurHash3 (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", OOPSLA 2014, in its 32-bit form). Period 2^32: enough for shuffling and jitter, not for secrets.
 */
export class Random {
  #state: number;

  /** `seed`: an integer, of which the low 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** The next 32 random bits, 0..2^32 - 1. */
  nextUint32(): number {
    this.#state = (this.#state + GOLDEN_RATIO) | 0;
    return mix(this.#state);
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  nextFloat(): number {
    return this.nextUint32() / 2 ** 32;
  }

  /** Uniform integer in 0..bound - 1, for 1 <= bound <= 2^32. The bias of the multiplication is below bound / 2^32. */
  nextInteger(bound: number): number {
    return Math.floor(this.nextFloat() * bound);
  }

  /** The numbers 0..length - 1 in random order (Fisher-Yates). */
  permutation(length: number): Uint32Array {
    const items = Uint32Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last--) {
      const other = this.nextInteger(last + 1);
      const moved = items[last];
      items[last] = items[other];
      items[other] = moved;
    }
    return items;
  }
}

/** 2^32 divided by the golden ratio, made odd: consecutive states are far apart. */
const GOLDEN_RATIO = 0x9e3779b9;

function mix(state: number): number {
  let bits = state;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * A seed for a part of the work, from the seed of the whole and the part's numbers: (seed, epoch), (seed, epoch,
 * window).
 */
export function deriveSeed(seed: number, ...parts: readonly number[]): number {
  return parts.reduce((state, part) => mix((mix(state) + Math.imul(part, GOLDEN_RATIO)) | 0), seed | 0);
}
