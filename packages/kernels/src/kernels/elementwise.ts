import type { Dispatch, Formula, KernelContext, Operation } from '../trace/operation.ts';
import { type DataType, elementCount, type Shape, sameShape } from '../trace/shape.ts';
import type { Tensor } from '../trace/tensor.ts';
import { linearDispatch } from './dispatch.ts';
import { read, readWrite, write } from './kernel.ts';

/** A formula applied to inputs of a kernel and to results of steps before it. */
export interface Step {
  readonly formula: Formula;
  /** Of its result. */
  readonly dtype: DataType;
  readonly values: readonly ({ readonly input: number } | { readonly step: number })[];
}

/**
 * An operation that computes each element of its one output from the elements of its inputs at the same place, broadcast as
 * in numpy. A formula is all it needs: the planner fuses neighbours of this kind into one kernel (fusion.ts).
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

/** As `elementwise`, in several launches where the output, and all inputs but single numbers, are larger than a binding. */
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
  const last = output.shape.at(-1) ?? 1;
  const vector = last % 4 === 0 && inputs.every((input) => canVectorise(input, last)) ? 4 : 1;
  // The same tensor twice is one binding: two bindings of one writable range are an error.
  const bound = [...new Set(inputs)];
  const overwrites = overwritten === undefined ? undefined : inputs[overwritten];
  const nameOf = (input: Tensor) => (input === overwrites ? 'result' : `input${bound.indexOf(input)}`);
  const bindings = bound
    .filter((input) => input !== overwrites)
    .map((input) => read(nameOf(input), vector === 4 && elementCount(input.shape) > 1 ? 4 : 1, input.dtype));
  bindings.push((overwrites === undefined ? write : readWrite)('result', vector, output.dtype));

  const loads = bound.map((input, index) => {
    const value = `load_${nameOf(input)}(${elementIndex(input.shape, output.shape, vector)})`;
    const spread = vector === 4 && elementCount(input.shape) === 1;
    return `  let value${index} = ${spread ? `vec4<${input.dtype}>(${value})` : value};`;
  });
  const components = vector === 4 ? ['.x', '.y', '.z', '.w'] : [''];
  const elements = components.map((part, component) => {
    const place = vector === 4 ? `index * 4u + ${first + component}u` : first > 0 ? `index + ${first}u` : 'index';
    return `element(${[place, ...bound.map((_, index) => `value${index}${part}`)].join(', ')})`;
  });
  const threads = elementCount(output.shape) / vector;
  return linearDispatch({
    label: steps.map(({ formula }) => formula.label).join(' + '),
    bindings,
    operands: [...bound.filter((input) => input !== overwrites), output],
    threads,
    functions: formulaFunctions(steps, inputs, bound),
    body: `${loads.join('\n')}
  store_result(index, ${vector === 4 ? `vec4<${output.dtype}>(${elements.join(', ')})` : elements[0]});`,
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
