import { problemOf } from '../error.ts';

/** Things that were said in the same words, but for the places, names and numbers in them. */
export interface Kind<T> {
  /** The words: as they were said, if they are the same each time, or with `…` for names and `N` for numbers. */
  readonly words: string;
  readonly items: readonly T[];
}

/** Puts together what has one kind of repair or reason. The most frequent kinds come first. */
export function byKind<T>(items: readonly T[], sentenceOf: (item: T) => string): Kind<T>[] {
  const kinds = new Map<string, T[]>();
  for (const item of items) {
    const kind = kindOf(sentenceOf(item));
    const ofKind = kinds.get(kind) ?? [];
    ofKind.push(item);
    kinds.set(kind, ofKind);
  }
  return [...kinds]
    .map(([kind, ofKind]) => {
      const said = new Set(ofKind.map((item) => problemOf(sentenceOf(item))));
      const [first] = said;
      return { words: said.size === 1 ? first : kind, items: ofKind };
    })
    .sort((a, b) => b.items.length - a.items.length || (a.words < b.words ? -1 : 1));
}

/** How often each kind occurs. */
export function countKinds(sentences: readonly string[]): Record<string, number> {
  return Object.fromEntries(byKind(sentences, (sentence) => sentence).map(({ words, items }) => [words, items.length]));
}

/** A sentence without its place, names in quotes, numbers, and how often it held. */
function kindOf(sentence: string): string {
  return problemOf(sentence)
    .replace(/ \(\d+ times\)$/, '')
    .replace(/".*"|(?<= )'.*'(?= \()/g, '…')
    .replace(/\b(0x[\da-f]+|\d+)\b/gi, 'N');
}
