import { utf8Of } from '../character-sets.ts';

const shiftJis = new TextDecoder('shift_jis', { fatal: true });
const latin1 = new TextDecoder('latin1');

/**
 * Two Japanese characters in a row, or three halfwidth kana. Accents and quotation marks of Latin-1 turn into single
 * ones together with the letters around them: "Mélodie" would become "M饕odie".
 */
const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]{2}|[\uff66-\uff9f]{3}/;

/**
 * A text whose encoding nothing tells: UTF-16 with a byte order mark, UTF-8 where it can be, Shift-JIS where that gives
 * Japanese, else Latin-1. The standards say only "ASCII" of texts in MIDI files, and nothing that holds of names in zip
 * archives, but files have all four.
 */
export function decodeText(data: Uint8Array): string {
  if (data[0] === 0xff && data[1] === 0xfe) return new TextDecoder('utf-16le').decode(data);
  if (data[0] === 0xfe && data[1] === 0xff) return new TextDecoder('utf-16be').decode(data);
  const text = utf8Of(data)?.replace(/^\ufeff/, '');
  return text ?? japaneseOf(data) ?? latin1.decode(data);
}

function japaneseOf(data: Uint8Array): string | undefined {
  try {
    const text = shiftJis.decode(data);
    return JAPANESE.test(text) ? text : undefined;
  } catch {
    return undefined; // Not in this encoding.
  }
}
