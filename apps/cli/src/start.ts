// The quick start, once everything is installed: prepares, trains, composes, each with the command that a user would type.
// All in this process, because on a slow machine loading the program takes ten seconds each time.
// Usage: start.ts <minutes, or an empty word> [<file, folder or archive>...]
import { rmSync } from 'node:fs';
import { basename, join, parse, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './cli.ts';
import { clockTime } from './clock-time.ts';
import { freeFolder } from './commands/options.ts';
import { EXIT } from './terminal/errors.ts';
import { watchOutput } from './terminal/output.ts';
import { commandLine } from './terminal/quote.ts';

/** Seconds of training. On slow machines it is less, so that all is done in the time promised. */
const TRAINING = { least: 20, most: 60 };

/** Seconds from here to the end: three minutes, less what setting up takes on slow machines. */
const PROMISED = 150;

/** Measuring kernels is limited to so many seconds, which may be half a kernel more. */
const MEASURING = 12;

/**
 * What else is to be done, in units of the time that loading this program takes, for both are work for one core.
 * Measured on two cores with OpenGL ES in software, also slowed down six times and busy otherwise: 2 to 2.5 for opening
 * the device and compiling before training, 2.5 to 5 for composing and rendering after it.
 */
const BEFORE = 2.5;
const AFTER = 4;

watchOutput();
process.exitCode ||= await quickStart(process.argv.slice(2));

/** @returns the exit code of the first command that fails, else 0 */
async function quickStart([minutes, ...inputs]: readonly string[]): Promise<number> {
  const loading = process.uptime();
  const folder = inputs.length === 0 ? 'runs/quickstart' : freeFolder(`runs/${nameOf(inputs[0])}`);
  // That of the tunes that come with chipsmith is made anew each time.
  if (inputs.length === 0) rmSync(folder, { recursive: true, force: true });
  const [data, model, tracks] = ['data', 'run', 'tracks'].map((name) => join(folder, name));
  const music = inputs.length === 0 ? ['--corpus'] : [...inputs.map(near), '--voices', 'pulse1,pulse2'];
  const prepared = await perform(['prepare', ...music, '--output', data]);
  if (prepared !== EXIT.done) return prepared;

  const before = MEASURING + BEFORE * loading;
  const after = AFTER * loading;
  const room = PROMISED - process.uptime() - before - after;
  const seconds = minutes === '' ? Math.min(TRAINING.most, Math.max(TRAINING.least, room)) : 60 * Number(minutes);
  const left = before + seconds + after;
  const end = new Date(Date.now() + 1000 * left).toLocaleTimeString();
  say(
    `about ${clockTime(left)} from now on this machine, until ${end}, of which ${clockTime(seconds)} are for training`,
  );

  const hundredths = Math.round(seconds / 0.6);
  // Nobody watches: previews would take time from the training.
  const settings =
    `--batch 32 --learning-rate 0.005 --dropout 0.2 --preview-every 0 --minutes ${hundredths / 100}`.split(' ');
  const trained = await perform(['train', '--model', 'basic-rnn', '--data', data, '--run', model, ...settings]);
  if (trained !== EXIT.done) return trained;
  const shape = ['--count', '20', '--bars', '16', '--seed', '1'];
  const composed = await perform(['generate', '--run', model, ...shape, '--output', tracks]);
  if (composed !== EXIT.done) return composed;
  say(`listen: open ${pathToFileURL(join(tracks, 'index.html'))} in a browser`);
  return EXIT.done;
}

/** @param words of the command line, after `pnpm chipsmith` */
async function perform(words: readonly string[]): Promise<number> {
  say(commandLine(words));
  return (process.exitCode as number | undefined) || (await run(words));
}

function say(text: string): void {
  process.stdout.write(`chipsmith: ${text}\n`);
}

/** What a run on somebody's own music is called: after the first file or folder, as far as that is a plain name. */
function nameOf(input: string): string {
  return (
    parse(basename(input))
      .name.replace(/[^\p{L}\p{N}_-]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'music'
  );
}

/** A path from here where that is shorter. */
function near(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere !== '' && fromHere.length < path.length ? fromHere : path;
}
