/** What authors of operations need besides the package's main entry: `@chipsmith/kernels/operation`. */
export { CallSite } from './call-site.ts';
export { linearDispatch } from './kernels/dispatch.ts';
export type { ImageLayout, Matrices } from './kernels/image.ts';
export {
  type Binding,
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
export {
  type Choice,
  type Dispatch,
  type Formula,
  type InPlace,
  type KernelContext,
  noGradient,
  type Operation,
  onceDifferentiable,
  type Piece,
  type TensorSpecification,
} from './trace/operation.ts';
export { requireShape, requireType } from './trace/tensor.ts';
