import type { Device } from '../../src/index.ts';
import { cases } from '../cases/all.ts';
import { type OperationCase, verify } from './verify.ts';

/**
 * The first and last case of each operation, values and gradients, for adapters on which all cases take too long.
 *
 * @param names of the operations; all by default
 */
export async function verifyCore(
  device: Device,
  names = Object.keys(cases) as (keyof typeof cases)[],
): Promise<{ verified: number; failures: string[] }> {
  const failures: string[] = [];
  let verified = 0;
  for (const name of names) {
    const list: readonly OperationCase[] = cases[name];
    for (const test of new Set([list[0], list[list.length - 1]])) {
      try {
        await verify(device, test);
        await device.check();
        verified++;
      } catch (error) {
        failures.push(String(error));
      }
    }
  }
  return { verified, failures };
}
