import {
  type Dispatch,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  readWrite,
  write,
} from '../kernel.ts';
import { elementCount, type Shape, sameShape, type Tensor } from '../tensor.ts';

/**
 * One thread for each element, or for each four neighbours where the innermost axis allows it.
 *
 * @param formula WGSL expression in the operands' names; written for f32, used with vec4f component by component
 * @param operands tensors that broadcast to the output's shape
 * @param overwritten the operand whose memory the output takes over, if any
 */
export function elementwise(
  label: string,
  formula: string,
  operands: Readonly<Record<string, Tensor>>,
  output: Tensor,
  overwritten: string | undefined,
  helper = '',
): Dispatch {
  const names = Object.keys(operands);
  const last = output.shape.at(-1) ?? 1;
  const vector = last % 4 === 0 && names.every((name) => canVectorise(operands[name], last)) ? 4 : 1;
  // The same tensor twice is one binding: two bindings of one writable range are an error.
  const bound = names.filter((name, index) => names.findIndex((other) => operands[other] === operands[name]) === index);

  const bindings = bound.map((name) => {
    const width = vector === 4 && elementCount(operands[name].shape) > 1 ? 4 : 1;
    return name === overwritten ? readWrite(name, width) : read(name, width);
  });
  const target = overwritten ?? 'result';
  if (overwritten === undefined) bindings.push(write('result', vector));

  const loads = names.map((name) => {
    const source = names.find((other) => operands[other] === operands[name]) ?? name;
    const value = `${source}[${elementIndex(operands[name].shape, output.shape, vector)}]`;
    const scalar = elementCount(operands[name].shape) === 1;
    return `  let ${name}_group = ${vector === 4 && scalar ? `vec4f(${value})` : value};`;
  });
  const components = vector === 4 ? ['.x', '.y', '.z', '.w'] : [''];
  const parameters = names.map((name) => `${name}: f32`).join(', ');
  const calls = components.map((part) => `apply(${names.map((name) => `${name}_group${part}`).join(', ')})`);
  const threads = elementCount(output.shape) / vector;
  return {
    kernel: {
      label,
      bindings,
      uniforms: [],
      workgroupSize: [LINEAR_WORKGROUP, 1, 1],
      code: `${helper}
fn apply(${parameters}) -> f32 { return ${formula}; }
fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
${loads.join('\n')}
  ${target}[index] = ${vector === 4 ? `vec4f(${calls.join(', ')})` : calls[0]};
}`,
    },
    operands: [
      ...bound.map((name) => (name === overwritten ? output : operands[name])),
      ...(overwritten === undefined ? [output] : []),
    ],
    uniforms: [],
    workgroups: linearGrid(threads, LINEAR_WORKGROUP),
  };
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
