import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, parseArgs, renderUsage } from 'citty';
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
    const name = word.replace(/^--?/, '').replace(/=.*$/s, '');
    const option = Object.entries(options).find(([key, option]) => {
      return name === key || name === `no-${key}` || ('alias' in option && name === option.alias);
    });
    if (option === undefined) {
      const near = nearest(name, Object.keys(options));
      const hint = near === undefined ? '' : `; did you mean --${near}?`;
      throw new UsageError(
        `chipsmith ${command.name}: there is no option ${word.replace(/=.*$/s, '')}${hint} (--help lists them)`,
      );
    }
    const [key, { type }] = option;
    const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : words[index + 1];
    if (type !== 'boolean' && (value === undefined || value === '' || value.startsWith('--'))) {
      throw new UsageError(`chipsmith ${command.name}: --${key} needs a value (--help tells which)`);
    }
  }
  const args: Arguments = parseArgs([...words], options);
  if (command.positionals === undefined && args._.length > 0) {
    throw new UsageError(`chipsmith ${command.name}: takes no "${args._[0]}" (--help tells what it takes)`);
  }
  return args;
}

export async function helpOf(command: Command): Promise<string> {
  const meta = { name: command.name, description: command.description };
  const usage = await renderUsage({ meta, args: optionsOf(command) }, { meta: { name: 'chipsmith' } });
  const named =
    command.positionals === undefined ? usage : usage.replace('[OPTIONS]', `[OPTIONS] ${command.positionals}`);
  const examples = command.examples.map(([line, meaning]) => `  ${meaning}:\n    pnpm chipsmith ${line}`).join('\n');
  const help = `${named.trimEnd()}\n\nEXAMPLES\n\n${examples}`.replace(/ +$/gm, '');
  return process.stdout.isTTY ? help : stripVTControlCharacters(help);
}

export function text(args: Arguments, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' ? value : undefined;
}

export function flag(args: Arguments, name: string): boolean {
  return args[name] === true;
}

/** @throws UsageError naming the option if its text is no number in the range */
export function number(
  args: Arguments,
  name: string,
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, whole = false },
): number | undefined {
  const value = text(args, name);
  if (value === undefined) return undefined;
  const parsed = Number(value);
  const fits = value.trim() !== '' && parsed >= least && parsed <= most && (!whole || Number.isSafeInteger(parsed));
  if (fits) return parsed;
  const kind = whole ? 'a whole number' : 'a number';
  const range =
    most < Number.POSITIVE_INFINITY
      ? ` from ${least} to ${most}`
      : least > Number.NEGATIVE_INFINITY
        ? ` of at least ${least}`
        : '';
  throw new UsageError(`--${name} must be ${kind}${range}, not "${value}"`);
}

export function integer(
  args: Arguments,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  return number(args, name, { least, ...(most < Number.MAX_SAFE_INTEGER && { most }), whole: true });
}

/** @throws UsageError if the option was not given */
export function required(args: Arguments, name: string, what: string): string {
  const value = text(args, name);
  if (value === undefined) throw new UsageError(`--${name} is needed: ${what}`);
  return value;
}

/** The known word closest to what was typed, if it is close. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const ranked = known.map((word) => ({ word, edits: editDistance(typed, word) })).sort((a, b) => a.edits - b.edits);
  return ranked[0] !== undefined && ranked[0].edits <= Math.max(1, Math.floor(typed.length / 3))
    ? ranked[0].word
    : undefined;
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
