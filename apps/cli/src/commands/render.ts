import { basename, extname } from 'node:path';
import {
  FILTER_PROFILES,
  type FilterName,
  playScore,
  type RegisterLog,
  readVgm,
  renderAudio,
  TICKS_PER_SECOND,
  VOICE_NAMES,
  writeVgm,
  writeWav,
} from '@chipsmith/apu';
import { readMidi, withEstimatedTiming, writeMidi } from '@chipsmith/data';
import { writeFileAtomic } from '@chipsmith/models';
import { type Arguments, type Command, choice, integer, oneOf, required } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { print } from '../terminal/output.ts';
import { firstSong, midiOf, midiOption, readInput } from './song.ts';

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
  description: 'Play a MIDI or VGM file through the sound chip into a WAV or VGM file, or write any song as MIDI.',
  positionals: '<file.mid or file.vgm>',
  options: {
    output: { type: 'string', valueHint: 'file', description: 'ends in .wav, .vgm or .mid (required)' },
    ...soundOptions,
    ...midiOption,
  },
  examples: [
    ['render tune.mid --output tune.wav', 'Hear a MIDI file as a NES would play it'],
    ['render tune.mid --output tune.vgm', 'Its register writes, for VGM players and trackers'],
    ['render game.vgm --output game.wav --filter famicom', 'A register log'],
    ['render game.vgm --output game.mid', 'Its notes, for a music program'],
  ],
  async run(args) {
    const [input, ...others] = args._;
    if (input === undefined || others.length > 0) throw new UsageError('chipsmith render: name one .mid or .vgm file');
    const output = required(args, 'output', 'a .wav, .vgm or .mid file to write');
    const sound = soundOf(args);
    const type = oneOf('The ending of --output', extname(output).toLowerCase(), ['.wav', '.vgm', '.mid']);
    if (type === '.mid') return renderMidi(args, input, output);
    const { log, title } = await readLog(input);
    const content = type === '.vgm' ? writeVgm(log, { title }) : writeWav(renderAudio(log, sound), sound.sampleRate);
    await writeFileAtomic(output, content);
    const seconds = log.duration / log.clock;
    const result = { input, output, seconds, registerWrites: log.writes.length };
    print(args, result, `${output}: ${seconds.toFixed(1)} s, ${log.writes.length} register writes`);
    return 0;
  },
};

/** The first song of a file, at the tempo that is estimated where the file states none. */
async function renderMidi(args: Arguments, input: string, output: string): Promise<number> {
  const { reading } = await firstSong(input);
  const song = withEstimatedTiming(reading.song, { exactTimes: true });
  await writeFileAtomic(output, writeMidi(song, { convention: midiOf(args) }));
  const seconds = song.duration / TICKS_PER_SECOND;
  const notes = VOICE_NAMES.reduce((sum, voice) => sum + song.voices[voice].length, 0);
  print(args, { input, output, seconds, notes }, `${output}: ${seconds.toFixed(1)} s, ${notes} notes`);
  return 0;
}

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
