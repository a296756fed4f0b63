import { bigram, type Evaluation, SPLITS, type Split, unigram } from '@chipsmith/data';
import { openDevice } from '@chipsmith/kernels/node';
import { evaluateCheckpoint, RunFolder } from '@chipsmith/models';
import { type Arguments, type Command, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptSignal } from '../terminal/interrupt.ts';
import { print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { checkpointOf, checkpointOptions } from './checkpoint.ts';
import { adapterOption, datasetOf } from './options.ts';

const BASELINES = { unigram, bigram } as const;

export const evaluate: Command = {
  name: 'evaluate',
  description: 'Measure how well a model, or counting, predicts a split of a dataset.',
  options: {
    ...checkpointOptions,
    data: {
      type: 'string',
      valueHint: 'folder',
      description: 'dataset folder (default: the one the run was trained on)',
    },
    split: { type: 'string', valueHint: SPLITS.join('|'), default: 'valid', description: 'which songs' },
    baseline: {
      type: 'string',
      valueHint: 'unigram|bigram',
      description: 'counts over the train split instead of a model',
    },
    ...adapterOption,
  },
  examples: [
    ['evaluate --run runs/nes --split valid', 'A trained model'],
    ['evaluate --data nes --baseline bigram', 'What counting pairs of events reaches on the same songs'],
  ],
  async run(args) {
    const split = splitOf(args);
    const result = text(args, 'baseline') === undefined ? await ofModel(args, split) : await ofBaseline(args, split);
    const { nll, perplexity, accuracy, tokens } = result;
    const words = `${nll.toFixed(4)} nats an event, perplexity ${perplexity.toFixed(3)}, ${(100 * accuracy).toFixed(1)} % right first, over ${tokens} events of ${split}`;
    print(args, { nll, perplexity, accuracy, tokens }, words);
    return 0;
  },
};

async function ofBaseline(args: Arguments, split: Split): Promise<Evaluation> {
  const name = text(args, 'baseline') ?? '';
  if (name !== 'unigram' && name !== 'bigram')
    throw new UsageError(`--baseline must be unigram or bigram, not "${name}"`);
  const run = text(args, 'run');
  const place = text(args, 'data') ?? (run === undefined ? undefined : await new RunFolder(run).dataPlace());
  if (place === undefined) throw new UsageError('chipsmith evaluate: --baseline needs --data, a dataset folder');
  const dataset = await datasetOf(place, 'melody');
  const events = (of: Split) => dataset.sequences(of).map((sequence) => sequence.events);
  return BASELINES[name](events('train'), events(split), dataset.manifest.encoding.classes);
}

async function ofModel(args: Arguments, split: Split): Promise<Evaluation> {
  const { checkpoint, run } = await checkpointOf(args);
  const place = text(args, 'data') ?? (await run.dataPlace());
  const { encoding } = checkpoint.metadata;
  const dataset = await datasetOf(place, encoding.name);
  const { name, version } = dataset.manifest.encoding;
  if (name !== encoding.name || version !== encoding.version) {
    throw new UsageError(
      `${place} is in ${name} ${version}, the model speaks ${encoding.name} ${encoding.version}; prepare the data anew`,
    );
  }
  const signal = interruptSignal();
  const device = await openDevice({ adapter: text(args, 'adapter') });
  const progress = startProgress('evaluating');
  try {
    return await evaluateCheckpoint(
      device,
      checkpoint,
      dataset.sequences(split).map(({ events }) => events),
      { signal, onProgress: (share) => progress.update(share, '') },
    );
  } finally {
    progress.stop();
    device.destroy();
  }
}

function splitOf(args: Arguments): Split {
  const name = text(args, 'split') ?? 'valid';
  const split = SPLITS.find((candidate) => candidate === name);
  if (split === undefined) throw new UsageError(`--split must be ${SPLITS.join(', ')}, not "${name}"`);
  return split;
}
