import { KernelError } from '../errors.ts';

/** What can be asked for while looking for a mistake, and what each word does. */
export const DEBUG_WORDS = {
  plan: 'prints the plan of each program',
  wgsl: 'prints each kernel as it is compiled',
  times: 'prints how long each kernel of a program takes, when its results are first read',
  nan: 'checks every value for NaN and infinity',
} as const;

/** A word of CHIPSMITH_DEBUG. */
export type DebugWord = keyof typeof DEBUG_WORDS;

/** Settings of a device. Nothing is printed unless a word asks for it. */
export interface Debug {
  readonly words: ReadonlySet<DebugWord>;
  print(text: string): void;
}

/**
 * @param text words divided by commas, such as "plan,nan"; may be empty
 * @param print where what the words ask for goes
 * @throws KernelError `option` for an unknown word, listing those there are
 */
export function parseDebug(text: string, print: (text: string) => void): Debug {
  const words = text.split(',').flatMap((word) => word.trim() || []);
  const unknown = words.find((word) => !Object.hasOwn(DEBUG_WORDS, word));
  if (unknown !== undefined) {
    const known = Object.entries(DEBUG_WORDS).map(([word, meaning]) => `${word} (${meaning})`);
    throw new KernelError('option', `CHIPSMITH_DEBUG: "${unknown}" is unknown; choose from ${known.join(', ')}.`);
  }
  return { words: new Set(words as DebugWord[]), print };
}
