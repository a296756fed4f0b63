import { afterAll, afterEach } from 'vitest';
import { type Device, plan, type Tensor } from '../../src/index.ts';
import { openDevice } from '../../src/node.ts';

/**
 * The device of a test file: OpenGL ES on llvmpipe unless CHIPSMITH_ADAPTER says otherwise, so that results do not
 * depend on the machine, without tuning unless asked for. Any error the device reports fails the test it happened in.
 */
export async function testDevice(
  adapter = process.env.CHIPSMITH_ADAPTER ?? 'gles',
  tune = false,
  matrices?: 'buffers' | 'storage' | 'sampled',
): Promise<Device> {
  const device = await openDevice({ adapter, tune, matrices });
  afterEach(() => device.check());
  afterAll(() => device.destroy());
  return device;
}

/** Whether anything lies in a texture when a device computes these tensors, of one graph. */
export function hasTextures(outputs: readonly Tensor[], { limits }: Device): boolean {
  return plan(outputs[0].graph, { outputs, limits }).buffers.some(({ texture }) => texture !== undefined);
}
