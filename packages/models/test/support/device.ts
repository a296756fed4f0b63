import type { Device } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import { afterAll, afterEach } from 'vitest';

/**
 * The device of a test file: OpenGL ES on llvmpipe unless CHIPSMITH_ADAPTER says otherwise. Any error the device
 * reports fails the test it happened in.
 */
export async function testDevice(): Promise<Device> {
  const device = await openDevice({ adapter: process.env.CHIPSMITH_ADAPTER ?? 'gles', tune: false });
  afterEach(() => device.check());
  afterAll(() => device.destroy());
  return device;
}
