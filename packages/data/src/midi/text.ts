const utf8 = new TextDecoder('utf-8', { fatal: true });
const shiftJis = new TextDecoder('shift_jis', { fatal: true });
const latin1 = new TextDecoder('latin1');

/**
 * Japanese by two characters in a row (of halfwidth kana three): the accents and quotation marks of Latin-1 make single ones of
 * the letters around them, as "Mélodie" would give "M饕odie".
 */
const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]{2}|[\uff66-\uff9f]{3}/;

/**
 * The text of a MIDI event: UTF-8 where it can be, Shift-JIS where that gives Japanese, else Latin-1. The standard says only "ASCII",
 * and files hold all three.
 */
export function decodeText(data: Uint8Array): string {
  const japanese = decodeBy(shiftJis, data);
  return decodeBy(utf8, data) ?? (japanese !== undefined && JAPANESE.test(japanese) ? japanese : latin1.decode(data));
}

function decodeBy(decoder: typeof utf8, data: Uint8Array): string | undefined {
  try {
    return decoder.decode(data);
  } catch {
    return undefined; // Not in this encoding.
  }
}
