import { ancestors } from '../trace/gradients.ts';
import { BYTES_PER_ELEMENT, elementCount } from '../trace/shape.ts';
import type { Node, Segment, Tensor } from '../trace/trace.ts';
import { viewedTensors } from '../trace/views.ts';
import type { Plan } from './plan.ts';

/** A choice of what the backward pass computes again. */
interface Recomputation {
  readonly segments: readonly Segment[];
  /** Floating-point operations that are done twice, roughly. */
  readonly work: number;
}

/** A traced and planned pass, with the loss that was differentiated (of one micro-batch, where there are several). */
export interface TracedPass {
  readonly plan: Plan;
  readonly loss: Tensor;
}

/** How a pass can be held within a budget. */
export interface Fit<Pass> {
  readonly pass: Pass;
  /** Of the pass, by the caller's count. */
  readonly bytes: number;
  readonly fits: boolean;
}

/**
 * The pass within a budget that computes the least again; where none fits, the smallest there is.
 *
 * Which segments to compute again is chosen in three steps. A dynamic program over the nodes of the forward pass, in
 * the manner of Kusumoto et al. (arXiv 1905.11722), proposes partitions for several prices of a byte; the planner says
 * to the byte what each takes; and from the cheapest that fits, segments are dropped one by one as long as it still
 * does.
 *
 * @param budget in bytes
 * @param trace traces and plans the pass with `gradients(loss, wanted, { recompute })`; the same trace each time
 * @param bytes what counts against the budget; the plan's peak unless other programs share the device
 * @param pause awaited before each of the dozens of plans: lets signals through, and may throw to give up
 */
export async function planWithin<Pass extends TracedPass>(
  budget: number,
  trace: (recompute: readonly Segment[]) => Pass,
  bytes: (pass: Pass) => number = ({ plan }) => plan.peakBytes,
  pause: () => Promise<void> = async () => {},
): Promise<Fit<Pass>> {
  const attempt = async (segments: readonly Segment[]): Promise<Fit<Pass>> => {
    await pause();
    const pass = trace(segments);
    const total = bytes(pass);
    return { pass, bytes: total, fits: total <= budget };
  };
  let best = await attempt([]);
  if (best.fits) return best;
  for (const { segments } of proposals(best.pass.loss)) {
    const fit = await attempt(segments);
    if (fit.bytes < best.bytes) best = fit;
    if (fit.fits) return thinned(fit, segments, attempt);
  }
  return best;
}

/** Leaves out the segments that the budget does not need. */
async function thinned<Pass>(
  fit: Fit<Pass>,
  segments: readonly Segment[],
  attempt: (segments: readonly Segment[]) => Promise<Fit<Pass>>,
): Promise<Fit<Pass>> {
  let best = fit;
  let needed = segments;
  for (const segment of segments) {
    const fewer = needed.filter((other) => other !== segment);
    const next = await attempt(fewer);
    if (!next.fits) continue;
    best = next;
    needed = fewer;
  }
  return best;
}

/** Boundaries of segments are tried at no more places than this; longer traces are cut every few nodes. */
const MAX_BOUNDARIES = 96;

/** Choices for a loss that was differentiated, from the least to the most work; at least none. */
function proposals(loss: Tensor): Recomputation[] {
  const nodes = ancestors(loss);
  const runs = possibleRuns(nodes, loss);
  const found = new Map<string, Recomputation>();
  const largest = Math.max(...runs.map(({ internal }) => internal), 1);
  const prices = runs.flatMap(({ work, gain }) => (gain > 0 ? [work / gain] : []));
  const [lowest, highest] = [Math.min(...prices), Math.max(...prices)];
  if (prices.length === 0) return [];
  // A byte's price in floating-point operations: from what buys only the cheapest recomputation to what buys all.
  const steps = 6;
  for (let step = 0; step <= steps; step++) {
    const price = lowest * 2 * (Math.max(highest, 1e-9) / Math.max(lowest, 1e-9)) ** (step / steps);
    for (let most = largest; most >= largest / 64; most /= 2) {
      const choice = cheapest(nodes.length, runs, price, most);
      found.set(JSON.stringify(choice.segments), choice);
    }
  }
  return [...found.values()].filter(({ segments }) => segments.length > 0).sort((a, b) => a.work - b.work);
}

/** A segment that may be computed again, and what that would cost and bring. */
interface Run extends Segment {
  readonly work: number;
  /** Bytes that need not be kept from the forward to the backward pass, less those that must be kept instead. */
  readonly gain: number;
  /** Bytes that are there at once while the segment is differentiated. */
  readonly internal: number;
}

/** The segments, none overlapping, of least work minus price x gain, among those of at most so many bytes inside. */
function cheapest(count: number, runs: readonly Run[], price: number, mostInternal: number): Recomputation {
  const ending = new Map<number, Run[]>();
  for (const run of runs) {
    if (run.internal <= mostInternal) ending.set(run.end, [...(ending.get(run.end) ?? []), run]);
  }
  // best[i]: the value of the best choice among the first i nodes, and its last segment.
  const best: { value: number; last: Run | undefined }[] = [{ value: 0, last: undefined }];
  for (let end = 1; end <= count; end++) {
    best[end] = { value: best[end - 1].value, last: undefined };
    for (const run of ending.get(end) ?? []) {
      const value = best[run.first].value + run.work - price * run.gain;
      if (value < best[end].value) best[end] = { value, last: run };
    }
  }
  const segments: Segment[] = [];
  let work = 0;
  for (let end = count; end > 0; ) {
    const { last } = best[end];
    if (last === undefined) {
      end--;
      continue;
    }
    segments.unshift({ first: last.first, end: last.end });
    work += last.work;
    end = last.first;
  }
  return { segments, work };
}

function possibleRuns(nodes: readonly Node[], loss: Tensor): Run[] {
  const view = viewedTensors(nodes);
  const producer = new Map<Tensor, number>();
  for (const [index, node] of nodes.entries()) for (const output of node.outputs) producer.set(output, index);
  // For each node, the values of the forward pass from which it is differentiated.
  const saved = nodes.map((node) => {
    const used = (loss.graph.backward.get(node) ?? []).flatMap(({ inputs }) => inputs);
    return new Set(used.map(view).filter((tensor) => producer.has(tensor)));
  });
  const users = new Map<Tensor, number[]>();
  for (const [index, tensors] of saved.entries()) {
    for (const tensor of tensors) users.set(tensor, [...(users.get(tensor) ?? []), index]);
  }
  const work = nodes.map(nodeWork);
  const stride = Math.ceil(nodes.length / MAX_BOUNDARIES);
  const runs: Run[] = [];
  for (let first = 0; first < nodes.length; first += stride) {
    for (let end = first + 1; end <= nodes.length; end++) {
      if (end % stride !== 0 && end !== nodes.length) continue;
      const run = measureRun({ first, end }, { nodes, view, producer, saved, users, work });
      if (run !== undefined && run.gain > 0) runs.push(run);
    }
  }
  return runs;
}

interface Analysis {
  readonly nodes: readonly Node[];
  readonly view: (tensor: Tensor) => Tensor;
  readonly producer: ReadonlyMap<Tensor, number>;
  readonly saved: readonly ReadonlySet<Tensor>[];
  readonly users: ReadonlyMap<Tensor, readonly number[]>;
  readonly work: readonly number[];
}

function measureRun(segment: Segment, { nodes, view, producer, saved, users, work }: Analysis): Run | undefined {
  const { first, end } = segment;
  const inside = (index: number | undefined) => index !== undefined && index >= first && index < end;
  const needed = new Set<Tensor>();
  for (const tensors of saved.slice(first, end)) {
    for (const tensor of tensors) if (inside(producer.get(tensor))) needed.add(tensor);
  }
  if (needed.size === 0) return undefined;
  const freed = [...needed].filter((tensor) => (users.get(tensor) ?? []).every(inside));
  let total = 0;
  const kept = new Set<Tensor>();
  for (let index = end - 1; index >= first; index--) {
    const node = nodes[index];
    if (!node.outputs.some((output) => needed.has(output) || needed.has(view(output)))) continue;
    total += work[index];
    for (const input of node.inputs.map(view)) {
      const from = producer.get(input);
      if (inside(from)) needed.add(input);
      // What is kept for another node's backward pass already costs nothing here.
      else if (from !== undefined && !(users.get(input) ?? []).some((user) => !inside(user))) kept.add(input);
    }
  }
  return { ...segment, work: total, gain: sumBytes(freed) - sumBytes(kept), internal: sumBytes(needed) };
}

function sumBytes(tensors: Iterable<Tensor>): number {
  let total = 0;
  for (const { shape } of tensors) total += elementCount(shape) * BYTES_PER_ELEMENT;
  return total;
}

/** Elementwise work is bound by memory: one thread's element takes about as long as this many operations elsewhere. */
const WORK_PER_THREAD = 16;

/** Floating-point operations of a node: those that its kernels state, or else by the number of threads. */
function nodeWork(node: Node): number {
  if (node.operation.alias?.(node) !== undefined) return 0;
  const scratch = (shape: Tensor['shape'], dtype: Tensor['dtype'] = 'f32') =>
    node.outputs[0].graph.tensor(shape, dtype, { kind: 'node', node, output: -1 });
  const stated = new Map<string, number>();
  let total = 0;
  for (const { choice, kernel, workgroups } of node.operation.kernels(node, {
    inPlace: false,
    overwritten: undefined,
    scratch,
    pieces: (elements) => [{ first: 0, elements }],
    part: (tensor) => tensor,
    scratchImage: () => undefined,
    image: () => undefined,
  })) {
    if (choice !== undefined) stated.set(choice.problem, choice.work);
    else total += [...workgroups, ...kernel.workgroupSize].reduce((a, b) => a * b, WORK_PER_THREAD);
  }
  for (const work of stated.values()) total += work;
  return total;
}
