import { basename, extname } from 'node:path';
import {
  FILTER_PROFILES,
  type FilterName,
  playScore,
  renderAudio,
  TICKS_PER_SECOND,
  type VgmFile,
  VOICE_NAMES,
  writeVgm,
  writeWav,
} from '@chipsmith/apu';
import { isVgm, readVgmLog, unwrap, withCount, withEstimatedTiming, writeMidi } from '@chipsmith/data';
import { writeFileAtomic } from '@chipsmith/data/node';
import type { Arguments, Command } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { print, tell } from '../terminal/output.ts';
import { choice, integer, oneOf, required } from '../terminal/values.ts';
import { MAX_INPUT_BYTES, midiOf, midiOption, onlySong, readInput } from './song.ts';

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
  description: 'Play a MIDI, VGM or ABC file through the sound chip into a WAV or VGM file, or write it as MIDI.',
  positionals: '<file.mid, .vgm, .vgz, .abc>',
  options: {
    output: { type: 'string', valueHint: 'file', description: 'ends in .wav, .vgm or .mid (required)' },
    ...soundOptions,
    ...midiOption,
  },
  examples: [
    ['render tune.mid --output tune.wav', 'Hear a MIDI file as a NES would play it'],
    ['render tune.mid --output tune.vgm', 'Its register writes, for VGM players and trackers'],
    ['render game.vgz --output game.wav --filter famicom', 'A register log'],
    ['render game.vgz --output game.vgm', 'The same unpacked and mended, with its tag and its loop'],
    ['render game.vgm --output game.mid', 'Its notes, for a music program'],
  ],
  async run(args) {
    const [input, ...others] = args._;
    if (input === undefined || others.length > 0)
      throw new UsageError('chipsmith render: name one .mid or .vgm file, packed or not, or one .abc tune');
    const output = required(args, 'output', 'a .wav, .vgm or .mid file to write');
    const sound = soundOf(args);
    const type = oneOf('The ending of --output', extname(output).toLowerCase(), ['.wav', '.vgm', '.mid']);
    if (type === '.mid') return renderMidi(args, input, output);
    const { log, tags, repairs } = await readLog(input);
    for (const repair of repairs) tell(`${input}: ${repair}`);
    const content = type === '.vgm' ? writeVgm(log, tags) : writeWav(renderAudio(log, sound), sound.sampleRate);
    await writeFileAtomic(output, content);
    const seconds = log.duration / log.clock;
    const result = { input, output, seconds, registerWrites: log.writes.length, repairs };
    print(args, result, `${output}: ${seconds.toFixed(1)} s, ${withCount('# register write(s)', log.writes.length)}`);
    return 0;
  },
};

/** The song of a file as MIDI, at the tempo that is estimated where the file states none. */
async function renderMidi(args: Arguments, input: string, output: string): Promise<number> {
  const { song: read, repairs } = onlySong(await readInput(input), input);
  const song = withEstimatedTiming(read, { exactTimes: true });
  for (const repair of repairs) tell(`${input}: ${repair}`);
  await writeFileAtomic(output, writeMidi(song, { convention: midiOf(args) }));
  const seconds = song.duration / TICKS_PER_SECOND;
  const notes = VOICE_NAMES.reduce((sum, voice) => sum + song.voices[voice].length, 0);
  const result = { input, output, seconds, notes, repairs };
  print(args, result, `${output}: ${seconds.toFixed(1)} s, ${withCount('# note(s)', notes)}`);
  return 0;
}

/** @throws UsageError */
export function soundOf(args: Arguments): { sampleRate: number; filter: FilterName } {
  const sampleRate = integer(args, 'sample-rate', { least: 8000, most: 192_000 }) ?? 48_000;
  return { sampleRate, filter: choice(args, 'filter', FILTERS) ?? 'nes' };
}

/** The register log of a file of music; of a VGM file as it stands, with its tag. */
async function readLog(path: string): Promise<VgmFile> {
  const bytes = await readInput(path);
  const title = basename(path, extname(path));
  const file = unwrap(bytes, path, MAX_INPUT_BYTES);
  if (isVgm(file.bytes)) {
    const { log, tags, repairs } = readVgmLog(file.bytes, path);
    return { log, tags: { title, ...tags }, repairs: [...file.repairs, ...repairs] };
  }
  const { song, repairs } = onlySong(bytes, path);
  return { log: playScore(song), tags: { title: song.title || title }, repairs };
}
