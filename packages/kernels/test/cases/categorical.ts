import { type CategoricalSettings, categorical, categoricalSettings } from '../../src/index.ts';
import { categoricalDraw, categoricalReference } from '../support/categorical.ts';
import { randomIds, randomNumbers, TOLERANCE } from '../support/numbers.ts';
import type { OperationCase } from '../support/verify.ts';

const [STREAM, SEED] = [2, 7];

/** Rows, classes and settings; the log-probability shows which class was chosen. */
const PROBLEMS: readonly [number, number, CategoricalSettings, penalised?: boolean][] = [
  [1, 1, {}],
  [5, 38, { temperature: 0.7, topP: 0.9 }],
  [67, 3, { topK: 2 }],
  [5, 38, { minP: 0.2 }, true],
  // A workgroup a row.
  [2, 131, { temperature: 1.5, topK: 40, topP: 0.8 }],
  [2, 131, { temperature: 1.5, topP: 0.9, minP: 0.1 }, true],
];

export const categoricalCases: readonly OperationCase[] = PROBLEMS.map(([rows, classes, settings, penalised]) => {
  const allowed = Float32Array.from(randomIds(rows * classes, 6, 3), (id, index) =>
    id > 0 || index % classes === 0 ? 1 : 0,
  );
  const penalties = penalised ? randomNumbers(rows * classes, 9, 0, 3) : undefined;
  return {
    name: `${rows} rows of ${classes} classes, ${JSON.stringify(settings)}${penalised ? ', penalised' : ''}`,
    shapes: [[rows, classes]],
    range: [-4, 4],
    build: ([logits], graph) => {
      const [given, seed] = [
        graph.constant(categoricalSettings(settings), [4]),
        graph.constant(Uint32Array.of(SEED), []),
      ];
      const mask = graph.constant(allowed, [rows, classes]);
      const penalty = penalties && graph.constant(penalties, [rows, classes]);
      return categorical(logits, given, seed, STREAM, mask, penalty).logProbability;
    },
    reference: ([logits]) =>
      Float64Array.from({ length: rows }, (_, row) => {
        const [start, end] = [row * classes, (row + 1) * classes];
        const draw = categoricalDraw(row, STREAM, SEED);
        const [scores, mask, penalty] = [logits.data, allowed, penalties].map((list) => list?.slice(start, end));
        return categoricalReference(scores ?? [], mask, settings, draw, penalty).logProbability;
      }),
    tolerance: TOLERANCE.reduction,
    differentiable: false,
  };
});
