/** Seconds for a character of WGSL where nothing was compiled yet: llvmpipe's on a core of 2020. */
const UNKNOWN = 2e-5;

/** With less than this part of that, a driver had it on disk: what does not tell how long the next one takes. */
const FROM_DISK = 0.2;

/**
 * Compilers take so much longer for longer code: on llvmpipe to the power of 1.2 for products to 2.1 for LSTM steps.
 */
const GROWTH = 1.5;

/** How long kernels take to compile on one device, judged by those that were compiled already. */
export class CompileTimes {
  readonly #known: { readonly length: number; readonly seconds: number }[] = [];

  /**
   * @param mayBeStored whether a driver that compiles slowly may have had it on disk
   * @returns the seconds that code of this length takes if it has to be compiled
   */
  note(length: number, seconds: number, mayBeStored: boolean): number {
    if (mayBeStored && seconds < FROM_DISK * UNKNOWN * length) return this.expected(length);
    this.#known.push({ length, seconds });
    return seconds;
  }

  /**
   * @returns the seconds that code of this length (see `inlinedLength`) is expected to take, by what is nearest in
   *   length
   */
  expected(length: number): number {
    const distance = (known: { length: number }) => Math.abs(Math.log(length / known.length));
    const [first, ...others] = this.#known;
    if (first === undefined) return UNKNOWN * length;
    const nearest = others.reduce((a, b) => (distance(b) <= distance(a) ? b : a), first);
    return extrapolated(nearest, length);
  }
}

/** What code of a length is expected to take, by what other code took. */
export function extrapolated(known: { readonly length: number; readonly seconds: number }, length: number): number {
  const part = length / known.length;
  return known.seconds * (part > 1 ? part ** GROWTH : part);
}

/**
 * Characters of WGSL once every call is replaced by what it calls, as drivers do: what compiling takes follows from
 * this much better than by the text, in which an unrolled loop of calls is short.
 */
export function inlinedLength(code: string): number {
  const starts = [...code.matchAll(/\bfn (\w+)\(/g)];
  const functions = new Map(
    starts.map(({ 1: name, index }, number) => [name, code.slice(index, starts[number + 1]?.index)]),
  );
  const lengths = new Map<string, number>();
  const lengthOf = (name: string): number => {
    const known = lengths.get(name);
    if (known !== undefined) return known;
    const text = functions.get(name) ?? '';
    let total = text.length;
    for (const [, called] of text.matchAll(/(?<!fn )\b(\w+)\(/g)) if (functions.has(called)) total += lengthOf(called);
    lengths.set(name, total);
    return total;
  };
  return lengthOf('main');
}
