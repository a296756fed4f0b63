import { problemOf } from '../error.ts';

/** Things that were said in the same words, but for the places, names and numbers in them, and plurals. */
export interface Kind<T> {
  /**
   * The words: as they were said, if they are the same each time, or with `…` for names and `N` for numbers (a 1 that
   * all have stays).
   */
  readonly words: string;
  readonly items: readonly T[];
}

/** Puts together what has one kind of repair or reason. The most frequent kinds come first. */
export function byKind<T>(items: readonly T[], sentenceOf: (item: T) => string): Kind<T>[] {
  const kinds = new Map<string, T[]>();
  for (const item of items) {
    // One byte and two bytes are of one kind: words count without their endings.
    const kind = kindOf(sentenceOf(item)).replace(/[es]+\b/g, '');
    const ofKind = kinds.get(kind) ?? [];
    ofKind.push(item);
    kinds.set(kind, ofKind);
  }
  return [...kinds]
    .map(([, ofKind]) => ({ words: wordsFor(ofKind.map(sentenceOf)), items: ofKind }))
    .sort((a, b) => b.items.length - a.items.length || (a.words < b.words ? -1 : 1));
}

/** How often each kind occurs. */
export function countKinds(sentences: readonly string[]): Record<string, number> {
  return Object.fromEntries(byKind(sentences, (sentence) => sentence).map(({ words, items }) => [words, items.length]));
}

/**
 * What stands for sentences of one kind: their own words where all have the same, and the plural where some have it.
 */
function wordsFor(sentences: readonly string[]): string {
  for (const wordsOf of [problemOf, kindOfOne]) {
    const [first, ...others] = new Set(sentences.map(wordsOf));
    if (others.length === 0) return first;
  }
  return sentences
    .map((sentence) => kindOf(sentence))
    .reduce((longest, words) => (words.length > longest.length ? words : longest));
}

/** As `kindOf`, with the 1 of what is told in the singular. */
function kindOfOne(sentence: string): string {
  return kindOf(sentence, /\b(0x[\da-f]+|(?!1\b)\d+)\b/gi);
}

/** A sentence without its place, names in quotes, numbers, and how often it held. */
function kindOf(sentence: string, numbers = /\b(0x[\da-f]+|\d+)\b/gi): string {
  return problemOf(sentence)
    .replace(/ \(\d+ times\)$/, '')
    .replace(/".*"|(?<= )'.*'(?= \()/g, '…')
    .replace(numbers, 'N');
}
