import { DataError, messageOf } from '../../error.ts';

/** Whether the operating system refused something: no space, no permission, no such file, ... */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

const SYSTEM_REASONS: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  ENOENT: ['there is no such file or folder', 'check the path'],
  EACCES: ['no permission', 'ask for it, or choose another place'],
  EPERM: ['not permitted', 'ask for permission, or choose another place'],
  EROFS: ['the place is read-only', 'choose another one'],
  ENOSPC: ['the disk is full', 'free some space and run the command again'],
  EISDIR: ['is a folder', 'name a file'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter one (255 bytes at most)'],
  ELOOP: ['a symbolic link leads back to itself', 'remove it, or choose another path'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n) and run the command again'],
  EIO: ['the disk cannot be read or written there', 'check the disk'],
  ENOTDIR: ['a part of the path is a file', 'check the path'],
};

/** What the operating system said about a file or folder, in plain words: what is wrong and what to do. */
export function systemReason(error: unknown): { readonly problem: string; readonly remedy: string } {
  const known = isSystemError(error) ? SYSTEM_REASONS[error.code ?? ''] : undefined;
  // Of Node's "EBUSY: resource busy or locked, rename 'a' -> 'b'" the middle is for people.
  const words = messageOf(error).replace(/^E[A-Z]+: |, \w+( '.*)?$/g, '');
  const [problem, remedy] = known ?? [words, 'check the path'];
  return { problem, remedy };
}

/** What the operating system said about a file or folder, as a DataError. */
export function fileError(path: string, error: unknown): DataError {
  const { problem, remedy } = systemReason(error);
  return new DataError(path, problem, remedy, undefined, { cause: error });
}

/** Whether an error, or what it came of, is that there is no such file. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (isSystemError(error) && error.code === 'ENOENT') || isMissing(error.cause);
}
