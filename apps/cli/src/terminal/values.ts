import { type Arguments, guess, text } from './command.ts';
import { UsageError } from './errors.ts';

/** Numbers that an option takes. */
export interface NumberRange {
  readonly least?: number | undefined;
  readonly most?: number | undefined;
  /** Lower and upper limits that are themselves outside. */
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

/** @throws UsageError naming the option if its text is not a number in the range */
export function number(args: Arguments, name: string, range: NumberRange = {}): number | undefined {
  const typed = text(args, name);
  return typed === undefined ? undefined : parseNumber(`--${name}`, typed, range);
}

/**
 * Numbers with commas between, such as `0.7,0.9`.
 *
 * @throws UsageError naming the option if one is not a number in the range
 */
export function numbers(args: Arguments, name: string, range: NumberRange = {}): number[] | undefined {
  const typed = text(args, name);
  return typed?.split(',').map((one) => parseNumber(`--${name}: each`, one, range));
}

/** @throws UsageError naming the option if its text is not a whole number in the range */
export function integer(args: Arguments, name: string, range: NumberRange = {}): number | undefined {
  const typed = text(args, name);
  return typed === undefined ? undefined : parseInteger(`--${name}`, typed, range);
}

/** @param what names the option in the error @throws UsageError */
export function parseNumber(what: string, typed: string, range: NumberRange): number {
  return parse(what, typed, 'a number', range, Number.isFinite);
}

/** @param what names the option in the error @throws UsageError */
export function parseInteger(what: string, typed: string, range: NumberRange): number {
  return parse(what, typed, 'a whole number', range, Number.isSafeInteger);
}

function parse(
  what: string,
  typed: string,
  kind: string,
  range: NumberRange,
  isKind: (value: number) => boolean,
): number {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = range;
  const { above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } = range;
  const value = Number(typed);
  const isInside = value >= least && value <= most && value > above && value < below;
  if (typed.trim() !== '' && isKind(value) && isInside) return value;
  throw new UsageError(`${what} must be ${kind}${rangeWords(range)}, not "${typed}"`);
}

function rangeWords({ least, most, above, below }: NumberRange): string {
  if (least !== undefined && most !== undefined) return ` from ${limitWords(least)} to ${limitWords(most)}`;
  const limits = [
    ...(least === undefined ? [] : [`of at least ${limitWords(least)}`]),
    ...(above === undefined ? [] : [`above ${limitWords(above)}`]),
    ...(below === undefined ? [] : [`below ${limitWords(below)}`]),
    ...(most === undefined ? [] : [`up to ${limitWords(most)}`]),
  ];
  return limits.length === 0 ? '' : ` ${limits.join(', ')}`;
}

/** A limit in at most three digits behind the point: 0.0167 for a 60th. */
export function limitWords(limit: number): string {
  return String(Number.isInteger(limit) ? limit : Number(limit.toPrecision(3)));
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
