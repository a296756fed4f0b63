import { describeNode } from '../trace/describe.ts';
import { MEMORY_CATEGORIES } from '../trace/memory.ts';
import { elementCount } from '../trace/shape.ts';
import type { Node, Tensor } from '../trace/trace.ts';
import type { Location } from './placement.ts';
import type { Plan } from './plan.ts';

/**
 * A plan as text: one row a node with its dispatches, and for each of its outputs place, bytes and lifetime (the rows
 * between which its memory is in use); then buffers, bytes by category and the peak.
 */
export function describePlan(plan: Plan): string {
  const { nodes, dispatches, arenas, buffers, byCategory, peakBytes, blocks } = plan;
  const counts = new Map<Node, number>();
  for (const { node } of dispatches) counts.set(node, (counts.get(node) ?? 0) + 1);
  const lifetimes = new Map<Tensor, string>();
  for (const { tensors, first, last } of blocks) {
    for (const tensor of tensors) lifetimes.set(tensor, `${first} to ${last < nodes.length ? last : 'the end'}`);
  }
  const value = (tensor: Tensor): string[] => {
    const location = plan.locationInRun(tensor);
    return [describeLocation(location), String(location.size), lifetimes.get(tensor) ?? ''];
  };
  const rows = nodes.flatMap((node, index) => {
    const own = [String(index), String(counts.get(node) ?? 0), describeNode(node)];
    const [first = ['', '', ''], ...more] = node.outputs.map(value);
    return [[...own, ...first], ...more.map((each) => ['', '', '', ...each])];
  });
  const inputs = plan.graph.inputs.reduce((total, { shape }) => total + elementCount(shape), 0);
  const memory = [...arenas, ...buffers].map(({ name, category, byteLength }) => [name, category, String(byteLength)]);
  const categories = MEMORY_CATEGORIES.filter((category) => byCategory[category] > 0);
  const sums = categories.map((category) => ['', category, String(byCategory[category])]);
  return [
    `Plan of ${nodes.length} nodes in ${dispatches.length} dispatches, with ${plan.graph.inputs.length} inputs of ${inputs} elements:`,
    ...table([['node', 'dispatches', 'operation', 'place', 'bytes', 'alive'], ...rows], [0, 1, 4]),
    ...table([['buffer', 'category', 'bytes'], ...memory, ...sums, ['peak', '', String(peakBytes)]], [2]),
  ].join('\n');
}

function describeLocation({ buffer, offset }: Location): string {
  return `${buffer.name} + ${offset}`;
}

/** Rows as lines of equal columns; those named are aligned at the right. */
function table(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows[0].map((_, column) => rows.reduce((width, row) => Math.max(width, row[column].length), 0));
  const cell = (text: string, column: number) =>
    right.includes(column) ? text.padStart(widths[column]) : text.padEnd(widths[column]);
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}
