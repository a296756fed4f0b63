import type { TuneSymbol } from './symbols.ts';

/** A stretch of a voice that is played once or, with another ending each time, more often. */
interface Section {
  /** Index behind what every pass plays; it begins where the section before ends. */
  readonly bodyEnd: number;
  readonly endings: readonly Ending[];
  readonly passes: number;
  /** Index of the first symbol behind it. */
  readonly end: number;
  /** The endings had to be numbered anew. */
  readonly isRenumbered?: boolean;
}

interface Ending {
  readonly passes: ReadonlySet<number>;
  readonly start: number;
  readonly end: number;
}

/**
 * The symbols in the order in which they are played: repeats are written out, endings chosen by the pass. A repeat
 * without a sign at its start goes back to the last repeat, ending or double bar line (section 4.8 of the standard);
 * but to the beginning if nothing was repeated before, as tunes of three phrases with double bar lines between them are
 * meant to be played again as a whole. A passage is played as often as its repeat signs say, or as the highest number
 * of its endings does if that is more. Endings that leave out a pass, such as a lone 62, are played one after the
 * other.
 *
 * @param tellRenumbered is called for each passage with such endings
 */
export function* playRepeats(symbols: readonly TuneSymbol[], tellRenumbered: () => void): Generator<TuneSymbol> {
  for (let start = 0; start < symbols.length; ) {
    const { bodyEnd, endings, passes, end, isRenumbered } = sectionFrom(symbols, start);
    if (isRenumbered) tellRenumbered();
    for (let pass = 1; pass <= passes; pass++) {
      yield* between(symbols, start, bodyEnd);
      const ending = endings.find((one) => one.passes.has(pass));
      if (ending) yield* between(symbols, ending.start, ending.end);
    }
    start = end;
  }
}

function* between(symbols: readonly TuneSymbol[], start: number, end: number): Generator<TuneSymbol> {
  for (let at = start; at < end; at++) yield symbols[at];
}

function sectionFrom(symbols: readonly TuneSymbol[], start: number): Section {
  const before = symbols[start - 1];
  const hasStart = start === 0 || (before.kind === 'bar' && before.forward);
  for (let at = start; at < symbols.length; at++) {
    const symbol = symbols[at];
    if (symbol.kind === 'ending') return sectionWithEndings(symbols, at, 1);
    if (symbol.kind !== 'bar') continue;
    const end = at + 1;
    const passes = 1 + symbol.backward;
    if (passes > 1 && symbols[end]?.kind === 'ending') return sectionWithEndings(symbols, end, passes);
    if (passes > 1 || symbol.forward || (symbol.section && !hasStart))
      return { bodyEnd: end, endings: [], passes, end };
  }
  return { bodyEnd: symbols.length, endings: [], passes: 1, end: symbols.length };
}

/** @param signs how often the repeat signs before the first ending have the body played */
function sectionWithEndings(symbols: readonly TuneSymbol[], bodyEnd: number, signs: number): Section {
  const endings: Ending[] = [];
  let passes = signs;
  let at = bodyEnd;
  for (let symbol = symbols[at]; symbol?.kind === 'ending'; symbol = symbols[at]) {
    const end = endingEnd(symbols, at + 1);
    const bar = symbols[end - 1];
    // The sign behind a last ending belongs to what the endings before it repeat already.
    if (endings.length === 0 && bar?.kind === 'bar') passes = Math.max(passes, 1 + bar.backward);
    endings.push({ passes: symbol.passes, start: at + 1, end });
    at = end;
  }
  const first = signs > 1 ? 2 : 1;
  const numbers = new Set(endings.flatMap((ending) => [...ending.passes]));
  const highest = Math.max(...numbers);
  let next = first;
  while (numbers.has(next)) next++;
  if (next > highest) return { bodyEnd, endings, passes: Math.max(passes, highest), end: at };
  const renumbered = endings.map((ending, index) => ({ ...ending, passes: new Set([first + index]) }));
  return {
    bodyEnd,
    endings: renumbered,
    passes: Math.max(passes, first + endings.length - 1),
    end: at,
    isRenumbered: true,
  };
}

/** Behind the bar line at which an ending is over: one of a section, or one with the next ending behind it. */
function endingEnd(symbols: readonly TuneSymbol[], start: number): number {
  for (let at = start; at < symbols.length; at++) {
    const symbol = symbols[at];
    const next = symbols[at + 1]?.kind === 'ending';
    if (symbol.kind === 'bar' ? symbol.section || next : next) return at + 1;
  }
  return symbols.length;
}
