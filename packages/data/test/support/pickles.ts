/** A text as Python 2 quotes it in a pickle of protocol 0. */
function quoted(bytes: Uint8Array): string {
  const escapes: Record<number, string> = { 9: '\\t', 10: '\\n', 13: '\\r', 39: "\\'", 92: '\\\\' };
  const characters = [...bytes].map(
    (byte) =>
      escapes[byte] ??
      (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`),
  );
  return `'${characters.join('')}'`;
}

const DTYPE = "cnumpy\ndtype\np4\n(S'u1'\nI0\nI1\ntRp5\n(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb";

/** An expressive or separated score as NES-MDB pickles it: protocol 0, an array of the given shape. */
export function pickledArray(shape: readonly number[], bytes: Uint8Array, samples: number): Uint8Array {
  const sizes = shape.map((size) => `I${size}\n`).join('');
  const array = `cnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntS'b'\ntRp3\n(I1\n(${sizes}t${DTYPE}I00\nS${quoted(bytes)}\ntb`;
  return Buffer.from(`(F24\nI${samples}\n${array}tp6\n.`, 'latin1');
}

/** A blended score: lists of numpy's scalars. */
export function pickledLists(frames: readonly (readonly number[])[], samples: number): Uint8Array {
  const scalar = (note: number, at: number) =>
    `${at === 0 ? `cnumpy.core.multiarray\nscalar\np1\n(${DTYPE}p7\n` : 'g1\n(g7\n'}S${quoted(Uint8Array.of(note))}\ntRa`;
  let count = 0;
  const lists = frames.map((notes) => `(l${notes.map((note) => scalar(note, count++)).join('')}a`).join('');
  return Buffer.from(`(F24\nI${samples}\n(l${lists}tp9\n.`, 'latin1');
}
