import type { z } from 'zod';
import { DataError } from './error.ts';

/** What a JSON text says; undefined for a text that is not JSON, which no schema accepts. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Reads a JSON file's text by a schema.
 *
 * @param remedy what to do where that fails
 * @throws DataError that names the file and the first field at fault
 */
export function parseJsonFile<T>(text: string, schema: z.ZodType<T>, file: string, remedy: string): T {
  const value = parseJson(text);
  if (value === undefined) throw new DataError(file, 'is not JSON (cut short?)', remedy);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DataError(file, `field ${issue.path.join('.') || '(all)'}: ${issue.message}`, remedy);
}
