import { ApuError } from '@chipsmith/apu';
import { DataError, printable } from '@chipsmith/data';
import { fileError, isSystemError } from '@chipsmith/data/node';
import { KernelError, type KernelErrorCode } from '@chipsmith/kernels';
import { ModelError } from '@chipsmith/models';

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command cannot be done: exit code 1. One line with what, where, why and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What a library refuses of the values that were typed, as wrong usage. @throws UsageError */
export function asUsage<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof ModelError || error instanceof DataError)
      throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Errors that are meant to be read as they stand. */
const USER_FACING = [ApuError, CommandError, DataError, KernelError, ModelError];

/** Faults of a setting or of the machine: which line of ours met them says nothing to the user. */
const WITHOUT_CALL_SITE: readonly KernelErrorCode[] = ['option', 'limit', 'out-of-memory', 'device-lost'];

/**
 * What to print and which code to end with. Anything unforeseen is a fault of ours and keeps its stack for a report.
 */
export function explain(error: unknown): { text: string; code: number } {
  if (error instanceof UsageError) return { text: printable(error.message), code: EXIT.usage };
  if (error instanceof Error && error.name === 'AbortError') return { text: 'Interrupted.', code: EXIT.interrupted };
  if (error instanceof KernelError && WITHOUT_CALL_SITE.includes(error.code)) {
    return { text: printable(error.summary), code: EXIT.failed };
  }
  if (USER_FACING.some((kind) => error instanceof kind)) {
    return { text: printable((error as Error).message), code: EXIT.failed };
  }
  if (isSystemError(error)) {
    return { text: fileError(error.path ?? 'chipsmith', error).message, code: EXIT.failed };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `This is a bug in chipsmith; please report it with these lines:\n${detail}`, code: EXIT.failed };
}
