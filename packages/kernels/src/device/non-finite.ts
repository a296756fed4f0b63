import type { CallSite } from '../call-site.ts';
import { KernelError } from '../errors.ts';
import {
  type Kernel,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  readWrite,
} from '../kernels/kernel.ts';
import { piecesOf } from '../kernels/pieces.ts';
import type { Plan } from '../plan/plan.ts';
import { describeNode, describeTensor } from '../trace/describe.ts';
import { BINDING_ALIGNMENT } from '../trace/memory.ts';
import { changedInputs } from '../trace/operation.ts';
import { BYTES_PER_ELEMENT, elementCount, formatShape, storedBytes } from '../trace/shape.ts';
import type { Node, Piece, Tensor } from '../trace/trace.ts';
import type { Device } from './device.ts';
import { type Buffers, type Launch, required, type Transfer } from './launch.ts';

const CHECK = checkKernel('check for NaN and infinity', 1, '0x7f800000u', '0x007fffffu');
const CHECK_HALF = checkKernel('check 16 bits for NaN and infinity', 2, '0x7c00u', '0x03ffu');

/**
 * Looks for exponents of all ones: NaN and infinity by the bits (IEEE 754), because WGSL lets compilers assume that
 * floats are neither. Each kind has a cell, in which the lowest index e stands as 2^32 - 1 - e, so that zero means
 * none.
 *
 * @param perWord numbers in a word, the first in its low bits
 */
function checkKernel(label: string, perWord: 1 | 2, exponent: string, fraction: string): Kernel {
  return {
    label,
    bindings: [read('values', 1, 'u32'), { name: 'cells', type: 'atomic<u32>', vector: 1, access: 'read_write' }],
    uniforms: [],
    workgroupSize: [LINEAR_WORKGROUP, 1, 1],
    code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  let threads = groups.x * groups.y * ${LINEAR_WORKGROUP}u;
  for (var at = index; at < arrayLength(&buffer_values) * ${perWord}u; at += threads) {
    let bits = load_values(at / ${perWord}u) >> (at % ${perWord}u * 16u);
    if ((bits & ${exponent}) != ${exponent}) { continue; }
    let isInfinite = (bits & ${fraction}) == 0u;
    atomicMax(&buffer_cells[select(0u, 1u, isInfinite)], 0xffffffffu - at);
  }
}`,
  };
}

/** Elements that a thread of CHECK looks at. */
const ELEMENTS_PER_THREAD = 8;

/** Offsets of bindings are multiples of 256 bytes, so that each check has 64 words for its two cells. */
const CELL_WORDS = BINDING_ALIGNMENT / BYTES_PER_ELEMENT;

/**
 * Ends a run: unless an earlier run has reported, puts (runs, number of the check + 1, element, is infinite) together.
 */
const REPORT: Kernel = {
  label: 'report NaN and infinity',
  bindings: [read('cells', 1, 'u32'), readWrite('report', 1, 'u32')],
  uniforms: [],
  workgroupSize: [1, 1, 1],
  code: `fn main() {
  if (load_report(1) != 0u) { return; }
  store_report(0, load_report(0) + 1u);
  for (var check = 0u; check < arrayLength(&buffer_cells) / ${CELL_WORDS}u; check++) {
    let nan = load_cells(check * ${CELL_WORDS}u);
    let infinite = load_cells(check * ${CELL_WORDS}u + 1u);
    if (max(nan, infinite) == 0u) { continue; }
    store_report(1, check + 1u);
    store_report(2, 0xffffffffu - max(nan, infinite));
    store_report(3, select(0u, 1u, infinite > nan));
    return;
  }
}`,
};
const REPORT_BYTES = 16;

const BEFORE = -1;

/** One tensor that is checked in each run. */
interface Check {
  readonly tensor: Tensor;
  /** After this dispatch, or BEFORE the first. */
  readonly after: number;
  /** The node that wrote it. */
  readonly node: Node | undefined;
  /** Which of its elements. */
  readonly piece: Piece;
}

/**
 * Finds the first operation of a program that made a NaN or an infinity. Checks run on the device, after each
 * operation, because memory is used again by the next; one report is read back when results are.
 */
export class NonFiniteDetector {
  readonly #device: Device;
  readonly #checks: readonly Check[];
  readonly #cells: GPUBuffer;
  readonly #report: GPUBuffer;
  /** Runs of the program before the report was last cleared. */
  #runsBefore = 0;

  /** Allocates 256 bytes a check, as workspace. */
  constructor(device: Device, plan: Plan) {
    this.#device = device;
    this.#checks = checksOf(plan);
    const allocate = (name: string, byteLength: number) =>
      device.allocate({ name, category: 'workspace', byteLength }, GPUBufferUsage.STORAGE);
    this.#cells = allocate('cells of checks', Math.max(1, this.#checks.length) * BINDING_ALIGNMENT);
    this.#report = allocate('report of checks', REPORT_BYTES);
  }

  /** The launches of a program with the checks between them. */
  async interleave(
    launches: readonly (Launch | Transfer)[],
    plan: Plan,
    buffers: Buffers,
  ): Promise<(Launch | Transfer)[]> {
    const [whole, half, report] = await Promise.all(
      [CHECK, CHECK_HALF, REPORT].map((kernel) => this.#device.pipeline(kernel, [])),
    );
    const group = (layout: GPUBindGroupLayout, resources: readonly GPUBufferBinding[]) =>
      this.#device.gpu.createBindGroup({
        layout,
        entries: resources.map((resource, binding) => ({ binding, resource })),
      });
    const byDispatch = new Map<number, Launch[]>();
    for (const [index, { tensor, after, piece }] of this.#checks.entries()) {
      const { buffer, offset: start, half: isHalf } = plan.locationInRun(tensor);
      const offset = start + storedBytes(piece.first, isHalf);
      const size = storedBytes(piece.elements, isHalf);
      const check = isHalf ? half : whole;
      const cells = { buffer: this.#cells, offset: index * BINDING_ALIGNMENT, size: 2 * BYTES_PER_ELEMENT };
      const bindGroup = group(check.layout, [{ buffer: required(buffers, buffer), offset, size }, cells]);
      const threads = Math.ceil(piece.elements / ELEMENTS_PER_THREAD);
      const workgroups = linearGrid(threads, LINEAR_WORKGROUP);
      const launch = { label: CHECK.label, pipeline: check.pipeline, bindGroup, workgroups };
      byDispatch.set(after, [...(byDispatch.get(after) ?? []), launch]);
    }
    const last: Launch = {
      label: REPORT.label,
      pipeline: report.pipeline,
      bindGroup: group(report.layout, [{ buffer: this.#cells }, { buffer: this.#report }]),
      workgroups: [1, 1, 1],
    };
    const checked = launches.flatMap((launch, index) => [launch, ...(byDispatch.get(index) ?? [])]);
    return [...(byDispatch.get(BEFORE) ?? []), ...checked, last];
  }

  /**
   * @param runs of the program so far
   * @throws KernelError `non-finite` once for the first run in which something was found
   */
  async requireFinite(runs: number, at: CallSite): Promise<void> {
    const purpose = 'Reading the report of checks';
    const bytes = await this.#device.readBuffer(this.#report, 0, REPORT_BYTES, purpose, at);
    const [run, found, place, isInfinite] = new Uint32Array(bytes);
    if (found === 0) return;
    const { tensor, node, piece } = this.#checks[found - 1];
    const element = piece.first + place;
    const encoder = this.#device.gpu.createCommandEncoder();
    for (const buffer of [this.#cells, this.#report]) encoder.clearBuffer(buffer);
    this.#device.gpu.queue.submit([encoder.finish()]);
    const what = `${isInfinite === 1 ? 'an infinity' : 'a NaN'} in run ${this.#runsBefore + run} of the program`;
    this.#runsBefore = runs;
    const where = `element ${element} (${formatShape(coordinates(element, tensor.shape))})`;
    if (node === undefined) {
      const site = tensor.source.kind === 'input' ? tensor.source.site : at;
      throw new KernelError('non-finite', `${describeTensor(tensor)}: ${where} was ${what} from the start.`, {
        at: site,
      });
    }
    const output = node.outputs.indexOf(tensor);
    const role = output < 0 ? `of input ${node.inputs.indexOf(tensor)}, which it changes,` : `of output ${output}`;
    const message = `${describeNode(node)}: made ${what}: ${where} ${role} is the first.`;
    throw new KernelError('non-finite', message, { at: node.site });
  }

  destroy(): void {
    this.#device.free([this.#cells, this.#report]);
  }
}

/** Inputs and slots that are read, before the first dispatch; then what each node wrote, after its last dispatch. */
function checksOf({ graph, nodes, dispatches, limits }: Plan): Check[] {
  const slots = nodes.flatMap(({ inputs }) => inputs).filter(({ source }) => source.kind === 'slot');
  const given = [...new Set([...graph.inputs, ...slots])].map((tensor) => ({ tensor, after: BEFORE, node: undefined }));
  const written = dispatches.flatMap(({ node }, after) => {
    if (dispatches[after + 1]?.node === node) return [];
    return [...node.outputs, ...changedInputs(node)].map((tensor) => ({ tensor, after, node }));
  });
  return [...given, ...written]
    .filter(({ tensor }) => tensor.dtype === 'f32')
    .flatMap((check) => {
      const pieces = piecesOf(elementCount(check.tensor.shape), limits.maxStorageBufferBindingSize);
      return pieces.map((piece) => ({ ...check, piece }));
    });
}

function coordinates(element: number, shape: readonly number[]): number[] {
  let rest = element;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .reverse();
}
