import { join } from 'node:path';
import { arrangeMelody, deriveSeed, type Encoding, findEncoding, readMidi, withEstimatedTiming } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import {
  type Checkpoint,
  learningWarning,
  type Sample,
  type SampleOptions,
  sample,
  tempo as tempoSchema,
} from '@chipsmith/models';
import {
  type Arguments,
  type Command,
  flag,
  integer,
  integers,
  number,
  rangeOf,
  required,
  seedOf,
  text,
} from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { checkTracksFolder, scoresOf, type Track, writeTracks } from '../tracks.ts';
import { checkpointOf, checkpointOptions } from './checkpoint.ts';
import { adapterOption, withDevice } from './options.ts';
import { readInput, soundOf, soundOptions } from './render.ts';

export const generate: Command = {
  name: 'generate',
  description: 'Make tracks with a trained model: .mid, .vgm, .wav, .json each, and a page to hear them all.',
  options: {
    ...checkpointOptions,
    output: {
      type: 'string',
      valueHint: 'folder',
      description: 'folder to write; replaces the tracks of an earlier call (default <run>/samples)',
    },
    count: { type: 'string', valueHint: 'n', description: 'tracks (default 20)' },
    bars: { type: 'string', valueHint: 'n', description: 'bars of each (default 16)' },
    seed: { type: 'string', valueHint: 'n', description: 'the same seed gives the same files (default 1)' },
    temperature: { type: 'string', valueHint: 't', description: 'below 1 safer, above 1 wilder (default 1)' },
    'top-k': { type: 'string', valueHint: 'k', description: 'choose among the k likeliest events only' },
    'top-p': {
      type: 'string',
      valueHint: '0..1',
      description: 'choose among the likeliest events that hold this share only',
    },
    primer: { type: 'string', valueHint: 'file.mid', description: 'go on from the first melody of this file' },
    'primer-pitches': {
      type: 'string',
      valueHint: '60,62,..',
      description: 'go on from these MIDI note numbers, a 16th each',
    },
    bpm: { type: 'string', valueHint: 'n', description: "tempo (default the training songs' median)" },
    arrange: {
      type: 'boolean',
      default: true,
      description: 'add a second voice, bass and drums to a model that writes melodies',
      negativeDescription: 'keep the melody alone',
    },
    ...soundOptions,
    ...adapterOption,
  },
  examples: [
    ['generate --run runs/basic-rnn-1', 'Twenty tracks into runs/basic-rnn-1/samples'],
    [
      'generate --run runs/nes --count 50 --bars 32 --temperature 0.9 --seed 7 --output tracks',
      'More, longer and a little safer',
    ],
    ['generate --run runs/nes --primer mine.mid --no-arrange', 'Go on from your own melody'],
  ],
  async run(args) {
    const count = integer(args, 'count', { least: 1, most: 1000 }) ?? 20;
    const bars = integer(args, 'bars', { least: 1, most: 1000 }) ?? 16;
    const seed = seedOf(args) ?? 1;
    const temperature = number(args, 'temperature', { least: 0.01, most: 100 }) ?? 1;
    const topK = integer(args, 'top-k', { least: 1 });
    const topP = number(args, 'top-p', { least: 0.001, most: 1 });
    const tempo = number(args, 'bpm', rangeOf(tempoSchema));
    const sound = soundOf(args);
    const output = text(args, 'output') ?? join(required(args, 'run', 'the folder of a trained model'), 'samples');
    await checkTracksFolder(output);
    const { checkpoint } = await checkpointOf(args);
    const { metadata } = checkpoint;
    const warning = learningWarning(metadata.training);
    if (warning !== undefined) process.stderr.write(`${warning}\n`);
    const encoding = findEncoding(metadata.encoding.name);
    const beatsPerMinute = tempo ?? Math.round(metadata.beatsPerMinute);
    const primer = await primerOf(args, encoding);
    const length = bars * encoding.stepsPerBar;

    const arranged = flag(args, 'arrange');
    const settings = {
      model: metadata.model,
      step: metadata.training.step,
      encoding: encoding.name,
      bars,
      beatsPerMinute,
      temperature,
      ...(topK !== undefined && { topK }),
      ...(topP !== undefined && { topP }),
      ...(primer !== undefined && { primerEvents: primer.length }),
      arranged,
      seed,
    };
    const title = `${count} tracks by ${metadata.model}`;
    const trackOf = ({ events, nll }: Sample, index: number): Track => {
      const name = `track-${String(index + 1).padStart(Math.max(2, String(count).length), '0')}`;
      const melody = encoding.decode(events, { title: `${metadata.model} ${name}`, beatsPerMinute });
      const song = arranged ? arrangeMelody(melody, { seed: deriveSeed(seed, index) }) : melody;
      return { name, song, events, seed, scores: { nllPerEvent: nll, ...scoresOf(melody) } };
    };

    const { page, tracks } = await interruptible(async (signal) => {
      const wanted = { count, length, seed, temperature, topK, topP, primer, encoding, signal };
      const fewestNotes = Math.min(FEWEST_NOTES, bars * FEWEST_NOTES_A_BAR);
      const samples = await withDevice(args, signal, (device, onPreparation) =>
        drawPlayable(device, checkpoint, { ...wanted, fewestNotes, onPreparation }),
      );
      const tracks = samples.map(trackOf);
      return { tracks, page: await writeTracks(tracks, { output, title, settings, sound, signal }) };
    });
    const words = `${tracks.length} tracks in ${output}\nHear and see them: ${page}`;
    const described = tracks.map(({ name, scores }) => ({ name, scores }));
    print(args, { output, page, settings, ...(warning && { warning }), tracks: described }, words);
    return 0;
  },
};

/** A track needs this many notes, and pitches, to be worth hearing; the emptiest melodies of NES games have more. */
const FEWEST_NOTES = 8;
const FEWEST_PITCHES = 3;
/** For tracks of one or two bars, which need not be crammed. */
const FEWEST_NOTES_A_BAR = 3;

/** Sequences drawn for each one that is wanted, before a model that mostly rests is given up. */
const TRIES = 5;

/** Draws until `count` samples differ from each other and have enough notes. */
async function drawPlayable(
  device: Device,
  checkpoint: Checkpoint,
  { fewestNotes, ...options }: SampleOptions & { readonly fewestNotes: number },
): Promise<Sample[]> {
  const { count, encoding } = options;
  const kept = new Map<string, Sample>();
  const progress = startProgress('composing');
  try {
    for (let first = 0; first < TRIES * count && kept.size < count; first += count) {
      const detail = first === 0 ? '' : `in place of ${count - kept.size} too empty or alike`;
      const drawn = await sample(device, checkpoint, {
        ...options,
        first,
        onProgress: (share) => progress.update(share, detail),
      });
      for (const candidate of drawn) {
        const { notes, pitches } = scoresOf(encoding.decode(candidate.events, { title: '' }));
        const playable = notes >= fewestNotes && pitches >= FEWEST_PITCHES;
        if (playable && kept.size < count) kept.set(candidate.events.join(), candidate);
      }
    }
  } finally {
    progress.stop();
  }
  if (kept.size === count) return [...kept.values()];
  throw new CommandError(
    `Only ${kept.size} of ${TRIES * count} sequences were different and had ${fewestNotes} notes of ${FEWEST_PITCHES} pitches: train longer, or raise --temperature or --bars.`,
  );
}

/** Events to start with, from a MIDI file's first melody or from pitches. */
async function primerOf(args: Arguments, encoding: Encoding): Promise<number[] | undefined> {
  const path = text(args, 'primer');
  const pitches = integers(args, 'primer-pitches');
  if (path !== undefined && pitches !== undefined) throw new UsageError('give --primer or --primer-pitches, not both');
  if (pitches !== undefined) return encoding.encodePitches(pitches);
  if (path === undefined) return undefined;
  const { song } = readMidi(await readInput(path), path);
  const [first] = encoding.encode(withEstimatedTiming(song)).sequences;
  if (first === undefined)
    throw new CommandError(`${path}: has no melody of two bars or more; use another file or --primer-pitches.`);
  return Array.from(first.events);
}
