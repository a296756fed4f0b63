import { playRepeats } from './repeats.ts';
import type { TuneSymbol } from './symbols.ts';

/** Parts that an order may name, all its numbers played out. */
const MAX_PARTS = 1000;

/**
 * The parts in the order of a header's `P:` field, such as `AABB`, `A2B`, `P:(AB)2A` or `((AB)3.(CD)3)2`; dots, commas
 * and spaces only divide.
 *
 * @returns undefined if it is none, or longer than 1000 parts
 */
export function partOrderOf(field: string): string[] | undefined {
  const open: string[][] = [];
  let parts: string[] = [];
  for (const [token] of field.replace(/[\s.,]/g, '').matchAll(/[A-Za-z]\d*|\)\d*|./g)) {
    if (token === '(') {
      open.push(parts);
      parts = [];
      continue;
    }
    let repeated = [token[0]];
    if (token.startsWith(')')) {
      const outer = open.pop();
      if (outer === undefined) return undefined;
      repeated = parts;
      parts = outer;
    } else if (!/^[A-Za-z]/.test(token)) return undefined;
    const times = Number(token.slice(1) || 1);
    if (parts.length + times * repeated.length > MAX_PARTS) return undefined;
    for (let count = 0; count < times; count++) parts.push(...repeated);
  }
  return open.length > 0 || parts.length === 0 ? undefined : parts;
}

interface Part {
  readonly name: string;
  readonly symbols: TuneSymbol[];
}

/** The parts of a voice in playing order, and what has to be said of them. */
export interface PartPlan {
  readonly parts: readonly (readonly TuneSymbol[])[];
  readonly repairs: readonly string[];
}

/**
 * Which symbols are played in which order: what stands before the first part comes first, then the parts as the order
 * names them, or as they are written if it names none.
 */
export function planParts(symbols: readonly TuneSymbol[], order: readonly string[] | undefined): PartPlan {
  const parts: Part[] = [{ name: '', symbols: [] }];
  for (const symbol of symbols) {
    if (symbol.kind === 'part') parts.push({ name: symbol.name, symbols: [] });
    else parts[parts.length - 1].symbols.push(symbol);
  }
  const byName = new Map<string, Part[]>();
  for (const part of parts) {
    const known = byName.get(part.name);
    if (known) known.push(part);
    else byName.set(part.name, [part]);
  }
  const missing = new Set(order?.filter((name) => !byName.has(name)));
  const known = (order ?? []).flatMap((name) => byName.get(name) ?? []);
  const played = known.length > 0 ? [parts[0], ...known] : parts;
  const heard = new Set(played);
  const silent = new Set(parts.filter((part) => !heard.has(part)).map(({ name }) => name));
  return {
    parts: played.map((part) => part.symbols),
    repairs: [
      ...[...missing].map((name) => `part ${name} of the order of parts is not written`),
      ...[...silent].map((name) => `part ${name} is never played`),
    ],
  };
}

/** The symbols as they are played, each part with its repeats; see playRepeats. */
export function* playParts({ parts }: PartPlan, tellRenumbered: () => void): Generator<TuneSymbol> {
  for (const part of parts) yield* playRepeats(part, tellRenumbered);
}
