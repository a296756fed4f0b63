import type { ZodError } from 'zod';

/** Settings, checkpoints or runs that cannot be used. The message is one line: what, where, why and what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** The first complaint of zod about `what`, as one line. */
export function schemaError(what: string, error: ZodError): ModelError {
  const [issue] = error.issues;
  const field = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return new ModelError(`${what}: ${field}${issue.message}`);
}
