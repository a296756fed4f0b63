import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import {
  ALL_SONGS,
  type ArrangerOptions,
  COPY_RULES,
  type Dataset,
  type DatasetOptions,
  type Encoding,
  encodings,
  FILTER_NAMES,
  FILTER_PRESETS,
  type PartName,
  ROLES,
  type Role,
  reportTable,
  type SongFilters,
  SPLITS,
  withCount,
} from '@chipsmith/data';
import { type PrepareOptions, type PrepareProgress, prepareDataset, writeDataset } from '@chipsmith/data/node';
import { type Arguments, type Command, flag, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print, tell } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { choice, integer, number, oneOf, required, seedOf } from '../terminal/values.ts';
import { requireReplaceable } from '../writable.ts';
import { DOWNLOAD_OPTIONS, downloadOf } from './download.ts';
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
      description: `how music becomes events; chipsmith models lists which a model learns (default ${encodings[0].name})`,
    },
    corpus: { type: 'boolean', description: 'use the public-domain tunes that come with chipsmith' },
    ...DOWNLOAD_OPTIONS,
    voices: {
      type: 'string',
      valueHint: 'pulse1,triangle',
      description:
        'voices to take (default: all; of the tunes that come with chipsmith those that the encoding writes: pulse1, which has the tune itself, and what is arranged to it)',
    },
    'melody-part': {
      type: 'string',
      valueHint: 'name or channel',
      description:
        "of General MIDI files: the part for pulse 1, by its track's name or its channel 1..16 (default: chosen by what it plays)",
    },
    'bass-part': { type: 'string', valueHint: 'name or channel', description: 'the part for the triangle' },
    'harmony-part': { type: 'string', valueHint: 'name or channel', description: 'the part for pulse 2' },
    'drums-part': { type: 'string', valueHint: 'name or channel', description: 'the part for the noise' },
    'fill-rests': {
      type: 'string',
      valueHint: 'seconds|never',
      description: 'of General MIDI files: a voice that rests so long is filled from other parts (default 2)',
    },
    arpeggios: {
      type: 'boolean',
      description: 'of General MIDI files: chords on pulse 2 as fast arpeggios instead of their highest notes',
    },
    copies: {
      type: 'string',
      valueHint: COPY_RULES.join('|'),
      description:
        'songs that are the same music: keep all, one of those with the same notes, or one of those alike in any key and tempo (default all)',
    },
    filter: {
      type: 'string',
      valueHint: FILTER_NAMES.join('|'),
      description:
        'which songs are taken: all, or what VGM-RNN takes, one written meter of 4/4 and one key, not C (default all)',
    },
    shortest: { type: 'string', valueHint: 'seconds', description: 'drop songs that are shorter (default: none)' },
    longest: { type: 'string', valueHint: 'seconds', description: 'drop songs that are longer (default: none)' },
    'fewest-notes': { type: 'string', valueHint: 'n', description: 'drop songs with fewer notes (default: none)' },
    'fewest-pitch-classes': {
      type: 'string',
      valueHint: '0..12',
      description: 'drop songs with fewer pitch classes (default: none)',
    },
    'least-confidence': {
      type: 'string',
      valueHint: '0..1',
      description: 'drop songs whose estimated tempo is less certain (default: none)',
    },
    'valid-share': {
      type: 'string',
      valueHint: '0..1',
      description: 'share of games, composers or files for validation (default 0.1)',
    },
    seed: { type: 'string', valueHint: 'n', description: 'decides which go to validation (default 1)' },
    threads: {
      type: 'string',
      valueHint: 'n',
      description: 'files prepared at once (default: as many as processors, at most 8)',
    },
  },
  examples: [
    ['prepare my-midi-folder --output my-data', 'A folder of MIDI files'],
    ['prepare logs-of-a-game tunes.abc --output mixed', 'VGM register logs and folk tunes in ABC'],
    [
      'prepare fan-arrangements --melody-part Lead --arpeggios --output fans',
      'General MIDI: the melody is in the track Lead',
    ],
    ['prepare nesmdb_midi.tar.gz --encoding melody --output nes', 'NES-MDB as it is published; it keeps its own split'],
    ['prepare --download nesmdb --output nes', 'The same, fetched first'],
    [
      'prepare --download vgmusic --page https://www.vgmusic.com/music/console/nintendo/nes/ --output fans',
      'The MIDI files that a page links to, one a second',
    ],
    ['prepare my-midi-folder --output my-data', 'Again, after files were added: only those are done'],
    ['prepare --corpus --output tunes', 'The tunes that come with chipsmith'],
  ],
  async run(args) {
    const output = required(args, 'output', 'the dataset folder to write');
    const encoding = encodingOf(args);
    const seed = seedOf(args) ?? 1;
    const validShare = number(args, 'valid-share', { least: 0, most: 1 }) ?? 0.1;
    const voices = voicesOf(args);
    const cleaning = { copies: choice(args, 'copies', COPY_RULES), filters: filtersOf(args) };
    const arranger = arrangerOf(args);
    const threads = integer(args, 'threads', { least: 1, most: 256 });
    const corpus = flag(args, 'corpus');
    const download = downloadOf(args);
    if (corpus === (args._.length > 0 || download !== undefined)) {
      throw new UsageError(
        'chipsmith prepare: name files, folders or archives, or give --corpus (one of the two), or fetch some with --download',
      );
    }
    await requireReplaceable(output);
    const downloaded = download && (await interruptible(download));
    for (const { url, reason } of downloaded?.left ?? []) tell(`Left out: ${url}: ${reason}`);
    const options = { seed, validShare, voices, ...cleaning };
    const inputs = downloaded ? [...args._, downloaded.input] : args._;
    const { dataset, unchanged } = corpus
      ? await prepareCorpus(encoding, output, options)
      : await prepareInputs({ ...options, inputs, encoding, output, arranger, threads });
    const { manifest, report } = dataset;
    const sizes = SPLITS.map(
      (split) =>
        `${split} ${withCount('# sequence(s)', manifest.splits[split].sequences)}, ${withCount('# event(s)', manifest.splits[split].events)}`,
    );
    const words = [
      reportTable(report),
      ...sizes,
      ...(unchanged > 0
        ? [`${withCount('# unchanged file(s)', unchanged)} ${unchanged === 1 ? 'was' : 'were'} not processed again.`]
        : []),
      ...bassHint(dataset, voices),
      `Dataset written to ${output}; what became of each file is in report.json.`,
    ];
    const { files, songs } = report;
    print(
      args,
      {
        ...{ output, encoding: manifest.encoding, splits: manifest.splits, files, unchanged, songs },
        ...{ voices: report.voices, droppedFiles: report.droppedFiles, repairs: report.repairs },
      },
      words.join('\n'),
    );
    return 0;
  },
};

interface Prepared {
  readonly dataset: Dataset;
  /** Files that were not done again. */
  readonly unchanged: number;
}

async function prepareCorpus(encoding: Encoding, output: string, options: DatasetOptions): Promise<Prepared> {
  const dataset = corpusDataset(encoding, options);
  await writeDataset(dataset, output);
  return { dataset, unchanged: 0 };
}

async function prepareInputs(options: PrepareOptions): Promise<Prepared> {
  const progress = startProgress('preparing');
  let unchanged = 0;
  const onProgress = (done: PrepareProgress) => {
    const { share, files, songs } = done;
    unchanged = done.unchanged;
    const again = unchanged > 0 ? ` (${unchanged} unchanged)` : '';
    const kept = withCount('# song(s) kept', songs);
    progress.update(share, `${withCount('# file(s)', files)}${again}, ${kept}`);
  };
  try {
    const dataset = await interruptible((signal) => prepareDataset({ ...options, onProgress, signal }));
    return { dataset, unchanged };
  } finally {
    progress.stop();
  }
}

/**
 * An encoding of single voices makes a melody of each, of the bass line too, which whoever wants tunes may not expect.
 */
function bassHint(dataset: Dataset, voices: readonly VoiceName[] | undefined): string[] {
  const sequences = SPLITS.flatMap((split) => dataset.sequences(split));
  const bass = sequences.filter(({ voice }) => voice === 'triangle').length;
  if (voices !== undefined || bass === 0 || bass === sequences.length) return [];
  return [
    `${bass} of ${sequences.length} sequences are bass lines (triangle); --voices pulse1,pulse2 leaves them out.`,
  ];
}

/** @throws UsageError for a voice that the chip does not have */
function voicesOf(args: Arguments): VoiceName[] | undefined {
  const names = text(args, 'voices')?.split(',');
  return names?.map((name) => oneOf('--voices', name.trim(), VOICE_NAMES));
}

/** How General MIDI files become four voices. @throws UsageError for a part or a time that cannot be */
function arrangerOf(args: Arguments): ArrangerOptions {
  const parts: Partial<Record<Role, PartName>> = {};
  for (const role of ROLES) {
    const name = text(args, `${role}-part`);
    const part =
      name !== undefined && /^\d+$/.test(name) ? integer(args, `${role}-part`, { least: 1, most: 16 }) : name;
    if (part !== undefined) parts[role] = part;
  }
  const rests = text(args, 'fill-rests');
  const fillRests = rests === 'never' ? false : number(args, 'fill-rests', { least: 0 });
  return {
    ...(Object.keys(parts).length > 0 ? { parts } : {}),
    ...(fillRests === undefined ? {} : { fillRests }),
    ...(flag(args, 'arpeggios') ? { arpeggios: true } : {}),
  };
}

/** @throws UsageError for a limit that is not a number, or no song could keep */
function filtersOf(args: Arguments): SongFilters {
  const preset = { ...ALL_SONGS, ...FILTER_PRESETS[choice(args, 'filter', FILTER_NAMES) ?? 'all'] };
  const shortest = number(args, 'shortest', { least: 0 }) ?? preset.shortest;
  const longest = number(args, 'longest', { least: 0 }) ?? preset.longest;
  if (shortest > longest) {
    throw new UsageError(`--shortest ${shortest} is more than --longest ${longest}, which leaves no song`);
  }
  return {
    ...preset,
    shortest,
    longest,
    fewestNotes: integer(args, 'fewest-notes', { least: 0 }) ?? preset.fewestNotes,
    fewestPitchClasses: integer(args, 'fewest-pitch-classes', { least: 0, most: 12 }) ?? preset.fewestPitchClasses,
    leastConfidence: number(args, 'least-confidence', { least: 0, most: 1 }) ?? preset.leastConfidence,
  };
}
