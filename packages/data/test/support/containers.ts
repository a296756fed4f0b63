/** Files with others inside, as the programs of their time wrote them. */

const text = (characters: string) => Uint8Array.from(characters, (character) => character.charCodeAt(0));
const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function riffChunk(type: string, content: Uint8Array, length = content.length): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, length, true);
  return joined(text(type), size, content, new Uint8Array(content.length % 2));
}

/**
 * A RIFF file of the form RMID.
 *
 * @param before chunks in front of the MIDI file
 * @param length that its chunk announces
 */
export function riffOf(midi: Uint8Array, before: readonly Uint8Array[] = [], length = midi.length): Uint8Array {
  return riffChunk(
    'RIFF',
    joined(text('RMID'), ...before, riffChunk('data', midi, length), riffChunk('LIST', text('INFO'))),
  );
}

export const displayChunk = (characters: string): Uint8Array => riffChunk('DISP', text(characters));

/** A MacBinary II file with a resource fork. @param length of the content that it announces */
export function macBinaryOf(name: string, content: Uint8Array, length = content.length): Uint8Array {
  const header = new Uint8Array(128);
  header[1] = name.length;
  header.set(text(name), 2);
  header.set(text('MidiABCD'), 65);
  const view = new DataView(header.buffer);
  view.setUint32(83, length);
  view.setUint32(87, 10);
  view.setUint16(122, 0x8181);
  const padding = new Uint8Array((128 - (content.length % 128)) % 128);
  return joined(header, content, padding, new Uint8Array(128).fill(7, 0, 10));
}

/** An AppleSingle file: a resource fork, a name and, behind them, the content. */
export function appleSingleOf(name: string, content: Uint8Array): Uint8Array {
  const parts = [
    { id: 2, bytes: Uint8Array.of(1, 2, 3) },
    { id: 3, bytes: text(name) },
    { id: 1, bytes: content },
  ];
  const head = new DataView(new ArrayBuffer(26 + 12 * parts.length));
  head.setUint32(0, 0x00051600);
  head.setUint32(4, 0x00020000);
  head.setUint16(24, parts.length);
  let start = head.byteLength;
  for (const [index, { id, bytes }] of parts.entries()) {
    for (const [field, value] of [id, start, bytes.length].entries())
      head.setUint32(26 + 12 * index + 4 * field, value);
    start += bytes.length;
  }
  return joined(new Uint8Array(head.buffer), ...parts.map(({ bytes }) => bytes));
}

/** What FTP in its ASCII mode made of a file. */
export function withCarriageReturns(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes].flatMap((byte) => (byte === 10 ? [13, 10] : [byte])));
}

/** What an editor made of a file that took its bytes for Latin-1. */
export function savedAsUtf8(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8'));
}
