import { type ArgsDef, parseArgs } from 'citty';
import { UsageError } from './errors.ts';

export type Arguments = Readonly<Record<string, string | boolean | undefined>> & { readonly _: readonly string[] };

/** One subcommand of `chipsmith`. */
export interface Command {
  readonly name: string;
  readonly description: string;
  readonly options: ArgsDef;
  /** What positional arguments are, for the usage line; none are accepted if left out. */
  readonly positionals?: string;
  /** Complete command lines with a word on what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** @returns the exit code, 0 if left out */
  run(args: Arguments): Promise<number | undefined>;
}

/** Options that every command has. */
const COMMON: ArgsDef = {
  json: { type: 'boolean', description: 'print the result as JSON on standard output' },
  help: { type: 'boolean', alias: 'h', description: 'print this help' },
};

export function optionsOf(command: Command): ArgsDef {
  return { ...command.options, ...COMMON };
}

/**
 * Parses what follows the command's name.
 *
 * @throws UsageError for an option that the command does not have, an option without its value, or stray words
 */
export function parseCommandLine(command: Command, words: readonly string[]): Arguments {
  const options = optionsOf(command);
  for (const [index, word] of words.entries()) {
    if (word === '--') break;
    if (!word.startsWith('-') || word === '-' || /^-\d/.test(word)) continue;
    const [, name, value] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const refuse = (problem: string, hint = '(--help lists them)'): never => {
      throw new UsageError(`chipsmith ${command.name}: ${problem} ${hint}`);
    };
    const found = Object.entries(options).find(([key, option]) => {
      const isAlias = 'alias' in option && word === `-${option.alias}`;
      return (
        isAlias || (word.startsWith('--') && (name === key || (option.type === 'boolean' && name === `no-${key}`)))
      );
    });
    if (found === undefined) {
      return refuse(`there is no option ${word.replace(/=.*$/s, '')}${guess(name, Object.keys(options), '--')}`);
    }
    const [key, { type }] = found;
    if (type === 'boolean' && value !== undefined) refuse(`--${key} takes no value`, '(--help tells what it does)');
    const next = value ?? words[index + 1];
    if (type !== 'boolean' && (next === undefined || next === '' || (value === undefined && next.startsWith('--')))) {
      refuse(`--${key} needs a value`, '(--help tells which)');
    }
  }
  const args: Arguments = parseArgs([...words], options);
  if (args._.includes('')) {
    throw new UsageError(`chipsmith ${command.name}: an empty word names nothing (--help tells what it takes)`);
  }
  if (command.positionals === undefined && args._.length > 0) {
    throw new UsageError(`chipsmith ${command.name}: takes no "${args._[0]}" (--help tells what it takes)`);
  }
  return args;
}

/** The options of a command that were given, or rather differ from their defaults, by name: `--no-arrange` is `arrange: false`. */
export function givenOptions(command: Command, args: Arguments): Record<string, string | boolean> {
  const options: Record<string, string | boolean> = {};
  for (const [name, option] of Object.entries(command.options)) {
    const value = args[name];
    if (value !== undefined && value !== ('default' in option ? option.default : undefined)) options[name] = value;
  }
  return options;
}

export function text(args: Arguments, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' ? value : undefined;
}

export function flag(args: Arguments, name: string): boolean {
  return args[name] === true;
}

/** Numbers that an option takes, both ends included. */
export interface NumberRange {
  readonly least?: number;
  readonly most?: number;
}

/** The limits of a schema of numbers. */
export function rangeOf({
  minValue,
  maxValue,
}: {
  readonly minValue: number | null;
  readonly maxValue: number | null;
}): NumberRange {
  return { ...(minValue !== null && { least: minValue }), ...(maxValue !== null && { most: maxValue }) };
}

/** @throws UsageError naming the option if its text is not a number in the range */
export function number(args: Arguments, name: string, range: NumberRange = {}): number | undefined {
  const typed = text(args, name);
  return typed === undefined ? undefined : parsed(`--${name}`, typed, 'a number', range, Number.isFinite);
}

/** Numbers with commas between, such as `0.7,0.9`. @throws UsageError naming the option if one is not a number in the range */
export function numbers(args: Arguments, name: string, range: NumberRange = {}): number[] | undefined {
  const typed = text(args, name);
  return typed?.split(',').map((one) => parsed(`--${name}: each`, one, 'a number', range, Number.isFinite));
}

/** @throws UsageError naming the option if its text is not a whole number in the range */
export function integer(args: Arguments, name: string, range: NumberRange = {}): number | undefined {
  const typed = text(args, name);
  return typed === undefined ? undefined : parsed(`--${name}`, typed, 'a whole number', range, Number.isSafeInteger);
}

function parsed(
  what: string,
  typed: string,
  kind: string,
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: NumberRange,
  isKind: (value: number) => boolean,
): number {
  const value = Number(typed);
  if (typed.trim() !== '' && isKind(value) && value >= least && value <= most) return value;
  const [from, to] = [least, most].map((limit) => (Number.isInteger(limit) ? limit : Number(limit.toPrecision(3))));
  const range = Number.isFinite(most) ? ` from ${from} to ${to}` : ` of at least ${from}`;
  throw new UsageError(`${what} must be ${kind}${Number.isFinite(least) ? range : ''}, not "${typed}"`);
}

/** Seeds are 32 bits wide. @throws UsageError */
export function seedOf(args: Arguments): number | undefined {
  return integer(args, 'seed', { least: 0, most: 2 ** 32 - 1 });
}

/** "256,256" -> [256, 256]. @throws UsageError naming the option */
export function integers(args: Arguments, name: string): number[] | undefined {
  const typed = text(args, name);
  if (typed === undefined) return undefined;
  if (/^ *\d+( *, *\d+)* *$/.test(typed)) return typed.split(',').map(Number);
  throw new UsageError(`--${name} must be whole numbers with commas between, not "${typed}"`);
}

/** One of a few words. @throws UsageError that lists them and guesses which one was meant */
export function choice<Word extends string>(args: Arguments, name: string, words: readonly Word[]): Word | undefined {
  const typed = text(args, name);
  return typed === undefined ? undefined : oneOf(`--${name}`, typed, words);
}

/** @param what names the option in the error */
export function oneOf<Word extends string>(what: string, typed: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === typed);
  if (found !== undefined) return found;
  throw new UsageError(`${what} must be ${words.join(' or ')}, not "${typed}"${guess(typed, words)}`);
}

/** @throws UsageError if the option was not given */
export function required(args: Arguments, name: string, what: string): string {
  const value = text(args, name);
  if (value === undefined) throw new UsageError(`--${name} is needed: ${what}`);
  return value;
}

/** "; did you mean train?" where a known word is close to what was typed, else nothing. */
export function guess(typed: string, known: readonly string[], prefix = ''): string {
  const ranked = known.map((word) => ({ word, edits: editDistance(typed, word) })).sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  const close = best !== undefined && best.edits <= Math.ceil(typed.length / 3);
  return close ? `; did you mean ${prefix}${best.word}?` : '';
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
