import { KernelError } from '../errors.ts';
import { add } from '../operations/binary.ts';
import { requireShape } from './checks.ts';
import { describeTensor } from './describe.ts';
import { changedInputs, noGradient, operationTitle } from './operation.ts';
import { elementCount, sameShape } from './shape.ts';
import type { Graph, Node, Segment, Tensor } from './trace.ts';
import { type ChangeableMemory, changeableMemory, shareMemory } from './views.ts';

/** Settings of `gradients`. */
export interface GradientOptions {
  /**
   * Sums to which the gradients are added in place, one for each wanted tensor: those of the micro-batches before.
   */
  readonly onto?: readonly Tensor[] | undefined;
  /**
   * Segments of the forward pass that are computed again where the backward pass needs them, instead of those that
   * `Graph.checkpoint` marked. Positions count in `ancestors(loss)`.
   */
  readonly recompute?: readonly Segment[] | undefined;
}

/**
 * Reverse-mode differentiation: appends the backward pass of a scalar to its graph.
 *
 * @param loss scalar
 * @param wanted tensors to differentiate by: variables, inputs or intermediate values
 * @returns for each wanted tensor, the gradient of the loss, of the same shape
 * @throws KernelError `not-differentiable` if the loss does not depend on one of them, or if the trace has changed
 *   memory since the forward pass that the backward pass needs
 */
export function gradients(loss: Tensor, wanted: readonly Tensor[], options: GradientOptions = {}): Tensor[] {
  const { graph } = loss;
  requireShape(elementCount(loss.shape) === 1, 'gradients', 'the loss must be a scalar', loss);
  const forward = ancestors(loss);
  const segments = options.recompute ?? markedSegments(graph, forward);
  const pass = new BackwardPass(graph, forward, wanted);
  pass.total.set(loss, graph.constant(Float32Array.of(1), loss.shape));
  const { onto = [] } = options;
  const fits = onto.every((sum, index) => sameShape(sum.shape, wanted[index]?.shape ?? []));
  requireShape(fits, 'gradients', 'the sums must have the shapes of the wanted tensors', ...onto);
  for (const [index, sum] of onto.entries()) pass.total.set(wanted[index], sum);
  pass.walk(forward, segments);
  return wanted.map((tensor, index) => {
    const gradient = pass.total.get(tensor);
    if (gradient === undefined) {
      throw new KernelError(
        'not-differentiable',
        `gradients: the loss does not depend on tensor ${index} of those wanted.`,
      );
    }
    return gradient;
  });
}

/** The nodes that a tensor is computed from, in the order of the trace. */
export function ancestors(tensor: Tensor): Node[] {
  const nodes = new Set<Node>();
  const needed = [tensor];
  // The list grows meanwhile.
  for (const { source } of needed) {
    if (source.kind !== 'node' || nodes.has(source.node)) continue;
    nodes.add(source.node);
    needed.push(...source.node.inputs);
  }
  return [...nodes].sort((a, b) => a.outputs[0].id - b.outputs[0].id);
}

/**
 * The segments that `Graph.checkpoint` marked, as positions among the given nodes; those that hold none are left out.
 */
function markedSegments({ nodes, segments }: Graph, among: readonly Node[]): Segment[] {
  if (segments.length === 0) return [];
  const given = new Set(among);
  // For each place in the trace, how many of the given nodes stand before it.
  const before = [0];
  for (const [place, node] of nodes.entries()) before.push(before[place] + (given.has(node) ? 1 : 0));
  return segments
    .map(({ first, end }) => ({ first: before[first], end: before[end] }))
    .filter(({ first, end }) => first < end);
}

/** A node that stores to memory or changes it in place. */
interface Change {
  readonly memory: ChangeableMemory;
  readonly node: Node;
  /** The id of the latest tensor that was there when it ran. */
  readonly latest: number;
}

/** What a node stores to, or changes in place. */
function changedMemory(node: Node): ChangeableMemory[] {
  const { target } = node.operation;
  const inPlace = changedInputs(node).flatMap((input) => changeableMemory(input) ?? []);
  return target === undefined ? inPlace : [target(node), ...inPlace];
}

const titleOf = ({ operation, attributes }: Node) => operationTitle(operation, attributes);

function describeMemory(memory: ChangeableMemory): string {
  return 'arena' in memory ? `slot ${memory.name} of ${memory.arena.name}` : describeTensor(memory);
}

class BackwardPass {
  /** The gradient of the loss by each tensor, as far as it is known. */
  readonly total = new Map<Tensor, Tensor>();
  readonly #graph: Graph;
  /** The wanted tensors and everything computed from them. */
  readonly #depends: Set<Tensor>;
  /** What the trace changes before the backward pass. */
  readonly #changes: Change[] = [];

  constructor(graph: Graph, forward: readonly Node[], wanted: readonly Tensor[]) {
    this.#graph = graph;
    this.#depends = new Set(wanted);
    let latest = 0;
    for (const node of graph.nodes) {
      latest = node.outputs.at(-1)?.id ?? latest;
      for (const memory of changedMemory(node)) this.#changes.push({ memory, node, latest });
    }
    for (const node of forward) this.#follow(node, node.inputs);
  }

  /** From the last node to the first; segments, which may hold others, are computed again just before their turn. */
  walk(nodes: readonly Node[], segments: readonly Segment[]): void {
    let index = nodes.length;
    while (index > 0) {
      const outermost = segments
        .filter(({ first, end }) => end === index && first < end)
        .sort((a, b) => a.first - b.first)[0];
      if (outermost === undefined) {
        index--;
        this.#differentiate(nodes[index]);
        continue;
      }
      const { first, end } = outermost;
      const inner = segments
        .filter((segment) => segment !== outermost && segment.first >= first && segment.end <= end)
        .map((segment) => ({ first: segment.first - first, end: segment.end - first }));
      this.#walkAgain(nodes.slice(first, end), inner);
      index = first;
    }
  }

  /** Computes nodes once more and walks over the copies: the first results need not live until here. */
  #walkAgain(nodes: readonly Node[], inner: readonly Segment[]): void {
    const copyOf = new Map<Tensor, Tensor>();
    const copies = nodes.map((node): Node => {
      if (node.operation.target !== undefined || node.operation.changesInputs !== undefined) {
        const { name } = node.operation;
        throw new KernelError('not-differentiable', `${name}: changes memory, so it cannot stand in a checkpoint.`);
      }
      const inputs = node.inputs.map((input) => copyOf.get(input) ?? input);
      this.#requireUnchanged(node);
      const apply = () => this.#graph.apply(node.operation, inputs, node.attributes);
      const outputs = this.#graph.onBehalfOf(node, apply);
      const copy = { ...node, inputs, outputs };
      for (const [index, output] of node.outputs.entries()) copyOf.set(output, outputs[index]);
      this.#follow(copy, node.inputs);
      return copy;
    });
    for (const [original, copy] of copyOf) {
      const known = this.total.get(original);
      if (known !== undefined) this.total.set(copy, known);
    }
    this.walk(copies, inner);
    // Who wants the gradient of a value in between asks for the original.
    for (const [original, copy] of copyOf) {
      const known = this.total.get(copy);
      if (known !== undefined) this.total.set(original, known);
    }
  }

  /** Memory that changed since would be read with its new values. */
  #requireUnchanged(node: Node): void {
    for (const input of node.inputs) {
      const read = changeableMemory(input);
      if (read === undefined || this.#changeSince(node, read) === undefined) continue;
      const what = `${titleOf(node)}: reads ${describeMemory(read)}, which changes before the backward pass`;
      throw new KernelError('not-differentiable', `${what}, so it cannot be computed again in a checkpoint.`, {
        at: node.site,
      });
    }
  }

  /** The first node after another one that changes some memory. */
  #changeSince(node: Node, read: ChangeableMemory): Node | undefined {
    return this.#changes.find(({ memory, latest }) => latest >= node.outputs[0].id && shareMemory(memory, read))?.node;
  }

  /** A backward pass reads what its node of the forward pass read and wrote, which must still be there. */
  #requireStillThere(node: Node, applied: readonly Node[]): void {
    if (this.#changes.length === 0) return;
    const own = [...node.inputs, ...node.outputs].flatMap((tensor) => changeableMemory(tensor) ?? []);
    if (own.length === 0) return;
    // Views read nothing themselves.
    for (const reader of applied.filter((each) => each.operation.alias?.(each) === undefined)) {
      for (const input of reader.inputs) {
        const read = changeableMemory(input);
        if (read === undefined || !own.some((memory) => shareMemory(memory, read))) continue;
        const change = this.#changeSince(node, read);
        if (change === undefined) continue;
        const place = change.site.toString() ?? '';
        const what = `${titleOf(node)}: its backward pass reads ${describeMemory(read)}, which ${titleOf(change)} changes`;
        const remedy = 'call gradients before that, or use a copy such as scale(x, 1) in the forward pass';
        throw new KernelError('not-differentiable', `${what} before${place && ` (at ${place})`}; ${remedy}.`, {
          at: node.site,
        });
      }
    }
  }

  #follow(node: Node, inputs: readonly Tensor[]): void {
    if (node.operation.backward === noGradient) return;
    if (!inputs.some((input) => this.#depends.has(input))) return;
    for (const output of node.outputs) this.#depends.add(output);
  }

  #differentiate(node: Node): void {
    if (!node.outputs.some((output) => this.#depends.has(output) && this.total.has(output))) return;
    const flows = node.inputs.map((input) => this.#depends.has(input));
    const incoming = node.outputs.map((output) => this.total.get(output));
    const first = this.#graph.nodes.length;
    const results = this.#graph.onBehalfOf(node, () => node.operation.backward(node, incoming, flows));
    const applied = this.#graph.nodes.slice(first);
    this.#requireStillThere(node, applied);
    this.#graph.backward.set(node, applied);
    for (const [index, gradient] of results.entries()) {
      if (gradient === undefined || !flows[index]) continue;
      const input = node.inputs[index];
      const known = this.total.get(input);
      this.total.set(input, known === undefined ? gradient : this.#accumulated(known, gradient, applied));
    }
  }

  /**
   * known + gradient: in the memory of known, and without a place for gradient where its operation can add to a sum.
   */
  #accumulated(known: Tensor, gradient: Tensor, applied: readonly Node[]): Tensor {
    const { source } = gradient;
    if (source.kind !== 'node' || !applied.includes(source.node)) return add(known, gradient);
    return source.node.operation.accumulate?.(source.node, known) ?? add(known, gradient);
  }
}
