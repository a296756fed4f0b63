/** What authors of operations need besides the package's main entry: `@chipsmith/kernels/operation`. */
export { CallSite } from './call-site.ts';
export { linearDispatch } from './kernels/dispatch.ts';
export type { ImageLayout, Matrices } from './kernels/image.ts';
export {
  type Binding,
  type Choice,
  type Feature,
  type Kernel,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  readMatrix,
  readWrite,
  type Variant,
  wgslFloat,
  write,
  writeMatrix,
} from './kernels/kernel.ts';
export { operations } from './operations/table.ts';
export { requireShape, requireType } from './trace/checks.ts';
export { noGradient, onceDifferentiable } from './trace/operation.ts';
export type {
  Dispatch,
  Formula,
  InPlace,
  KernelContext,
  Operation,
  Piece,
  TensorSpecification,
} from './trace/trace.ts';
