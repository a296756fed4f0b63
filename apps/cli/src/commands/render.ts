import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import {
  FILTER_PROFILES,
  type FilterName,
  playScore,
  type RegisterLog,
  readVgm,
  renderAudio,
  writeVgm,
  writeWav,
} from '@chipsmith/apu';
import { readMidi } from '@chipsmith/data';
import { fileError, writeFileAtomic } from '@chipsmith/models';
import { type Arguments, type Command, choice, integer, oneOf, required } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
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
  description: 'Play a MIDI or VGM file through the sound chip into a WAV or VGM file.',
  positionals: '<file.mid or file.vgm>',
  options: {
    output: { type: 'string', valueHint: 'file', description: 'ends in .wav or .vgm (required)' },
    ...soundOptions,
  },
  examples: [
    ['render tune.mid --output tune.wav', 'Hear a MIDI file as a NES would play it'],
    ['render tune.mid --output tune.vgm', 'Its register writes, for VGM players and trackers'],
    ['render game.vgm --output game.wav --filter famicom', 'A register log'],
  ],
  async run(args) {
    const [input, ...others] = args._;
    if (input === undefined || others.length > 0) throw new UsageError('chipsmith render: name one .mid or .vgm file');
    const output = required(args, 'output', 'a .wav or .vgm file to write');
    const sound = soundOf(args);
    const type = oneOf('The ending of --output', extname(output).toLowerCase(), ['.wav', '.vgm']);
    const { log, title } = await readLog(input);
    const content = type === '.vgm' ? writeVgm(log, { title }) : writeWav(renderAudio(log, sound), sound.sampleRate);
    await writeFileAtomic(output, content);
    const seconds = log.duration / log.clock;
    const result = { input, output, seconds, registerWrites: log.writes.length };
    print(args, result, `${output}: ${seconds.toFixed(1)} s, ${log.writes.length} register writes`);
    return 0;
  },
};

/** @throws UsageError */
export function soundOf(args: Arguments): { sampleRate: number; filter: FilterName } {
  const sampleRate = integer(args, 'sample-rate', { least: 8000, most: 192_000 }) ?? 48_000;
  return { sampleRate, filter: choice(args, 'filter', FILTERS) ?? 'nes' };
}

async function readLog(path: string): Promise<{ log: RegisterLog; title: string }> {
  const title = basename(path, extname(path));
  const bytes = await readInput(path);
  // Told by content, since endings lie: VGM files start with "Vgm ", MIDI files with "MThd".
  if (bytes.length >= 4 && new TextDecoder().decode(bytes.subarray(0, 4)) === 'Vgm ')
    return { log: readVgm(bytes), title };
  return { log: playScore(readMidi(bytes, path).song), title };
}

export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
}
