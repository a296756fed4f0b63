import { blockedSums } from '../kernels/blocked-sums.ts';
import { linearDispatch } from '../kernels/dispatch.ts';
import { type Binding, range, read, rowVectors, write } from '../kernels/kernel.ts';
import { alignUp } from '../trace/memory.ts';
import type { Dispatch, KernelContext, Tensor } from '../trace/trace.ts';
import { partCount } from './reduction.ts';

/** The axis of a tensor (outer, length, inner) over which something is summed. */
export interface Axis {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/**
 * What is summed over an axis, in WGSL. `row` is a term's place in (outer, length) and `at` its place in the tensor, in
 * vec4s where four divide `inner`; then terms are vec4fs of neighbours, else f32s.
 */
export interface AxisTerms {
  readonly label: string;
  readonly bindings: readonly Binding[];
  readonly operands: readonly Tensor[];
  /** The term of each sum. */
  readonly terms: readonly string[];
  /** What terms share, computed before each. */
  readonly before?: string;
  /** Values by their names in terms: those that depend on the row alone, and those that depend on the column alone. */
  readonly ofRow?: Readonly<Record<string, string>>;
  readonly ofColumn?: (column: string) => Readonly<Record<string, string>>;
}

/**
 * Sums over an axis, (outer, length, inner) -> (outer, inner), one for each result. A long axis is cut into parts whose
 * sums are summed in turn, so that some thousand threads have work and no chain of additions gets long: 2^25 numbers of
 * 0.1 add up to within 1e-6.
 */
export function axisSums(
  what: AxisTerms,
  axis: Axis,
  results: readonly Tensor[],
  scratch: KernelContext['scratch'],
): Dispatch[] {
  const { outer, length, inner } = axis;
  const { threads, neighbours } = columnShares(inner);
  const enough = partCount(outer * threads, length);
  if (enough === 1) return [partialSums(what, axis, 1, results)];
  const parts = alignUp(enough, neighbours);
  const partial = results.map(() => scratch([outer, parts, inner]));
  const rest = partial.map((sums, index) =>
    sumOverAxis(sums, { outer, length: parts, inner }, results[index], scratch),
  );
  return [partialSums(what, axis, parts, partial), ...rest.flat()];
}

/** Sums of the elements of x over an axis, or of their squares. */
export function sumOverAxis(
  x: Tensor,
  { outer, length, inner }: Axis,
  result: Tensor,
  scratch: KernelContext['scratch'],
  squared = false,
): Dispatch[] {
  const label = squared ? 'sum of squares' : 'sum';
  const value = squared ? 'value * value' : 'value';
  const before = 'let value = load_x(at);';
  // Of neighbours along the axis itself, four are loaded at once too.
  if (inner === 1 && length % 4 === 0) {
    const terms = [squared ? 'dot(value, value)' : '(value.x + value.y) + (value.z + value.w)'];
    const what = { label, bindings: [read('x', 4)], operands: [x], before, terms };
    return axisSums(what, { outer, length: length / 4, inner }, [result], scratch);
  }
  const what = { label, bindings: [read('x', rowVectors(inner).vector)], operands: [x], before, terms: [value] };
  return axisSums(what, { outer, length, inner }, [result], scratch);
}

/** Threads side by side that load vec4s next to each other: 128 bytes, what a GPU loads at once. */
const ABREAST = 8;

/**
 * How threads share the columns: each takes up to four vec4s of a row, 8 apart, so that 8 threads load 512 bytes on end
 * (128 at a time, a row each, take llvmpipe three times as long: no prefetcher sees them coming) and share what depends
 * on the row alone. Where columns are few, 8 parts take turns along the axis instead.
 */
function columnShares(inner: number) {
  const { width } = rowVectors(inner);
  const groups = [4, 2].find((count) => width % (ABREAST * count) === 0) ?? 1;
  return {
    groups,
    threads: width / groups,
    neighbours: width < ABREAST ? ABREAST : 1,
    firstColumn: groups === 1 ? 'thread' : `(thread / ${ABREAST}u * ${ABREAST * groups}u + thread % ${ABREAST}u)`,
  };
}

/** (outer, length, inner) -> (outer, parts, inner). */
function partialSums(
  { label, bindings, operands, terms, before = '', ofRow = {}, ofColumn = () => ({}) }: AxisTerms,
  { outer, length, inner }: Axis,
  parts: number,
  results: readonly Tensor[],
): Dispatch {
  const { vector, type, width } = rowVectors(inner);
  const { groups, threads, neighbours, firstColumn } = columnShares(inner);
  const side = parts === 1 ? 1 : neighbours;
  const most = Math.ceil(length / parts);
  const sums = (group: number) => terms.map((_, index) => `sum${index}_${group}`);
  const column = (group: number) => `(first_column + ${group * ABREAST}u)`;
  const declare = (values: Readonly<Record<string, string>>, suffix = '') =>
    Object.entries(values).map(([name, value]) => `let ${name}${suffix} = ${value};`);
  const known = (group: number) => Object.keys(ofColumn('')).map((name) => `let ${name} = ${name}_${group};`);
  const round = (suffix: string) => {
    const ofGroup = (group: number) => [
      `{ let at = row * ${width}u + ${column(group)};`,
      ...known(group),
      before,
      ...terms.map((term, index) => `sum${index}_${group}${suffix} += ${term};`),
      '}',
    ];
    return [`let row = first_row + n * ${side}u;`, ...declare(ofRow), ...range(groups).flatMap(ofGroup)].join(' ');
  };
  return linearDispatch({
    label,
    bindings: [...bindings, ...results.map((_, index) => write(`result${index}`, vector))],
    operands: [...operands, ...results],
    threads: outer * parts * threads,
    body: `  let thread = index % ${threads}u;
  let first_column = ${firstColumn};
  let part_of_all = index / ${threads}u;
  let part = part_of_all % ${parts}u;
  let begin = part / ${side}u * ${side * most}u + part % ${side}u;
  let end = min((part / ${side}u + 1u) * ${side * most}u, ${length}u);
  let count = (max(end, begin) - begin + ${side - 1}u) / ${side}u;
  let first_row = part_of_all / ${parts}u * ${length}u + begin;
  ${range(groups)
    .flatMap((group) => declare(ofColumn(column(group)), `_${group}`))
    .join(' ')}
${blockedSums({ type, names: range(groups).flatMap(sums), count: 'count', most, round })}
${range(groups)
  .flatMap((group) =>
    sums(group).map((sum, index) => `  store_result${index}(part_of_all * ${width}u + ${column(group)}, ${sum});`),
  )
  .join('\n')}`,
  });
}
