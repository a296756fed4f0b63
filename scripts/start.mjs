// npm start: sets up, then goes the whole way once, with the tunes that come with the project or with the user's own
// music.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run } from './processes.mjs';
import { SetupError, say } from './report.mjs';
import { setUp } from './setup.mjs';

const HELP = `npm start -- [<file, folder or archive>...] [--minutes <m>]

Goes the whole way once: sets chipsmith up, prepares music, trains a model for
about a minute, composes 20 tracks and writes a page to hear them. Takes about
two minutes without downloads, and no more than three on slow machines.

  <file, folder or archive>  your own music (MIDI, VGM, ABC, scores) instead of
                             the tunes that come with chipsmith; written to a
                             new folder in runs
  --minutes <m>              train for so long (default: a minute, less on slow
                             machines)
  --help, -h                 print this help

EXAMPLES

  npm start
  npm start -- my-midi-folder more-tunes.zip
  npm start -- --minutes 10`;

/**
 * Dawn warns on standard error, which nothing but a filter can change, that it lowers two limits that nothing here
 * needs.
 */
const WARNINGS_OF_DAWN = /^Warning: maxDynamic\w+BuffersPerPipelineLayout artificially reduced /;

class WrongUsage extends SetupError {}

process.exitCode = await main();

/** @returns {Promise<number>} the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted */
async function main() {
  try {
    const { inputs, minutes, help } = readArguments();
    if (help) {
      console.log(HELP);
      return 0;
    }
    const music = inputs.length === 0 ? 'the tunes that come with chipsmith' : 'your music';
    const duration = minutes === undefined ? 'about a minute' : `${minutes} minutes`;
    say(`sets up, prepares ${music}, trains for ${duration}, makes 20 tracks and a page to hear them`);
    const { env } = await setUp();
    const flags = ['--conditions=@chipsmith/source', '--import', 'tsx'];
    return await run(process.execPath, [...flags, `${root}/apps/cli/src/start.ts`, String(minutes ?? ''), ...inputs], {
      env,
      onLine: (line) => WARNINGS_OF_DAWN.test(line) || console.log(line),
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    // What was typed may hold characters that would command the terminal. Lines are ours, the commands to type.
    console.error(`chipsmith: ${error.message.replace(/(?!\n)\p{Cc}+/gu, ' ')}`);
    return error instanceof WrongUsage ? 2 : 1;
  }
}

/**
 * @returns {{ inputs: string[], minutes: number | undefined, help: boolean }} inputs as absolute paths
 * @throws {SetupError}
 */
function readArguments() {
  const { values, positionals } = parse();
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(values.minutes?.trim() && minutes >= 1 / 60 && minutes <= 525_600)) {
    throw new WrongUsage(`--minutes must be a number from 0.02 to 525600, not "${values.minutes}" (--help)`);
  }
  // npm runs scripts in the root folder and says in INIT_CWD where the user stands.
  const inputs = positionals.map((path) => resolve(process.env.INIT_CWD ?? '.', path));
  if (positionals.includes('')) throw new WrongUsage('an empty word names no file or folder (--help)');
  const missing = inputs.findIndex((path) => !existsSync(path));
  if (missing >= 0) throw new SetupError(`${positionals[missing]}: there is no such file or folder; check the path.`);
  return { inputs, minutes, help: values.help === true };
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { minutes: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    // Of two sentences the first says what is wrong, the second how to pass such a word.
    const [problem] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new WrongUsage(`${problem} (npm start -- --help lists the options)`);
  }
}
