import { parseArgs } from 'node:util';
import { UsageError } from './errors.ts';

export type Arguments = Readonly<Record<string, string | boolean | undefined>> & { readonly _: readonly string[] };

/** An option of a command: a word that needs a value, or one that `--no-<name>` negates. */
export interface OptionDefinition {
  readonly type: 'string' | 'boolean';
  readonly description: string;
  /** What stands for the value in help. */
  readonly valueHint?: string;
  /** One letter. */
  readonly alias?: string;
  readonly default?: boolean;
  /** What `--no-<name>` does, where help is to list it. */
  readonly negativeDescription?: string;
}

/** By name, without the dashes. */
export type Options = Readonly<Record<string, OptionDefinition>>;

/** Options under headings, in the order in which help lists them. */
export type HelpSections = readonly (readonly [heading: string, options: Options])[];

/** One subcommand of `chipsmith`. */
export interface Command {
  readonly name: string;
  readonly description: string;
  /** All that it accepts. */
  readonly options: Options;
  /**
   * What help shows of the options, under headings, where that depends on what else was typed; all of them if left out.
   */
  helpSections?(args: Arguments): HelpSections;
  /** What positional arguments are, for the usage line; none are accepted if left out. */
  readonly positionals?: string;
  /** Complete command lines with a word on what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** @returns the exit code, 0 if left out */
  run(args: Arguments): Promise<number | undefined>;
}

/** Options that every command has. */
export const COMMON_OPTIONS: Options = {
  json: { type: 'boolean', description: 'print the result as JSON on standard output' },
  help: { type: 'boolean', alias: 'h', description: 'print this help' },
};

export function optionsOf(command: Command): Options {
  return { ...command.options, ...COMMON_OPTIONS };
}

/**
 * Parses what follows the command's name.
 *
 * @throws UsageError for an option that the command does not have, an option without its value, or stray words
 */
export function parseCommandLine(command: Command, words: readonly string[]): Arguments {
  const known = optionsOf(command);
  const options = new Map(Object.entries(known));
  const refuse = (problem: string, hint: string): never => {
    throw new UsageError(`chipsmith ${command.name}: ${problem} (--help ${hint})`);
  };
  const { tokens, positionals } = splitWords(known, words);
  const values: Record<string, string | boolean | undefined> = {};
  for (const [name, option] of options) values[name] = option.default;
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, value, inlineValue, index } = token;
    const isNegation = name.startsWith('no-') && options.get(name.slice(3))?.type === 'boolean';
    const key = isNegation ? name.slice(3) : name;
    const option = options.get(key);
    const typed = words[index].replace(/=.*$/s, '');
    // A word such as -model is letters to the parser, of which the first may be known.
    if (option === undefined || (/^-[^-]./.test(typed) && option.type === 'boolean')) {
      return refuse(
        `there is no option ${typed}${guess(typed.replace(/^-+/, ''), [...options.keys()], '--')}`,
        'lists them',
      );
    }
    if (option.type === 'boolean') {
      if (value !== undefined) refuse(`--${key} takes no value`, 'tells what it does');
      values[key] = !isNegation;
    } else {
      if (!value || (!inlineValue && value.startsWith('--'))) refuse(`--${key} needs a value`, 'tells which');
      values[key] = value;
    }
  }
  if (positionals.includes('')) refuse('an empty word names nothing', 'tells what it takes');
  if (command.positionals === undefined && positionals.length > 0) {
    refuse(`takes no "${positionals[0]}"`, 'tells what it takes');
  }
  return Object.assign(values, { _: positionals });
}

/** What a command line says as far as it makes sense, for help. */
export function looseArguments(command: Command, words: readonly string[]): Arguments {
  const options = optionsOf(command);
  const { values, positionals } = splitWords(options, words);
  const known = Object.keys(options).map((name) => [name, values[name]] as const);
  return Object.assign(Object.fromEntries(known), { _: positionals });
}

/** The options and other words of a command line, whether they make sense or not. */
function splitWords(options: Options, words: readonly string[]) {
  const parsed = Object.entries(options).map(
    ([name, { type, alias }]) => [name, { type, ...(alias !== undefined && { short: alias }) }] as const,
  );
  return parseArgs({
    args: [...words],
    options: Object.fromEntries(parsed),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
}

/**
 * The options of a command that were given, or rather differ from their defaults, by name: `--no-arrange` is `arrange:
 * false`.
 */
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

/** "; did you mean train?" where a known word is close to what was typed, else nothing. */
export function guess(typed: string, known: readonly string[], prefix = ''): string {
  const ranked = known.map((word) => ({ word, edits: editDistance(typed, word) })).sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  const close = best !== undefined && best.edits <= Math.ceil(typed.length / 3);
  return close ? `; did you mean ${prefix}${best.word}?` : '';
}

/** Levenshtein distance. */
export function editDistance(a: string, b: string): number {
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
