import { MOST_SYMBOLS, type TuneSymbol } from './symbols.ts';

/**
 * The symbols in the order in which they are played: repeats are written out, endings chosen by the pass. A repeat without
 * a sign at its start goes back to the last repeat, the end of the last ending, or the beginning.
 *
 * @returns undefined if that would be endless
 */
export function playRepeats(symbols: readonly TuneSymbol[]): TuneSymbol[] | undefined {
  const played: TuneSymbol[] = [];
  let start = 0;
  let pass = 1;
  let inEnding = false;
  for (let at = 0; at < symbols.length; at++) {
    const symbol = symbols[at];
    if (played.length > MOST_SYMBOLS) return undefined;
    if (symbol.kind === 'ending') {
      if (symbol.passes.includes(pass)) inEnding = true;
      else at = skipEnding(symbols, at, pass) - 1;
      continue;
    }
    played.push(symbol);
    if (symbol.kind !== 'bar') continue;
    const repeated = pass <= symbol.backward;
    const again = symbol.backward > 0 && (repeated || (inEnding && anotherEnding(symbols, at)));
    if (again) {
      at = start - 1;
      pass++;
      inEnding = false;
    } else if (symbol.backward > 0 || symbol.forward || (inEnding && symbol.section)) {
      start = at + 1;
      pass = 1;
      inEnding = false;
    }
  }
  return played;
}

/** Where playing goes on in this pass: the next ending of it, or behind the repeat sign if there is none. */
function skipEnding(symbols: readonly TuneSymbol[], from: number, pass: number): number {
  for (let at = from + 1; at < symbols.length; at++) {
    const symbol = symbols[at];
    if (symbol.kind === 'ending') {
      if (symbol.passes.includes(pass)) return at;
    } else if (symbol.kind === 'bar' && symbol.section && !anotherEnding(symbols, at)) return at + 1;
  }
  return symbols.length;
}

/** Whether an ending begins right behind the bar line. */
function anotherEnding(symbols: readonly TuneSymbol[], bar: number): boolean {
  return symbols[bar + 1]?.kind === 'ending';
}
