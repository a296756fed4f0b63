import { join, relative, resolve } from 'node:path';
import { findEncoding, withCount } from '@chipsmith/data';
import { writeFileAtomic } from '@chipsmith/data/node';
import { type Device, type PreparationOptions, totalBytes } from '@chipsmith/kernels';
import {
  type Checkpoint,
  evaluateCheckpoint,
  models,
  type TrainingStart,
  train,
  trainingSettings,
} from '@chipsmith/models';
import { RunFolder, threadedBatches } from '@chipsmith/models/node';
import { z } from 'zod';
import {
  comparisonTables,
  composingFigures,
  type ModelFigures,
  type Table,
  type TrainingFigures,
} from '../comparison.ts';
import { drawTracks, settingsOf } from '../draw-tracks.ts';
import { escapeHtml } from '../page/html.ts';
import { htmlTable } from '../page/terms.ts';
import { scoreRanges } from '../scores.ts';
import { commandWords } from '../shell-line.ts';
import { type Arguments, type Command, givenOptions, type Options, text } from '../terminal/command.ts';
import { CommandError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { formatTable, markdownTable, print, tell } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { commandLine } from '../terminal/quote.ts';
import { givenValues, schemaOptions } from '../terminal/schema-options.ts';
import { integer } from '../terminal/values.ts';
import { samples } from '../track-requests.ts';
import { isVacant, type Track, writeTracks } from '../tracks.ts';
import { trainingSongs } from '../training-songs.ts';
import { requireWritable, requireWritableFile } from '../writable.ts';
import { comparedModels, type ModelAndData } from './compared-models.ts';
import { settingOptions } from './model-options.ts';
import { adapterOption, CORPUS, freeFolder, withDevice } from './options.ts';
import { furtherOptions } from './track-command.ts';

/** How long each model trains. */
const bounds = z.object({
  minutes: trainingSettings.minutes.describe('stop after so many minutes (default 1 without --steps)'),
  steps: trainingSettings.steps.describe('stop after so many training steps'),
});
/** What a step of training sees. */
const shapes = z.object({
  batch: trainingSettings.batch.describe('sequences side by side in a training step (default what suits each model)'),
  length: trainingSettings.length.describe('events of each sequence (default what suits each model)'),
});
const seeds = z.object({ seed: trainingSettings.seed });

const own: Options = {
  models: {
    type: 'string',
    valueHint: 'a,b,c',
    description: 'which to compare (default all that can learn the data)',
  },
  data: {
    type: 'string',
    valueHint: 'folder,..',
    description: `dataset folders, one for each encoding that the models learn, or ${CORPUS} (default ${CORPUS})`,
  },
  ...schemaOptions(bounds.extend(shapes.shape).extend(seeds.shape)),
  tracks: { type: 'string', valueHint: 'n', description: 'tracks by each (default 20)' },
  bars: { type: 'string', valueHint: 'n', description: 'bars of each track (default 16)' },
  output: {
    type: 'string',
    valueHint: 'folder',
    description: 'folder for runs, tracks and page (default comparisons/<first free number>)',
  },
  markdown: { type: 'string', valueHint: 'file', description: 'also write the table as a Markdown page' },
  ...adapterOption,
};

export const compare: Command = {
  name: 'compare',
  description:
    'Train several models for the same time or as many steps, and put figures and tracks of all of them on one page.',
  get options() {
    return { ...own, ...settingOptions(models) };
  },
  helpSections: () => [
    ['Options', own],
    ['Settings of the models are options too, for those that have them: see chipsmith models <name>', {}],
  ],
  examples: [
    ['compare --models basic-rnn,lookback-rnn,attention-rnn --minutes 10', 'On the tunes that come with chipsmith'],
    ['compare --data nes,nes-polyphony --minutes 30 --layers 256,256 --batch 16', 'All that can learn your data'],
  ],
  async run(args) {
    const tracks = integer(args, 'tracks', { least: 1, most: 1000 }) ?? 20;
    const bars = integer(args, 'bars', { least: 1, most: 1000 }) ?? 16;
    const given = givenValues(bounds, args);
    const bound = Object.keys(given).length > 0 ? given : { minutes: 1 };
    const shape = givenValues(shapes, args);
    const { seed = 1 } = givenValues(seeds, args);
    const chosen = await comparedModels(args, shape);
    const output = text(args, 'output') ?? freeFolder('comparisons/comparison');
    const runs = chosen.map(({ definition: { name } }) => join(output, 'runs', name));
    await requireUnused(output, runs);
    await requireWritable(output);
    const markdown = text(args, 'markdown');
    if (markdown !== undefined) await requireWritableFile(markdown);
    const drawing = { requests: samples(tracks), bars, seed, composing: {}, arranged: true, loops: false };
    const results: ModelFigures[] = [];
    const drawn: Track[] = [];
    const { written, tables } = await interruptible(async (signal) => {
      await withDevice(args, signal, async (device, onPreparation) => {
        for (const [index, { definition, dataset, place, ...training }] of chosen.entries()) {
          signal.throwIfAborted();
          const options = { ...bound, seed, ...training };
          const folder = runs[index];
          const job = { device, definition, dataset, place, folder, onPreparation, signal };
          const { result, checkpoint } = await trainOne(job, options);
          const made = await drawTracks(device, checkpoint, drawing, { signal }).catch(noTracks);
          const { model, step, encoding } = settingsOf(checkpoint, drawing);
          const songs = trainingSongs(dataset, drawing);
          const { voices } = findEncoding(encoding);
          const ranges = scoreRanges(songs, voices);
          const own = { run: folder };
          const further = furtherOptions(checkpoint, { ...own, bars: String(bars) });
          for (const track of made) {
            const name = track.name.replace('track-', `track-${model}-`);
            drawn.push({ ...track, name, ranges, settings: { model, step, encoding }, options: own, further });
          }
          const data = place === CORPUS ? `${encoding} of the embedded tunes` : place;
          results.push({ ...result, data, tracks: made.length, ...composingFigures(made, songs, voices) });
        }
      });
      const tables = comparisonTables(results);
      const written = await writeTracks(drawn, {
        output: join(output, 'tracks'),
        replace: false,
        title: `${withCount('# track(s)', tracks)} by each of ${withCount('# model(s)', results.length)}`,
        settings: { ...bound, bars, seed },
        command: ['generate'],
        options: { bars: String(bars) },
        further: {},
        table: tables.map(htmlSection).join('\n'),
        sound: { sampleRate: 48_000, filter: 'nes' },
        midi: 'general-midi',
        signal,
      });
      return { written, tables };
    });
    if (markdown !== undefined) await writeFileAtomic(markdown, markdownPage(args, tables));
    const words = tables.map(({ title, rows, notes }) => `${title}\n\n${formatTable(rows)}\n\n${notes}`);
    const heard = `Hear and see them: ${written.page}`;
    print(args, { output, tracks: written.output, page: written.page, results }, [...words, heard].join('\n\n'));
    return 0;
  },
};

/** A model whose tracks are of no use is compared all the same, without them. */
function noTracks(error: unknown): Track[] {
  if (!(error instanceof CommandError)) throw error;
  tell(error.message);
  return [];
}

/** @throws CommandError if an earlier comparison, whole or interrupted, is in the folder, or something else in its way */
async function requireUnused(output: string, runs: readonly string[]): Promise<void> {
  const tracks = join(output, 'tracks');
  for (const folder of [...runs, tracks]) {
    if (await isVacant(folder)) continue;
    throw new CommandError(`${output}: holds ${relative(output, folder)} already; choose another --output folder.`);
  }
}

interface Job extends ModelAndData {
  readonly device: Device;
  readonly folder: string;
  readonly onPreparation: PreparationOptions['onProgress'];
  readonly signal: AbortSignal;
}

/** Trains a model for the time that all get, and evaluates the best that it came to on the whole valid split. */
async function trainOne(
  { device, definition, dataset, place, folder, onPreparation, signal }: Job,
  options: Pick<Parameters<typeof train>[0], 'steps' | 'minutes' | 'seed' | 'batch' | 'length' | 'settings'>,
): Promise<{ readonly result: TrainingFigures; readonly checkpoint: Checkpoint }> {
  const { name, lossUnit, units } = definition;
  tell(name);
  const progress = startProgress(name);
  let start: TrainingStart | undefined;
  let rate = 0;
  try {
    const store = new RunFolder(folder);
    const { step, best } = await train({
      ...{ device, definition, dataset, store, batchSource: threadedBatches, resume: false, onPreparation, signal },
      ...{
        dataPlace: place === CORPUS ? CORPUS : resolve(place),
        validTokens: 20_000,
        validateEvery: 100,
        patience: 0,
      },
      ...options,
      onStart: (started) => {
        start = started;
      },
      onProgress: ({ step, share, loss, tokensPerSecond }) => {
        rate = tokensPerSecond;
        progress.update(share, `step ${step}, loss ${loss.toFixed(3)}`);
      },
    });
    signal.throwIfAborted();
    const checkpoint = await store.load(best === null ? 'latest' : 'best');
    const valid = dataset.sequences('valid');
    const { loss, measures } = await evaluateCheckpoint(device, checkpoint, valid, { signal });
    const { examples } = checkpoint.model;
    const baselines = examples.baselines?.(dataset.sequences('train'), valid) ?? {};
    const [predictedBytes, measuredBytes] = [start?.predicted, start?.measured].map((bytes) =>
      bytes ? totalBytes(bytes) : 0,
    );
    const result = {
      model: name,
      parameters: checkpoint.model.parameters.valueCount,
      ...{ step, loss, lossUnit, baselines, measures, predictedBytes, measuredBytes },
      tokensPerSecond: rate,
      units,
    };
    return { result, checkpoint };
  } finally {
    progress.stop();
  }
}

function htmlSection({ title, rows, notes }: Table): string {
  return `<h2>${escapeHtml(title)}</h2>\n${htmlTable(rows)}\n<p>${escapeHtml(notes)}</p>`;
}

/** The tables as a page of its own, with the command that makes it. */
function markdownPage(args: Arguments, tables: readonly Table[]): string {
  const { output: _, ...typed } = givenOptions(compare, args);
  const sections = tables.map(({ title, rows, notes }) => `## ${title}\n\n${markdownTable(rows)}\n\n${notes}\n`);
  return `# Models compared\n\n    ${commandLine(commandWords(['compare'], typed))}\n\n${sections.join('\n')}`;
}
