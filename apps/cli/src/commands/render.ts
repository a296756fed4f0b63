import { basename, extname } from 'node:path';
import {
  FILTER_PROFILES,
  type FilterName,
  playScore,
  renderAudio,
  type VgmFile,
  writeVgm,
  writeWav,
} from '@chipsmith/apu';
import { isVgm, printable, readInputFile, readSongs, readVgmLog, unwrap } from '@chipsmith/data';
import { writeFileAtomic } from '@chipsmith/models';
import { type Arguments, type Command, choice, integer, oneOf, required } from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { print } from '../terminal/output.ts';

const FILTERS = Object.keys(FILTER_PROFILES) as FilterName[];

/** How a register log becomes a WAV file. */
export const soundOptions = {
  'sample-rate': { type: 'string', valueHint: 'Hz', description: 'of the WAV file (default 48000)' },
  filter: {
    type: 'string',
    valueHint: FILTERS.join('|'),
    description: 'output path of the console (default nes)',
  },
} as const;

export const render: Command = {
  name: 'render',
  description: 'Play a MIDI, VGM or ABC file through the sound chip into a WAV or VGM file.',
  positionals: '<file.mid, .vgm, .vgz, .abc>',
  options: {
    output: { type: 'string', valueHint: 'file', description: 'ends in .wav or .vgm (required)' },
    ...soundOptions,
  },
  examples: [
    ['render tune.mid --output tune.wav', 'Hear a MIDI file as a NES would play it'],
    ['render tune.mid --output tune.vgm', 'Its register writes, for VGM players and trackers'],
    ['render game.vgz --output game.wav --filter famicom', 'A register log'],
    ['render game.vgz --output game.vgm', 'The same unpacked and mended, with its tag and its loop'],
  ],
  async run(args) {
    const [input, ...others] = args._;
    if (input === undefined || others.length > 0)
      throw new UsageError('chipsmith render: name one .mid or .vgm file, packed or not, or one .abc tune');
    const output = required(args, 'output', 'a .wav or .vgm file to write');
    const sound = soundOf(args);
    const type = oneOf('The ending of --output', extname(output).toLowerCase(), ['.wav', '.vgm']);
    const { log, tags, repairs } = await readLog(input);
    for (const repair of repairs) process.stderr.write(`${printable(`${input}: ${repair}`)}\n`);
    const content = type === '.vgm' ? writeVgm(log, tags) : writeWav(renderAudio(log, sound), sound.sampleRate);
    await writeFileAtomic(output, content);
    const seconds = log.duration / log.clock;
    const result = { input, output, seconds, registerWrites: log.writes.length, repairs };
    print(args, result, `${output}: ${seconds.toFixed(1)} s, ${log.writes.length} register writes`);
    return 0;
  },
};

/** @throws UsageError */
export function soundOf(args: Arguments): { sampleRate: number; filter: FilterName } {
  const sampleRate = integer(args, 'sample-rate', { least: 8000, most: 192_000 }) ?? 48_000;
  return { sampleRate, filter: choice(args, 'filter', FILTERS) ?? 'nes' };
}

/** What any command takes as one file of music; the largest register logs have a few MB. */
const MAX_INPUT_BYTES = 64 * 2 ** 20;

/** The register log of a file of music; of a VGM file as it stands, with its tag. */
async function readLog(path: string): Promise<VgmFile> {
  const bytes = await readInput(path);
  const title = basename(path, extname(path));
  const file = unwrap(bytes, path, MAX_INPUT_BYTES);
  if (isVgm(file.bytes)) {
    const { log, tags, repairs } = readVgmLog(file.bytes, path);
    return { log, tags: { title, ...tags }, repairs: [...file.repairs, ...repairs] };
  }
  const [found, ...others] = readSongs(bytes, path);
  if (others.length > 0) {
    throw new CommandError(`${path}: holds ${others.length + 1} songs; give a file with one.`);
  }
  if ('problem' in found) throw new CommandError(`${path}: ${found.problem}; give another file.`);
  const { song, repairs } = found.reading;
  return { log: playScore(song), tags: { title }, repairs };
}

/** @throws DataError if the file cannot be read, is no plain file or is too large */
export function readInput(path: string): Promise<Uint8Array> {
  return readInputFile(path, MAX_INPUT_BYTES);
}
