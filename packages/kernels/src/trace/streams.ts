import { KernelError } from '../errors.ts';
import { operationTitle } from './operation.ts';
import type { Node, Tensor } from './trace.ts';
import { wholeOf } from './views.ts';

/**
 * Which operations of a graph draw random numbers, and from where. Two that drew from one stream of a seed would get
 * the same numbers: masks and noise that should be independent, and are not.
 */
export class RandomStreams {
  readonly #drawnBy = new Map<Tensor, Map<number, Node>>();

  /** @throws KernelError `random-stream` where another node draws from the stream, or it is not a u32 */
  reserve(node: Node): void {
    const { operation, attributes, inputs } = node;
    const draw = operation.draws?.(attributes);
    if (draw === undefined) return;
    const { stream } = draw;
    const title = operationTitle(operation, attributes);
    if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 32) {
      const rule = 'stream must be a whole number from 0 to 2^32 - 1';
      throw new KernelError('random-stream', `${title}: ${rule}, got ${stream}.`);
    }
    const seed = wholeOf(inputs[draw.seed]);
    const nodes = this.#drawnBy.get(seed) ?? new Map<number, Node>();
    const other = nodes.get(stream);
    if (other !== undefined) {
      const place = other.site.toString();
      const where = place === undefined ? '' : ` (at ${place})`;
      const what = `${operationTitle(other.operation, other.attributes)} draws from stream ${stream} of its seed already${where}`;
      const remedy = 'take another stream or seed, or draw once and use the result twice';
      throw new KernelError('random-stream', `${title}: ${what}; ${remedy}.`);
    }
    this.#drawnBy.set(seed, nodes.set(stream, node));
  }
}
