import {
  arrangeMelody,
  deriveSeed,
  type Encoding,
  findEncoding,
  readMidi,
  type Song,
  withEstimatedTiming,
} from '@chipsmith/data';
import { openDevice } from '@chipsmith/kernels/node';
import { type Checkpoint, type Sample, type SampleOptions, sample } from '@chipsmith/models';
import { type Arguments, type Command, flag, integer, number, required, text } from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { interruptSignal } from '../terminal/interrupt.ts';
import { print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { scoresOf, type Track, writeTracks } from '../tracks.ts';
import { checkpointOf, checkpointOptions } from './checkpoint.ts';
import { adapterOption, integers } from './options.ts';
import { readInput, soundOf, soundOptions } from './render.ts';

export const generate: Command = {
  name: 'generate',
  description: 'Make tracks with a trained model: .mid, .vgm, .wav, .json each, and a page to hear them all.',
  options: {
    ...checkpointOptions,
    output: { type: 'string', valueHint: 'folder', description: 'folder to write (default: <run>/samples)' },
    count: { type: 'string', valueHint: 'n', default: '20', description: 'tracks' },
    bars: { type: 'string', valueHint: 'n', default: '16', description: 'bars of each' },
    seed: { type: 'string', valueHint: 'n', default: '1', description: 'the same seed gives the same files' },
    temperature: { type: 'string', valueHint: 't', default: '1', description: 'below 1 safer, above 1 wilder' },
    'top-k': { type: 'string', valueHint: 'k', description: 'choose among the k likeliest events only' },
    'top-p': {
      type: 'string',
      valueHint: '0..1',
      description: 'choose among the likeliest events that hold this share only',
    },
    primer: { type: 'string', valueHint: 'file.mid', description: 'a melody to go on from' },
    'primer-pitches': {
      type: 'string',
      valueHint: '60,62,..',
      description: 'the same as MIDI note numbers, a 16th each',
    },
    bpm: { type: 'string', valueHint: 'n', description: "tempo (default: the training songs' median)" },
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
    const count = integer(args, 'count', 1, 1000) ?? 20;
    const bars = integer(args, 'bars', 1, 1000) ?? 16;
    const seed = integer(args, 'seed', 0, 2 ** 32 - 1) ?? 1;
    const temperature = number(args, 'temperature', { least: 0.01, most: 100 }) ?? 1;
    const topK = integer(args, 'top-k', 1);
    const topP = number(args, 'top-p', { least: 0.001, most: 1 });
    const sound = soundOf(args);
    const { checkpoint } = await checkpointOf(args);
    const { metadata } = checkpoint;
    const encoding = findEncoding(metadata.encoding.name);
    const beatsPerMinute = number(args, 'bpm', { least: 20, most: 400 }) ?? Math.round(metadata.beatsPerMinute);
    const primer = await primerOf(args, encoding);
    const output = text(args, 'output') ?? `${required(args, 'run', 'the folder of a trained model')}/samples`;
    const signal = interruptSignal();

    const drawing = startProgress('composing');
    const device = await openDevice({ adapter: text(args, 'adapter') });
    let samples: Sample[];
    try {
      const length = bars * encoding.stepsPerBar;
      const wanted = { length, seed, temperature, topK, topP, primer, encoding, signal };
      samples = await drawPlayable(device, checkpoint, count, {
        ...wanted,
        onProgress: (share) => drawing.update(share, ''),
      });
    } finally {
      drawing.stop();
      device.destroy();
    }

    const arranged = flag(args, 'arrange');
    const shared = {
      model: metadata.model,
      step: metadata.training.step,
      encoding: metadata.encoding.name,
      bars,
      beatsPerMinute,
      temperature,
      ...(topK !== undefined && { topK }),
      ...(topP !== undefined && { topP }),
      ...(primer !== undefined && { primerEvents: primer.length }),
      arranged,
      seed,
    };
    const digits = String(count).length;
    const tracks = samples.map(({ events, nll }, index): Track => {
      const name = `track-${String(index + 1).padStart(Math.max(2, digits), '0')}`;
      const melody = encoding.decode(events, { title: `${metadata.model} ${name}`, beatsPerMinute });
      const song: Song = arranged ? arrangeMelody(melody, { seed: deriveSeed(seed, index) }) : melody;
      return { name, song, events, seed, scores: { nllPerEvent: nll, ...scoresOf(melody) } };
    });
    const page = await writeTracks(tracks, {
      output,
      title: `${count} tracks by ${metadata.model}`,
      settings: shared,
      sound,
      signal,
    });
    const words = `${tracks.length} tracks in ${output}\nHear and see them: ${page}`;
    print(
      args,
      { output, page, settings: shared, tracks: tracks.map(({ name, scores }) => ({ name, scores })) },
      words,
    );
    return 0;
  },
};

/** A track needs this many notes and pitches to be worth hearing; the emptiest melodies of NES games have more. */
const FEWEST_NOTES = 8;
const FEWEST_PITCHES = 3;

/** Draws until `count` samples differ from each other and have enough notes; a model that mostly rests gives up in the end. */
async function drawPlayable(
  device: Awaited<ReturnType<typeof openDevice>>,
  checkpoint: Checkpoint,
  count: number,
  options: Omit<SampleOptions, 'count' | 'first'>,
): Promise<Sample[]> {
  const kept = new Map<string, Sample>();
  const rounds = 5;
  for (let round = 0; round < rounds && kept.size < count; round++) {
    const drawn = await sample(device, checkpoint, { ...options, count, first: round * count });
    for (const candidate of drawn) {
      const { notes, pitches } = scoresOf(options.encoding.decode(candidate.events, { title: '' }));
      if (notes < FEWEST_NOTES || pitches < FEWEST_PITCHES || kept.size >= count) continue;
      kept.set(candidate.events.join(), candidate);
    }
  }
  if (kept.size === count) return [...kept.values()];
  throw new CommandError(
    `Only ${kept.size} of ${rounds * count} sequences were different and had ${FEWEST_NOTES} notes of ${FEWEST_PITCHES} pitches: train longer, or raise --temperature or --bars.`,
  );
}

/** Events to start with, from a MIDI file's first melody or from pitches. */
async function primerOf(args: Arguments, encoding: Encoding): Promise<number[] | undefined> {
  const path = text(args, 'primer');
  const pitches = text(args, 'primer-pitches');
  if (path !== undefined && pitches !== undefined) throw new UsageError('give --primer or --primer-pitches, not both');
  if (pitches !== undefined) return encoding.encodePitches(integers(pitches, 'primer-pitches'));
  if (path === undefined) return undefined;
  const { song } = readMidi(await readInput(path), path);
  const [first] = encoding.encode(withEstimatedTiming(song)).sequences;
  if (first === undefined)
    throw new CommandError(`${path}: has no melody of two bars or more; use another file or --primer-pitches.`);
  return Array.from(first.events);
}
