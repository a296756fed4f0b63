import { KernelError } from '../errors.ts';

/**
 * Refuses a word that the types rule out, for callers in JavaScript.
 *
 * @param what such as "unary: the name"
 * @throws KernelError `option` listing the words there are
 */
export function requireWord(word: string, words: readonly string[], what: string): void {
  if (words.includes(word)) return;
  throw new KernelError('option', `${what} must be one of ${words.join(', ')}, got ${JSON.stringify(word)}.`);
}
