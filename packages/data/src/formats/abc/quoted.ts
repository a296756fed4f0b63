/** A piece of the text for a sentence: cut, and with control characters by their number. */
export function quoted(text: string): string {
  const cut = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  const shown = cut.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => `U+${hexOf(character)}`);
  return shown.includes('"') ? `'${shown}'` : `"${shown}"`;
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
