import { vaeTrioEncoding } from '../../src/index.ts';

/**
 * Events as decoding hears them: of MusicVAE's trios without the note-offs of notes that began before the window, which
 * sound nowhere in it.
 */
export function heardEvents(encoding: { readonly name: string }, events: ArrayLike<number>): number[] {
  const heard = Array.from(events);
  if (encoding.name !== vaeTrioEncoding.name) return heard;
  for (const [part, firstClass] of [0, 90].entries()) {
    for (let index = part; index < heard.length && heard[index] < firstClass + 2; index += 3) heard[index] = firstClass;
  }
  return heard;
}
