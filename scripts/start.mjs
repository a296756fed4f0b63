// npm start: sets up, then goes the whole way once with the tunes that come with the project.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from './processes.mjs';
import { SetupError, say } from './report.mjs';
import { setUp } from './setup.mjs';

/** The quick start's own folder, made anew each time: the seeds are fixed, so it comes out the same. */
const folder = 'runs/quickstart';

/** What a user would type after `pnpm chipsmith`. */
const commands = [
  `prepare --corpus --output ${folder}/data`,
  `train --model basic-rnn --data ${folder}/data --run ${folder}/run --steps 400 --batch 32 --learning-rate 0.005`,
  `generate --run ${folder}/run --count 20 --bars 16 --seed 1 --output ${folder}/tracks`,
];

await main();

async function main() {
  try {
    const { env } = await setUp();
    rmSync(join(root, folder), { recursive: true, force: true });
    for (const command of commands) {
      say(`pnpm chipsmith ${command}`);
      const code = await run('pnpm', ['--silent', 'run', 'chipsmith', ...command.split(' ')], { env });
      if (code !== 0)
        throw new SetupError(`pnpm chipsmith ${command.split(' ')[0]} failed; its own message stands above.`);
    }
    say(`listen: open ${pathToFileURL(join(root, folder, 'tracks/index.html'))} in a browser`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`chipsmith: ${error.message}`);
    process.exitCode = 1;
  }
}
