import type { ZodError } from 'zod';

/** Settings, checkpoints or runs that cannot be used. The message is one line: what, where, why and what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';

  constructor(message: string, options?: ErrorOptions) {
    // Names out of damaged files may hold line breaks.
    super(message.replaceAll(/\s*[\n\r]\s*/g, ' '), options);
  }
}

/** The first complaint of zod about `what`, as one line. @param remedy what to do, without a full stop */
export function schemaError(what: string, error: ZodError, remedy: string): ModelError {
  const [issue] = error.issues;
  const field = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return new ModelError(`${what}: ${field}${issue.message}; ${remedy}.`);
}

/** @throws ModelError naming the first setting that is not an integer of at least `least` */
export function requireIntegers(what: string, least: number, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new ModelError(`${what}: ${name} is ${value}; give a whole number of ${least} or more.`);
  }
}
