import type { Operation } from '../../src/operation.ts';

/** An operation that always takes the variant of this number, counted round where there are fewer. */
export function withVariant<Attributes>(operation: Operation<Attributes>, number: number): Operation<Attributes> {
  return {
    ...operation,
    kernels: (node, context) =>
      operation.kernels(node, context).map((dispatch) => {
        const variants = dispatch.choice?.variants ?? [dispatch];
        return { ...dispatch, ...variants[number % variants.length] };
      }),
  };
}
