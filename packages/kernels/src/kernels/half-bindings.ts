import type { Kernel } from './kernel.ts';

/**
 * The code of a kernel whose bindings of these names hold 16-bit numbers: a load `x[i]` becomes `f32(x[i])` (or vec4f), and
 * a store is rounded; beyond 65504 it becomes an infinity. Kernels use bindings by index alone, so that this sees every use.
 */
export function withHalfBindings({ code, bindings }: Kernel, halves: readonly boolean[]): string {
  return bindings
    .filter((_, index) => halves[index])
    .reduce((converted, { name, vector }) => convertUses(converted, name, vector), code);
}

function convertUses(code: string, name: string, vector: 1 | 4): string {
  const [wide, narrow] = vector === 4 ? ['vec4f', 'vec4<f16>'] : ['f32', 'f16'];
  const use = new RegExp(`(?<![.\\w])${name}\\[`, 'g');
  let result = '';
  let end = 0;
  for (let match = use.exec(code); match !== null; match = use.exec(code)) {
    const close = closing(code, match.index + name.length);
    const element = code.slice(match.index, close);
    result += code.slice(end, match.index);
    const assignment = /^\s*([-+*/]?)=(?!=)/.exec(code.slice(close));
    if (assignment === null) {
      result += `${wide}(${element})`;
      end = close;
    } else {
      end = code.indexOf(';', close);
      const value = convertUses(code.slice(close + assignment[0].length, end), name, vector);
      const whole = assignment[1] === '' ? value : `${wide}(${element}) ${assignment[1]} (${value})`;
      result += `${element} = ${narrow}(${whole})`;
    }
    use.lastIndex = end;
  }
  return result + code.slice(end);
}

/** The place after the bracket that closes the one at `open`. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let place = open; place < code.length; place++) {
    if (code[place] === '[') depth++;
    if (code[place] === ']') depth--;
    if (depth === 0) return place + 1;
  }
  return code.length;
}
