import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Arguments, flag, type OptionDefinition, type Options, text } from './command.ts';
import { UsageError } from './errors.ts';
import { limitWords, type NumberRange, oneOf, parseInteger, parseNumber } from './values.ts';

/** JSON Schema has limits, defaults and descriptions in one form, however they were put together in zod. */
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Some of the values of a schema, each where the schema has it. */
export type Given<Values> = {
  readonly [Key in keyof Values]?: Values[Key] extends readonly unknown[]
    ? Values[Key]
    : Values[Key] extends object
      ? Given<Values[Key]>
      : Values[Key];
};

/** A value that a schema describes, as an option of the command line. */
interface Setting {
  /** `learning-rate` */
  readonly option: string;
  /** `optimiser`, `learningRate` */
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

/**
 * The options for the values of a schema, nested ones by the last word of their path, with description, values and
 * default.
 *
 * @throws Error if two values have the same option, or one is of a kind that a word cannot give
 */
export function schemaOptions(schema: z.ZodType): Options {
  const options: Record<string, OptionDefinition> = {};
  for (const setting of settingsOf(schema)) {
    const { option } = setting;
    if (Object.hasOwn(options, option)) throw new Error(`two settings have the option --${option}`);
    options[option] = optionOf(setting);
  }
  return options;
}

/**
 * The options for the values of several schemas. Where some have one of the same name, it is described as the first
 * schema has it.
 *
 * @throws Error if schemas disagree on whether an option has a value
 */
export function sharedOptions(schemas: readonly z.ZodType[]): Options {
  const options: Record<string, OptionDefinition> = {};
  for (const [key, option] of schemas.flatMap((schema) => Object.entries(schemaOptions(schema)))) {
    options[key] ??= option;
    if (options[key].type !== option.type) throw new Error(`schemas disagree on whether --${key} has a value`);
  }
  return options;
}

/** The first option given that is one of `all` and not of `own`. */
export function foreignOption(args: Arguments, all: Options, own: Options): string | undefined {
  return Object.keys(all).find((key) => args[key] !== undefined && !Object.hasOwn(own, key));
}

/**
 * The values of a schema that a command line gives, and no defaults.
 *
 * @throws UsageError naming the option whose value is outside the schema's limits
 */
export function givenValues<Values>(schema: z.ZodType<Values>, args: Arguments): Given<Values> {
  const values = {};
  for (const setting of settingsOf(schema)) {
    const value = readSetting(setting, args);
    if (value !== undefined) put(values, setting.path, value);
  }
  return values;
}

/** One value of a command line. @throws UsageError naming the option if the value is outside the schema's limits */
export function givenValue<Value>(schema: z.ZodType<Value>, args: Arguments, option: string): Value | undefined {
  return readSetting({ option, path: [], schema: jsonSchemaOf(schema) }, args) as Value | undefined;
}

/** The first option whose value is given and differs from what holds, and what does; undefined if none does. */
export function firstChange(
  schema: z.ZodType,
  given: object,
  current: object,
): { readonly option: string; readonly current: string } | undefined {
  for (const { option, path } of settingsOf(schema)) {
    const [wanted, held] = [given, current].map((values) => path.reduce<unknown>(valueIn, values));
    if (wanted === undefined || isDeepStrictEqual(wanted, held)) continue;
    return { option, current: held === undefined ? 'not set' : String(held) };
  }
  return undefined;
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input' });
}

function settingsOf(schema: z.ZodType): Setting[] {
  return leavesOf(jsonSchemaOf(schema), []);
}

function leavesOf({ properties = {} }: JsonSchema, parents: readonly string[]): Setting[] {
  return Object.entries(properties as Record<string, JsonSchema>).flatMap(([key, schema]) => {
    const path = [...parents, key];
    return schema.type === 'object' ? leavesOf(schema, path) : [{ option: kebabCase(key), path, schema }];
  });
}

function optionOf({ option, schema }: Setting): OptionDefinition {
  const { description = '', default: preset } = schema;
  if (schema.type === 'boolean') {
    const on = preset === true ? ` (default; --no-${option} turns it off)` : '';
    return { type: 'boolean', description: `${description}${on}` };
  }
  const usual = preset === undefined ? '' : ` (default ${preset})`;
  return { type: 'string', valueHint: hintOf(option, schema), description: `${description}${usual}` };
}

/** `n`, `0..0.95`, `a|b`, `n,n,..` @throws Error for what one word cannot give */
function hintOf(option: string, schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.join('|');
  if (schema.type === 'integer') return 'n';
  if (schema.type === 'number') {
    const { least, above = least, most, below = most } = rangeOf(schema);
    const range = [above, below].map((limit) => (limit === undefined ? '' : limitWords(limit))).join('..');
    return above === undefined || below === undefined || range.length > MAX_RANGE_HINT ? 'x' : range;
  }
  if (schema.type === 'array') {
    const hint = hintOf(option, schema.items as JsonSchema);
    return `${hint},${hint},..`;
  }
  throw new Error(`--${option} cannot be an option: its value is ${schema.type ?? 'of several types'}`);
}

/** Characters of a range that is shown for a value. */
const MAX_RANGE_HINT = 8;

function readSetting({ option, schema }: Setting, args: Arguments): unknown {
  if (schema.type === 'boolean') return args[option] === undefined ? undefined : flag(args, option);
  const typed = text(args, option);
  if (typed === undefined) return undefined;
  if (schema.type !== 'array') return parse(`--${option}`, typed, schema);
  const words = typed.split(',');
  const { minItems: fewest = 0, maxItems: most = Number.POSITIVE_INFINITY } = schema;
  if (words.length < fewest || words.length > most) {
    throw new UsageError(`--${option} takes ${fewest} to ${most} values with commas between, not ${words.length}`);
  }
  return words.map((word) => parse(`--${option}: each`, word, schema.items as JsonSchema));
}

function parse(what: string, typed: string, schema: JsonSchema): unknown {
  if (schema.enum !== undefined) return oneOf(what, typed, schema.enum.map(String));
  return (schema.type === 'integer' ? parseInteger : parseNumber)(what, typed, rangeOf(schema));
}

/** The limits of a number. Those that every whole number has in JavaScript are none. */
function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): NumberRange {
  return {
    least: minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum,
    most: maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum,
    above: exclusiveMinimum as number | undefined,
    below: exclusiveMaximum as number | undefined,
  };
}

function put(values: Record<string, unknown>, [key, ...others]: readonly string[], value: unknown): void {
  if (others.length === 0) values[key] = value;
  else {
    values[key] ??= {};
    put(values[key] as Record<string, unknown>, others, value);
  }
}

function valueIn(values: unknown, key: string): unknown {
  return typeof values === 'object' && values !== null ? (values as Record<string, unknown>)[key] : undefined;
}

/** learningRate -> learning-rate */
function kebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
