import { concat, elementCount, lstm, reshape } from '../../src/index.ts';
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
  return sizes.flatMap(([steps, batch, units]) =>
    [false, true].flatMap((reverse) => {
      // Output and final state side by side, so that gradients flow through all of them.
      const all = (result: ReturnType<typeof lstm>) => {
        const parts = [result.output, result.final.hidden, result.final.cell];
        return concat(parts.map((x) => reshape(x, [elementCount(x.shape)])));
      };
      const name = `${steps} steps, batch ${batch}, ${units} units${reverse ? ', in reverse' : ''}`;
      const settings = { tolerance: TOLERANCE.reduction, differentiable: units < 20 };
      const weights = [
        [steps, batch, 4 * units],
        [units, 4 * units],
      ];
      const state = [batch, units];
      return [
        {
          name: `${name}, zero state`,
          shapes: weights,
          build: ([projected, recurrent]) => all(lstm(projected, recurrent, undefined, { reverse })),
          reference: ([projected, recurrent]) => lstmReference(projected, recurrent, undefined, undefined, reverse),
          ...settings,
        },
        {
          name: `${name}, given state`,
          shapes: [...weights, state, state],
          build: ([projected, recurrent, hidden, cell]) =>
            all(lstm(projected, recurrent, { hidden, cell }, { reverse })),
          reference: ([projected, recurrent, hidden, cell]) =>
            lstmReference(projected, recurrent, hidden, cell, reverse),
          ...settings,
        },
      ] satisfies OperationCase[];
    }),
  );
}
