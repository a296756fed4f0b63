import { KernelError } from '../errors.ts';
import { type DataType, elementCount, formatShape, type Shape, type TensorData } from './shape.ts';

/** The typed array that holds values of a data type on the host. */
const ARRAYS: Readonly<Record<DataType, string>> = { f32: 'Float32Array', u32: 'Uint32Array' };

/**
 * Reads the class of a typed array from the array itself: also of one from another realm, and whatever it inherits
 * from.
 */
const classOfTypedArray: unknown = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** "Float32Array", "Uint8Array", ...; undefined for what is not a typed array. */
function typedArrayClass(data: unknown): string | undefined {
  return typeof classOfTypedArray === 'function' ? classOfTypedArray.call(data) : undefined;
}

/** What data is, for messages: "Float64Array of 3", "Array of 3", "string". */
function describeData(data: unknown): string {
  const name = typedArrayClass(data) ?? (Array.isArray(data) ? 'Array' : undefined);
  if (name !== undefined) return `${name} of ${(data as ArrayLike<unknown>).length}`;
  return data === null ? 'null' : typeof data;
}

/**
 * The data type of values on the host.
 *
 * @param what begins the message of the error, such as "constant"
 * @throws KernelError `data-type` unless the data is a Float32Array or a Uint32Array: bits are copied as they are
 */
export function dataTypeOf(data: TensorData, what: string): DataType {
  const name = typedArrayClass(data);
  const dtype = (['f32', 'u32'] as const).find((each) => ARRAYS[each] === name);
  if (dtype !== undefined) return dtype;
  const remedy = 'pass a Float32Array for f32, or a Uint32Array for u32';
  throw new KernelError('data-type', `${what}: got ${describeData(data)}; ${remedy}.`);
}

/**
 * Throws unless the data has the values of a tensor: bits are copied as they are, as many as the array has.
 *
 * @param what begins the message of the error, such as "write: input 0"
 * @throws KernelError `data-type` for another class of array, `shape` for another number of values
 */
export function requireData(data: TensorData, dtype: DataType, shape: Shape, what: string): void {
  const isOfType = typedArrayClass(data) === ARRAYS[dtype];
  if (isOfType && data.length === elementCount(shape)) return;
  const expected = `a ${ARRAYS[dtype]} of ${elementCount(shape)} for ${dtype} ${formatShape(shape)}`;
  const convert = isOfType ? '' : `, such as ${ARRAYS[dtype]}.from(values)`;
  throw new KernelError(
    isOfType ? 'shape' : 'data-type',
    `${what}: got ${describeData(data)}; pass ${expected}${convert}.`,
  );
}
