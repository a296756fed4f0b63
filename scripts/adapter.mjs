import { installPackages, isAptSystem, missingPackages } from './packages.mjs';
import { capture, root } from './processes.mjs';
import { SetupError, say } from './report.mjs';

/**
 * What Debian and Ubuntu call the libraries with which WebGPU runs on any processor: EGL, OpenGL ES, Mesa's llvmpipe.
 * EGL from its development package, because webgpu 0.6.2 opens libEGL.so, and libegl1 alone has only libEGL.so.1.
 */
const debianPackages = ['libegl-dev', 'libgles2', 'libgl1-mesa-dri'];

/** A driver that does not answer within this many milliseconds counts as none. */
const PROBE_TIMEOUT = 60_000;

/**
 * Finds a WebGPU adapter: the platform's own, else OpenGL ES in software. As root on an apt system it installs what is
 * missing for the latter.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the adapter's name
 * @throws {SetupError} naming the missing packages and the command that installs them
 */
export async function ensureAdapter(env) {
  const found = await findAdapter(env);
  if (found) return found;
  if (process.platform !== 'linux') {
    throw new SetupError('WebGPU finds no adapter: install or update the driver of your graphics card.');
  }
  if (!(await isAptSystem(env))) {
    throw new SetupError(
      'WebGPU finds no adapter: install a Vulkan driver, or EGL, OpenGL ES and the DRI drivers of Mesa.',
    );
  }
  const missing = await missingPackages(debianPackages, env);
  if (missing.length > 0 && process.getuid?.() !== 0) {
    throw new SetupError(
      `WebGPU finds no adapter; missing: ${missing.join(', ')}. Run this, then try again:\n` +
        `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`,
    );
  }
  if (missing.length > 0) await installPackages(missing, env);
  const installed = missing.length > 0 && (await findAdapter(env));
  if (installed) return installed;
  throw new SetupError(
    `WebGPU finds no adapter although ${debianPackages.join(', ')} are installed: ${await reason(env)}`,
  );
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | undefined>}
 */
async function findAdapter(env) {
  say('looking for a WebGPU adapter ...');
  for (const backend of ['default', 'opengles']) {
    const { output } = await probe(backend, env);
    const line = output.split('\n').find((text) => text.startsWith('{"adapter":'));
    const name = line && JSON.parse(line).adapter;
    if (name) {
      say(`WebGPU adapter: ${name}${backend === 'opengles' ? ' (OpenGL ES, in software)' : ''}`);
      return name;
    }
  }
  return undefined;
}

/**
 * @param {string} backend
 * @param {NodeJS.ProcessEnv} env
 */
function probe(backend, env) {
  const surfaceless = backend === 'opengles' ? { EGL_PLATFORM: 'surfaceless' } : {};
  const options = { env: { ...env, ...surfaceless }, timeout: PROBE_TIMEOUT };
  return capture(process.execPath, [`${root}/scripts/probe-adapter.mjs`, backend], options);
}

/** @param {NodeJS.ProcessEnv} env */
async function reason(env) {
  const { code, output } = await probe('opengles', env);
  return output.split('\n').find((line) => /error|warn/i.test(line)) ?? `the probe ended with code ${code}.`;
}
