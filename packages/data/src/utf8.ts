const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** What stands for bytes that are not UTF-8. A decoder that throws instead takes seconds for a million short texts. */
const REPLACEMENT = '\ufffd';

/** The text that bytes are in UTF-8, with its byte order mark; undefined where they are not that. */
export function utf8Of(bytes: Uint8Array): string | undefined {
  const text = decoder.decode(bytes);
  return text.includes(REPLACEMENT) ? undefined : text;
}
