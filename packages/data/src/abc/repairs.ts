/** Repairs of one tune that are told one by one; what is beyond is counted together. */
const MAX_KINDS = 24;

/** What was put right in a tune: one sentence for each kind, with the line where it happened first. */
export class Repairs {
  readonly #kinds = new Map<string, { readonly line: number; count: number }>();
  #further: { readonly line: number; count: number } | undefined;

  /** @param what begins the sentence, such as `skipped the unknown symbol "?"` */
  add(what: string, line: number): void {
    const known = this.#kinds.get(what);
    if (known) known.count++;
    else if (this.#kinds.size < MAX_KINDS) this.#kinds.set(what, { line, count: 1 });
    else {
      this.#further ??= { line, count: 0 };
      this.#further.count++;
    }
  }

  /** Those that differ only in line and number are of one kind in the report; see byKind. */
  sentences(): string[] {
    const told = [...this.#kinds].map(
      ([what, { line, count }]) => `${what}, first in line ${line}${count === 1 ? '' : ` (${count} times)`}`,
    );
    const { line, count } = this.#further ?? { line: 0, count: 0 };
    return count === 0 ? told : [...told, `made ${count} further repairs from line ${line} on`];
  }
}

/** A piece of the text for a sentence: cut, and with control characters by their number. */
export function quoted(text: string): string {
  const cut = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  const shown = cut.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => `U+${hexOf(character)}`);
  return shown.includes('"') ? `'${shown}'` : `"${shown}"`;
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
