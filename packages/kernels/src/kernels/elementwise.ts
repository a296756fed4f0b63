import { type DataType, elementCount, type Shape, sameShape } from '../trace/shape.ts';
import type { Dispatch, Formula, KernelContext, Operation, Tensor } from '../trace/trace.ts';
import { linearDispatch } from './dispatch.ts';
import { every, read, readWrite, write } from './kernel.ts';

/** A formula applied to inputs of a kernel and to results of steps before it. */
export interface Step {
  readonly formula: Formula;
  /** Of its result. */
  readonly dtype: DataType;
  readonly values: readonly ({ readonly input: number } | { readonly step: number })[];
}

/**
 * An operation that computes each element of its one output from the elements of its inputs at the same place,
 * broadcast as in numpy. A formula is all it needs: the planner fuses neighbours of this kind into one kernel
 * (fusion.ts).
 */
export function elementwiseOperation<Attributes>(
  definition: Pick<Operation<Attributes>, 'name' | 'title' | 'outputs' | 'backward' | 'draws'> &
    Required<Pick<Operation<Attributes>, 'formula'>>,
): Operation<Attributes> {
  return {
    ...definition,
    inPlace: ({ inputs, outputs }) => inputsThatFit(inputs, outputs[0]),
    kernels(node, context) {
      const [output] = node.outputs;
      return elementwisePieces([singleStep(definition.formula(node), output.dtype)], node.inputs, output, context);
    },
  };
}

/** The inputs whose memory an elementwise result may take over. */
export function inputsThatFit(inputs: readonly Tensor[], output: Tensor) {
  return inputs.flatMap(({ shape, dtype }, input) =>
    dtype === output.dtype && elementCount(shape) === elementCount(output.shape) ? [{ input, output: 0 }] : [],
  );
}

/** A formula applied to all inputs in their order. */
export function singleStep(formula: Formula, dtype: DataType = 'f32'): Step {
  return { formula, dtype, values: formula.operands.map((_, input) => ({ input })) };
}

/**
 * As `elementwise`, in several launches where the output, and all inputs but single numbers, are larger than a binding.
 */
export function elementwisePieces(
  steps: readonly Step[],
  inputs: readonly Tensor[],
  output: Tensor,
  { overwritten, pieces, part }: KernelContext,
): Dispatch[] {
  const elements = elementCount(output.shape);
  const isEven = inputs.every(({ shape }) => [1, elements].includes(elementCount(shape)));
  const list = isEven ? pieces(elements) : [];
  if (list.length < 2) return [elementwise(steps, inputs, output, overwritten)];
  return list.map((piece) => {
    const cut = new Map(
      [...inputs, output].map((tensor) => [
        tensor,
        elementCount(tensor.shape) === elements ? part(tensor, piece) : tensor,
      ]),
    );
    return elementwise(
      steps,
      inputs.map((input) => cut.get(input) ?? input),
      cut.get(output) ?? output,
      overwritten,
      piece.first,
    );
  });
}

/**
 * What a thread computes where there are many: starting a thread costs llvmpipe as much as an element of a sum of two.
 * They lie `threads` apart, so that neighbours load neighbours; where those are whole rows, what is the same in every
 * row is loaded once.
 */
const SHARES = 4;

/** Threads that keep large devices busy. */
const ENOUGH_THREADS = 2 ** 15;

/**
 * One thread for each element, or for each four neighbours where the innermost axis allows it. Formulas are written for
 * scalars and called component by component: a compiler turns that into vector arithmetic again.
 *
 * @param steps evaluated in order; the last is the result
 * @param inputs tensors that broadcast to the output's shape
 * @param overwritten the input whose memory the output takes over, if any
 * @param first the place of the first element in the whole output, of which the tensors may be a piece
 */
export function elementwise(
  steps: readonly Step[],
  inputs: readonly Tensor[],
  output: Tensor,
  overwritten?: number,
  first = 0,
): Dispatch {
  // Without broadcast axes all are one long row.
  const isFlat = inputs.every(({ shape }) => elementCount(shape) === 1 || sameShape(shape, output.shape));
  const last = isFlat ? elementCount(output.shape) : (output.shape.at(-1) ?? 1);
  const vector = last % 4 === 0 && (isFlat || inputs.every((input) => canVectorise(input, last))) ? 4 : 1;
  // The same tensor twice is one binding: two bindings of one writable range are an error.
  const bound = [...new Set(inputs)];
  const overwrites = overwritten === undefined ? undefined : inputs[overwritten];
  const nameOf = (input: Tensor) => (input === overwrites ? 'result' : `input${bound.indexOf(input)}`);
  const bindings = bound
    .filter((input) => input !== overwrites)
    .map((input) => read(nameOf(input), vector === 4 && elementCount(input.shape) > 1 ? 4 : 1, input.dtype));
  bindings.push((overwrites === undefined ? write : readWrite)('result', vector, output.dtype));

  const places = elementCount(output.shape) / vector;
  const shares = places % SHARES === 0 && places >= SHARES * ENOUGH_THREADS ? SHARES : 1;
  const threads = places / shares;
  const load = (input: Tensor, index: number) => {
    const value = `load_${nameOf(input)}(${elementIndex(input.shape, output.shape, vector)})`;
    const spread = vector === 4 && elementCount(input.shape) === 1;
    return `  let value${index} = ${spread ? `vec4<${input.dtype}>(${value})` : value};`;
  };
  const isInAllShares = ({ shape }: Tensor) => {
    const period = repeatsAfter(shape, output.shape);
    return period === 1 || (period !== undefined && (threads * vector) % period === 0);
  };
  const [common, own] = [true, false].map((ofAll) =>
    [...bound.entries()].filter(([, each]) => isInAllShares(each) === ofAll),
  );
  const parameters = common.map(([index, { dtype }]) => `value${index}: ${vector === 4 ? `vec4<${dtype}>` : dtype}`);
  const values = common.map(([index]) => `value${index}`);
  const components = vector === 4 ? ['.x', '.y', '.z', '.w'] : [''];
  const elements = components.map((part, component) => {
    const place = vector === 4 ? `index * 4u + ${first + component}u` : first > 0 ? `index + ${first}u` : 'index';
    return `element(${[place, ...bound.map((_, index) => `value${index}${part}`)].join(', ')})`;
  });
  return linearDispatch({
    label: steps.map(({ formula }) => formula.label).join(' + '),
    bindings,
    operands: [...bound.filter((input) => input !== overwrites), output],
    threads,
    functions: `${formulaFunctions(steps, inputs, bound)}
fn compute(${['index: u32', ...parameters].join(', ')}) {
${own.map(([index, input]) => load(input, index)).join('\n')}
  store_result(index, ${vector === 4 ? `vec4<${output.dtype}>(${elements.join(', ')})` : elements[0]});
}`,
    body: `${common.map(([index, input]) => load(input, index)).join('\n')}
${every(shares, (share) => `  compute(${[`index + ${share * threads}u`, ...values].join(', ')});`)}`,
  });
}

/** WGSL of a function for each step, and of `element`, which calls them on the elements of the bound inputs. */
function formulaFunctions(steps: readonly Step[], inputs: readonly Tensor[], bound: readonly Tensor[]): string {
  const helpers = new Set(steps.flatMap(({ formula }) => formula.helpers ?? []));
  const functions = steps.map(({ formula, dtype, values }, index) => {
    const parameters = formula.operands.map((name, at) => {
      const value = values[at];
      return `${name}: ${('input' in value ? inputs[value.input] : steps[value.step]).dtype}`;
    });
    return `fn apply${index}(${['index: u32', ...parameters].join(', ')}) -> ${dtype} { return ${formula.expression}; }`;
  });
  const calls = steps.map(({ values }, index) => {
    const operands = values.map((value) =>
      'input' in value ? `value${bound.indexOf(inputs[value.input])}` : `step${value.step}`,
    );
    return `  let step${index} = apply${index}(${['index', ...operands].join(', ')});`;
  });
  const parameters = bound.map(({ dtype }, index) => `value${index}: ${dtype}`);
  return `${[...helpers, ...functions].join('\n')}
fn element(${['index: u32', ...parameters].join(', ')}) -> ${steps[steps.length - 1].dtype} {
${calls.join('\n')}
  return step${steps.length - 1};
}`;
}

/** After how many elements of the output an operand comes again, where it lacks only leading axes. */
function repeatsAfter(shape: Shape, output: Shape): number | undefined {
  const first = shape.findIndex((size) => size > 1);
  const row = first < 0 ? [] : shape.slice(first);
  return sameShape(row, output.slice(output.length - row.length)) ? elementCount(row) : undefined;
}

function canVectorise(operand: Tensor, last: number): boolean {
  return elementCount(operand.shape) === 1 || operand.shape.at(-1) === last;
}

/** WGSL for the index into an operand (in vectors) of the output's element `index` (in vectors). */
function elementIndex(shape: Shape, output: Shape, vector: number): string {
  if (elementCount(shape) === 1) return '0u';
  if (sameShape(shape, output)) return 'index';
  const terms: string[] = [];
  let outputStride = 1;
  let stride = 1;
  for (let fromEnd = 1; fromEnd <= output.length; fromEnd++) {
    const scale = fromEnd === 1 ? vector : 1;
    const outputSize = (output.at(-fromEnd) ?? 1) / scale;
    const size = (shape.at(-fromEnd) ?? 1) / (shape.at(-fromEnd) === 1 ? 1 : scale);
    if (size > 1) terms.push(`index / ${outputStride}u % ${outputSize}u * ${stride}u`);
    outputStride *= outputSize;
    stride *= size;
  }
  return terms.length > 0 ? terms.join(' + ') : '0u';
}
