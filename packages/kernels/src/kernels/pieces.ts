import { SLOT_ALIGNMENT } from '../trace/memory.ts';
import { BYTES_PER_ELEMENT } from '../trace/shape.ts';
import type { Piece } from '../trace/trace.ts';

/**
 * Pieces of so many elements, each of which fits a binding.
 *
 * @param bindingBytes what a binding holds
 * @param multiple of which each but the last has a multiple of elements
 */
export function piecesOf(elements: number, bindingBytes: number, multiple = SLOT_ALIGNMENT): Piece[] {
  const most = bindingBytes / BYTES_PER_ELEMENT;
  if (elements <= most) return [{ first: 0, elements }];
  const size = Math.max(1, Math.floor(most / multiple)) * multiple;
  return Array.from({ length: Math.ceil(elements / size) }, (_, index) => {
    const first = index * size;
    return { first, elements: Math.min(size, elements - first) };
  });
}
