import { findBrowser } from './find-browser.mjs';
import { installPackages, isAptSystem, missingPackages } from './packages.mjs';
import { SetupError, say } from './report.mjs';

/** What Debian calls Chromium. Ubuntu has it as a snap only, which needs a running snapd. */
const debianPackages = ['chromium'];

/**
 * Brings Chromium for the tests that need a browser. Where that cannot be, they are skipped, and this says what to do.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the browser and its version, or 'none'
 */
export async function ensureBrowser(env) {
  if (findBrowser() === undefined) await install(env);
  const found = findBrowser();
  if (found === undefined) return 'none';
  say(`browser for tests: ${found.version}`);
  return found.version;
}

/** @param {NodeJS.ProcessEnv} env */
async function install(env) {
  const skipped = 'tests in a browser are skipped: ';
  if (!(await isAptSystem(env))) {
    return say(`${skipped}no Chromium or Chrome on the PATH; install one, or name one in CHIPSMITH_BROWSER`);
  }
  if (process.getuid?.() !== 0) {
    return say(`${skipped}no Chromium; to run them: sudo apt-get install -y --no-install-recommends chromium`);
  }
  try {
    say('installing Chromium for the tests in a browser (about 120 MB to download, 400 MB on disk) ...');
    await installPackages(await missingPackages(debianPackages, env), env);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${skipped}${error.message}`);
  }
}
