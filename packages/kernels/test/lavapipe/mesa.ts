import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where `pnpm lavapipe` unpacks Mesa 25 to. */
export const MESA_FOLDER = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chipsmith', 'lavapipe');

const DRIVER = join(MESA_FOLDER, 'usr', 'share', 'vulkan', 'icd.d', 'lvp_icd.json');

/**
 * The environment in which `vulkan` is Mesa's lavapipe, or undefined where it was not fetched.
 *
 * @param bits of a vector: 128, 256 or 512 make subgroups of 4, 8 or 16 threads, whatever the CPU has
 */
export function lavapipeEnvironment(bits: number): NodeJS.ProcessEnv | undefined {
  if (!existsSync(DRIVER)) return undefined;
  const runtime = join(MESA_FOLDER, 'run');
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  return {
    ...process.env,
    CHIPSMITH_ADAPTER: 'vulkan',
    LD_LIBRARY_PATH: join(MESA_FOLDER, 'usr', 'lib', 'x86_64-linux-gnu'),
    LP_NATIVE_VECTOR_WIDTH: String(bits),
    // Compiled shaders hold the width, their key in the cache does not.
    MESA_SHADER_CACHE_DIR: join(MESA_FOLDER, `shaders-${bits}`),
    VK_DRIVER_FILES: DRIVER,
    XDG_RUNTIME_DIR: runtime,
  };
}
