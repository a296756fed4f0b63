const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** What stands for bytes that are not UTF-8. A decoder that throws instead takes seconds for a million short texts. */
const REPLACEMENT = '\ufffd';

/** The text that bytes are in UTF-8, with its byte order mark; undefined where they are not that. */
export function utf8Of(bytes: Uint8Array): string | undefined {
  const text = decoder.decode(bytes);
  return text.includes(REPLACEMENT) ? undefined : text;
}

/** Arguments of one call that every engine takes. */
const PIECE = 2 ** 13;

/** The text of bytes, one character each (ISO 8859-1). A TextDecoder takes 0x80 to 0x9f for those of Windows-1252. */
export function latin1Of(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}

/** The bytes of a text, one for each UTF-16 code unit: what is above 255 keeps its low eight bits. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
