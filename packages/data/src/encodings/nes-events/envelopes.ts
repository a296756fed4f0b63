import { type Macro, valueAt } from './macro.ts';

/** Answers that are remembered; then they are forgotten all at once. A song has some hundred shapes. */
const MAX_ANSWERS = 50_000;

/**
 * Finds which of a list of macros gives a sequence of values. Answers are remembered: songs repeat their instruments.
 */
export class MacroFinder {
  readonly #macros: readonly Macro[];
  readonly #tolerance: number;
  readonly #answers = new Map<string, Found>();

  /**
   * @param tolerance a macro in use stays in use where another would be nearer by no more than this, a frame on average
   */
  constructor(macros: readonly Macro[], tolerance: number) {
    this.#macros = macros;
    this.#tolerance = tolerance;
  }

  /** Whether macro number `index` gives these values from its frame `age` on. */
  matches(index: number, values: readonly number[], age: number): boolean {
    return values.every((value, frame) => valueAt(this.#macros[index], age + frame) === value);
  }

  /** The number of the macro for these values, which is the one in use unless another is clearly nearer. */
  choose(values: readonly number[], inUse: number): number {
    const error = meanError(this.#macros[inUse], values);
    if (error === 0) return inUse;
    const found = this.find(values);
    return error <= found.error + this.#tolerance ? inUse : found.nearest;
  }

  find(values: readonly number[]): Found {
    const key = String.fromCharCode(...values);
    const known = this.#answers.get(key);
    if (known) return known;
    if (this.#answers.size >= MAX_ANSWERS) this.#answers.clear();
    const found = search(this.#macros, values);
    this.#answers.set(key, found);
    return found;
  }
}

function search(macros: readonly Macro[], values: readonly number[]): Found {
  let nearest = 0;
  let error = Number.POSITIVE_INFINITY;
  let exactFrames = 0;
  for (const [index, macro] of macros.entries()) {
    exactFrames = Math.max(exactFrames, framesRight(macro, values));
    const other = meanError(macro, values, error);
    if (other < error) {
      error = other;
      nearest = index;
    }
  }
  return { nearest, error, exactFrames };
}

/** The mean distance of a macro from some values; once it is known to exceed `limit`, whatever exceeds it. */
function meanError(macro: Macro, values: readonly number[], limit = Number.POSITIVE_INFINITY): number {
  const most = limit * values.length;
  let sum = 0;
  for (let frame = 0; frame < values.length && sum <= most; frame++) {
    sum += Math.abs(valueAt(macro, frame) - values[frame]);
  }
  return sum / values.length;
}

/** How many values from the first on a macro gives exactly. */
function framesRight(macro: Macro, values: readonly number[]): number {
  const wrong = values.findIndex((value, frame) => valueAt(macro, frame) !== value);
  return wrong === -1 ? values.length : wrong;
}

/** The macro nearest to some values and its mean error a frame, and how long a beginning some macro gives exactly. */
export interface Found {
  readonly nearest: number;
  readonly error: number;
  readonly exactFrames: number;
}
