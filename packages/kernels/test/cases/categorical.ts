import { type CategoricalSettings, categorical, categoricalSettings } from '../../src/index.ts';
import { categoricalDraw, categoricalReference } from '../support/categorical.ts';
import { randomIds, TOLERANCE } from '../support/numbers.ts';
import type { OperationCase } from '../support/verify.ts';

const [STREAM, SEED] = [2, 7];

/** Rows, classes and settings; the log-probability tells which class was chosen. */
const PROBLEMS: readonly [number, number, CategoricalSettings][] = [
  [1, 1, {}],
  [5, 38, { temperature: 0.7, topP: 0.9 }],
  [67, 3, { topK: 2 }],
  // A workgroup a row.
  [2, 131, { temperature: 1.5, topK: 40, topP: 0.8 }],
];

export const categoricalCases: readonly OperationCase[] = PROBLEMS.map(([rows, classes, settings]) => {
  const allowed = Float32Array.from(randomIds(rows * classes, 6, 3), (id, index) =>
    id > 0 || index % classes === 0 ? 1 : 0,
  );
  return {
    name: `${rows} rows of ${classes} classes, ${JSON.stringify(settings)}`,
    shapes: [[rows, classes]],
    range: [-4, 4],
    build: ([logits], graph) => {
      const [given, seed] = [
        graph.constant(categoricalSettings(settings), [3]),
        graph.constant(Uint32Array.of(SEED), []),
      ];
      const mask = graph.constant(allowed, [rows, classes]);
      return categorical(logits, given, seed, STREAM, mask).logProbability;
    },
    reference: ([logits]) =>
      Float64Array.from({ length: rows }, (_, row) => {
        const [start, end] = [row * classes, (row + 1) * classes];
        const draw = categoricalDraw(row, STREAM, SEED);
        return categoricalReference(logits.data.slice(start, end), allowed.slice(start, end), settings, draw)
          .logProbability;
      }),
    tolerance: TOLERANCE.reduction,
    differentiable: false,
  };
});
