import { ensureAdapter } from './adapter.mjs';
import { installDependencies, providePnpm } from './dependencies.mjs';

/**
 * Brings a clean clone to the point where every command works: pnpm, the dependencies, a WebGPU adapter. What is
 * there already is left as it is, so a second run takes about two seconds.
 *
 * @returns {Promise<{ env: NodeJS.ProcessEnv, adapter: string }>} the environment in which `pnpm` is found, and the
 *   adapter
 * @throws {SetupError} with one line that says what is missing and what to do
 */
export async function setUp() {
  const env = await providePnpm({
    ...process.env,
    // Nothing here reports to anybody.
    DO_NOT_TRACK: '1',
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    // Our callers may silence npm; an npm that we start must still say why it fails.
    npm_config_loglevel: 'error',
  });
  await installDependencies(env);
  return { env, adapter: await ensureAdapter(env) };
}
