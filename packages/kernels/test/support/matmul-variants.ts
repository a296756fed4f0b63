import type { Tensor } from '../../src/index.ts';
import type { Operation, Variant } from '../../src/operation.ts';
import { matmulOperation, matmulProblem } from '../../src/operations/matmul/matmul.ts';
import type { MatmulAttributes, MatmulProblem } from '../../src/operations/matmul/problem.ts';
import { MATMUL_TILES } from '../../src/operations/matmul/tile.ts';
import { otherKinds, tileVariant } from '../../src/operations/matmul/variants.ts';

/** Every way to compute a problem, whatever its size makes likely. */
export function everyVariant(problem: MatmulProblem): Variant[] {
  return [...MATMUL_TILES.map((tile) => tileVariant(problem, tile)), ...otherKinds(problem).flat()];
}

/** The forms that products and their gradients take. */
export const FORMS = [
  { form: 'NN', transposeA: false, transposeB: false },
  { form: 'NT', transposeA: false, transposeB: true },
  { form: 'TN', transposeA: true, transposeB: false },
] as const;

/** Applies matmul by the variant of this number. */
export function matmulBy(number: number, inputs: readonly Tensor[], attributes: MatmulAttributes): Tensor {
  const operation: Operation<MatmulAttributes> = {
    ...matmulOperation,
    kernels(node, { inPlace }) {
      const problem = matmulProblem(node.inputs, node.attributes, inPlace);
      const operands = [...(inPlace ? node.inputs.slice(0, 2) : node.inputs), node.outputs[0]];
      return [{ ...everyVariant(problem)[number], operands, uniforms: [] }];
    },
  };
  return inputs[0].graph.apply(operation, inputs, attributes)[0];
}
