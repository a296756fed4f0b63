/**
 * Whether a process of this machine runs. Signal 0 asks and does nothing else; EPERM tells of a process of another
 * user.
 */
export function isRunning(processId: number): boolean {
  if (!Number.isSafeInteger(processId) || processId < 1) return false;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
