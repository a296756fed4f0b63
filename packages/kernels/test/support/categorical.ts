import { type CategoricalSettings, NO_CLASS, uniform } from '../../src/index.ts';

/** The number in (0, 1] by which a row of `categorical` is drawn. */
export function categoricalDraw(row: number, stream: number, seed: number): number {
  return (Math.floor(uniform(row, stream, seed) * 2 ** 24) + 1) / 2 ** 24;
}

/** One row of `categorical` by its definition, in float64 and with a sort. */
export function categoricalReference(
  scores: ArrayLike<number>,
  allowed: ArrayLike<number> | undefined,
  { temperature = 1, topK = Number.POSITIVE_INFINITY, topP = 1, minP = 0 }: CategoricalSettings,
  draw: number,
  penalty?: ArrayLike<number>,
): {
  choice: number;
  logProbability: number;
  /** Classes that are left after all cuts, in order. */
  kept: number[];
  /** How far the sum of weights is from a cut or the draw, as a share of it: f32 cannot tell below some 1e-6. */
  margin: number;
} {
  // What the device subtracts is rounded to f32: so that equal ones are equal here too.
  const logits = Array.from(scores, (score, c) => Math.fround(score - (penalty?.[c] ?? 0)));
  const order = [...Array(logits.length).keys()].filter((c) => allowed === undefined || allowed[c] !== 0);
  const none = { choice: NO_CLASS, logProbability: 0, kept: [], margin: 1 };
  if (order.some((c) => Number.isNaN(logits[c]) || logits[c] === Number.POSITIVE_INFINITY)) return none;
  order.sort((a, b) => logits[b] - logits[a] || a - b);
  const highest = logits[order[0]];
  if (order.length === 0 || highest === Number.NEGATIVE_INFINITY) return none;

  let margin = 1;
  /** The classes up to which the weights reach a share of their sum. */
  const upTo = (classes: readonly number[], share: number, weight: (c: number) => number): number[] => {
    const goal = share * classes.reduce((sum, c) => sum + weight(c), 0);
    let held = 0;
    let last = 0;
    for (const [index, c] of classes.entries()) {
      held += weight(c);
      margin = Math.min(margin, Math.abs(held - goal) / goal + (weight(c) === 0 ? 1 : 0));
      last = index;
      if (held >= goal) break;
    }
    return classes.slice(0, last + 1);
  };
  const weight = (c: number) => Math.exp((logits[c] - highest) / temperature);
  const best = order.slice(0, temperature === 0 ? 1 : topK);
  const likeliest = topP < 1 && best.length > 1 ? upTo(best, topP, weight) : best;
  const kept = likeliest.filter((c) => {
    const exponent = temperature === 0 ? 0 : (logits[c] - highest) / temperature;
    if (minP > 0 && exponent !== 0) margin = Math.min(margin, Math.abs(exponent - Math.log(minP)));
    return exponent >= Math.log(minP);
  });
  const choice = kept.length > 1 ? upTo(kept, draw, weight).at(-1) : kept[0];
  const total = order.reduce((sum, c) => sum + Math.exp(scores[c] - scores[order[0]]), 0);
  const logProbability = scores[choice ?? 0] - scores[order[0]] - Math.log(total);
  return { choice: choice ?? NO_CLASS, logProbability, kept, margin };
}
