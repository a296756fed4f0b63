import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import {
  type Dataset,
  encodings,
  type PrepareProgress,
  prepareDataset,
  reportTable,
  SPLITS,
  writeDataset,
} from '@chipsmith/data';
import { type Arguments, type Command, flag, number, oneOf, required, seedOf, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { corpusDataset, encodingOf } from './options.ts';

export const prepare: Command = {
  name: 'prepare',
  description: 'Turn music (MIDI, VGM, ABC, scores), in files, folders or archives, into a dataset.',
  positionals: '<file, folder or archive>...',
  options: {
    output: { type: 'string', valueHint: 'folder', description: 'the dataset folder to write (required)' },
    encoding: {
      type: 'string',
      valueHint: encodings.map(({ name }) => name).join('|'),
      description: `how music becomes events; chipsmith models tells which a model speaks (default ${encodings[0].name})`,
    },
    corpus: { type: 'boolean', description: 'use the public-domain tunes that come with chipsmith' },
    voices: {
      type: 'string',
      valueHint: 'pulse1,triangle',
      description:
        'voices to take (default: all; of the tunes that come with chipsmith pulse1, which has the tune itself)',
    },
    'valid-share': {
      type: 'string',
      valueHint: '0..1',
      description: 'share of games or files for validation (default 0.1)',
    },
    seed: { type: 'string', valueHint: 'n', description: 'decides which ones (default 1)' },
  },
  examples: [
    ['prepare my-midi-folder --output my-data', 'A folder of MIDI files'],
    ['prepare logs-of-a-game tunes.abc --output mixed', 'VGM register logs and folk tunes in ABC'],
    ['prepare nesmdb_midi.tar.gz --encoding melody --output nes', 'NES-MDB as it is published; it keeps its own split'],
    ['prepare --corpus --output tunes', 'The tunes that come with chipsmith'],
  ],
  async run(args) {
    const output = required(args, 'output', 'the dataset folder to write');
    const encoding = encodingOf(args);
    const seed = seedOf(args) ?? 1;
    const validShare = number(args, 'valid-share', { least: 0, most: 1 }) ?? 0.1;
    const voices = voicesOf(args);
    const corpus = flag(args, 'corpus');
    if (corpus === args._.length > 0) {
      throw new UsageError('chipsmith prepare: name files, folders or archives, or give --corpus (one of the two)');
    }
    const progress = startProgress('preparing');
    let dataset: Dataset;
    try {
      if (corpus) {
        dataset = corpusDataset(encoding, { seed, validShare, voices });
        await writeDataset(dataset, output);
      } else {
        const onProgress = ({ share, files, songs }: PrepareProgress) =>
          progress.update(share, `${files} files, ${songs} songs kept`);
        const wanted = { inputs: args._, encoding, output, seed, validShare, voices, onProgress };
        dataset = await interruptible((signal) => prepareDataset({ ...wanted, signal }));
      }
    } finally {
      progress.stop();
    }
    const { manifest, report } = dataset;
    const sizes = SPLITS.map(
      (split) => `${split} ${manifest.splits[split].sequences} sequences, ${manifest.splits[split].events} events`,
    );
    const words = [
      reportTable(report),
      ...sizes,
      `Dataset written to ${output}; what became of each file is in report.json.`,
    ];
    const { files, songs } = report;
    print(
      args,
      { output, encoding: manifest.encoding, splits: manifest.splits, files, songs, voices: report.voices },
      words.join('\n'),
    );
    return 0;
  },
};

/** @throws UsageError for a voice that the chip does not have */
function voicesOf(args: Arguments): VoiceName[] | undefined {
  const names = text(args, 'voices')?.split(',');
  return names?.map((name) => oneOf('--voices', name.trim(), VOICE_NAMES));
}
