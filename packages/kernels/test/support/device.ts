import { afterAll, afterEach } from 'vitest';
import type { Device } from '../../src/index.ts';
import { openDevice } from '../../src/node.ts';

/**
 * The device of a test file: OpenGL ES on llvmpipe unless CHIPSMITH_ADAPTER says otherwise, so that results do not
 * depend on the machine. Any error the device reports fails the test it happened in.
 */
export async function testDevice(adapter = process.env.CHIPSMITH_ADAPTER ?? 'gles'): Promise<Device> {
  const device = await openDevice({ adapter });
  afterEach(() => device.check());
  afterAll(() => device.destroy());
  return device;
}
