import { add, elementCount, lstm, operations, reshape } from '../../src/index.ts';
import { TOLERANCE } from '../support/numbers.ts';
import { lstmReference } from '../support/references.ts';
import type { OperationCase } from '../support/verify.ts';

export function lstmCases(): OperationCase[] {
  const sizes: [steps: number, batch: number, units: number][] = [
    [1, 1, 1],
    [3, 2, 4],
    [4, 5, 8],
    [3, 9, 3],
    [2, 3, 68],
  ];
  return sizes.flatMap(([steps, batch, units]) => {
    // Output and final state side by side, so that gradients flow through all of them.
    const all = (result: ReturnType<typeof lstm>) => {
      const flat = [result.output, result.final.hidden, result.final.cell].map((x) =>
        reshape(x, [elementCount(x.shape)]),
      );
      const total = flat.reduce((length, x) => length + x.shape[0], 0);
      const placed = flat.map((x, index) => {
        const before = flat.slice(0, index).reduce((length, other) => length + other.shape[0], 0);
        return x.graph.apply(operations.pad, [x], { before, rows: total })[0];
      });
      return placed.reduce(add);
    };
    return [
      {
        name: `${steps} steps, batch ${batch}, ${units} units, zero state`,
        shapes: [
          [steps, batch, 4 * units],
          [units, 4 * units],
        ],
        build: ([projected, recurrent]) => all(lstm(projected, recurrent)),
        reference: ([projected, recurrent]) => lstmReference(projected, recurrent),
        tolerance: TOLERANCE.reduction,
        differentiable: units < 20,
      },
      {
        name: `${steps} steps, batch ${batch}, ${units} units, given state`,
        shapes: [
          [steps, batch, 4 * units],
          [units, 4 * units],
          [batch, units],
          [batch, units],
        ],
        build: ([projected, recurrent, hidden, cell]) => all(lstm(projected, recurrent, { hidden, cell })),
        reference: ([projected, recurrent, hidden, cell]) => lstmReference(projected, recurrent, hidden, cell),
        tolerance: TOLERANCE.reduction,
        differentiable: units < 20,
      },
    ] satisfies OperationCase[];
  });
}
