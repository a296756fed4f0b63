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

/** An expressive or separated score as Python 3 pickles it: protocol 2, with bytes as encoded text, or 4. */
export function pickledArrayOf(
  protocol: 2 | 4,
  shape: readonly number[],
  bytes: Uint8Array,
  samples: number,
): Uint8Array {
  const small = (value: number) => [...text('K'), value];
  const uint32 = (value: number) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >> 24];
  const latin = (of: Uint8Array) => {
    const utf8 = Buffer.from(Buffer.from(of).toString('latin1'), 'utf8');
    return protocol === 4 ? [0x8c, utf8.length, ...utf8] : [...text('X'), ...uint32(utf8.length), ...utf8];
  };
  const name = (module: string, attribute: string) =>
    protocol === 4
      ? [...latin(Buffer.from(module)), 0x94, ...latin(Buffer.from(attribute)), 0x94, 0x93, 0x94]
      : text(`c${module}\n${attribute}\n`);
  const content = (of: Uint8Array) =>
    protocol === 4
      ? [...text('B'), ...uint32(of.length), ...of]
      : [...name('_codecs', 'encode'), ...latin(of), ...latin(Buffer.from('latin1')), 0x86, ...text('R')];
  const minusOne = [...text('J'), 0xff, 0xff, 0xff, 0xff];
  const array = [
    ...[...name('numpy._core.multiarray', '_reconstruct'), ...name('numpy', 'ndarray'), ...small(0), 0x85],
    ...[...content(Buffer.from('b')), 0x87, ...text('R(K\x01('), ...shape.flatMap(small), ...text('t')],
    ...[...name('numpy', 'dtype'), ...latin(Buffer.from('u1')), 0x89, 0x88, 0x87, ...text('R(K\x03')],
    ...[...latin(Buffer.from('|')), ...text('NNN'), ...minusOne, ...minusOne, ...small(0), ...text('tb')],
    ...[0x89, ...content(bytes), ...text('tb')],
  ];
  const rate = [...text('G'), 0x40, 0x38, 0, 0, 0, 0, 0, 0]; // 24.0
  const body = [...rate, ...text('J'), ...uint32(samples), ...array, 0x87, ...text('.')];
  const frame = protocol === 4 ? [0x95, ...uint32(body.length), 0, 0, 0, 0] : [];
  return Uint8Array.from([0x80, protocol, ...frame, ...body]);
}

const text = (value: string): number[] => [...Buffer.from(value, 'latin1')];
