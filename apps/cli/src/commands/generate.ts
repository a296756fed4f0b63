import { join } from 'node:path';
import { deriveSeed, findEncoding, trackOf, withCount } from '@chipsmith/data';
import { type Checkpoint, composingSettings, findModel, learningWarning, tempo } from '@chipsmith/models';
import { compose, type SongOfSample } from '../compose.ts';
import { type Arguments, type Command, flag, givenOptions, text } from '../terminal/command.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print, tell } from '../terminal/output.ts';
import { givenValue } from '../terminal/schema-options.ts';
import { integer, number, required, seedOf } from '../terminal/values.ts';
import { checkTracksFolder, scoresOf, type Track, writeTracks } from '../tracks.ts';
import { requireReplaceable } from '../writable.ts';
import { checkpointOf, checkpointOptions } from './checkpoint.ts';
import { adapterOption, withDevice } from './options.ts';
import { primerOf, type TrackPrimer } from './primer.ts';
import { soundOf, soundOptions } from './render.ts';
import { midiOf, midiOption } from './song.ts';

export const generate: Command = {
  name: 'generate',
  description: 'Make tracks with a trained model: .mid, .vgm, .wav, .json each, and a page to hear them all.',
  options: {
    ...checkpointOptions,
    output: {
      type: 'string',
      valueHint: 'folder',
      description: 'folder to write; a new one beside it if it holds tracks (default <run>/samples)',
    },
    replace: { type: 'boolean', description: 'replace the tracks that the folder holds' },
    count: { type: 'string', valueHint: 'n', description: 'tracks (default 20)' },
    bars: { type: 'string', valueHint: 'n', description: 'bars of each (default 16)' },
    seed: { type: 'string', valueHint: 'n', description: 'the same seed gives the same files (default 1)' },
    temperature: {
      type: 'string',
      valueHint: 't',
      description: "below 1 safer, above 1 wilder (default the model's best, such as 0.9)",
    },
    'top-k': { type: 'string', valueHint: 'k', description: 'choose among the k likeliest events only' },
    'top-p': {
      type: 'string',
      valueHint: '0..1',
      description: 'choose among the likeliest events that hold this share only',
    },
    primer: { type: 'string', valueHint: 'file', description: 'go on from the end of this song, in its key and tempo' },
    'primer-pitches': {
      type: 'string',
      valueHint: '60,62,..',
      description: 'go on from these MIDI note numbers, a 16th each',
    },
    bpm: { type: 'string', valueHint: 'n', description: "tempo (default the primer's, or the training songs' median)" },
    ...midiOption,
    arrange: {
      type: 'boolean',
      default: true,
      description: 'add a second voice, bass and drums to a model that writes melodies',
      negativeDescription: 'keep the melody alone',
    },
    loop: {
      type: 'boolean',
      description: 'make tracks that loop without a seam, with the loop point in .vgm, instead of ending',
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
    const options = optionsOf(args);
    const { count, bars, seed, sampling: given, arranged, loops, sound, midi } = options;
    const folder = text(args, 'output') ?? join(required(args, 'run', 'the folder of a trained model'), 'samples');
    await checkTracksFolder(folder);
    await requireReplaceable(folder);
    const { checkpoint } = await checkpointOf(args);
    const { metadata } = checkpoint;
    const warning = learningWarning(metadata.training, findModel(metadata.model).lossUnit);
    if (warning !== undefined) tell(warning);
    const encoding = findEncoding(metadata.encoding.name);
    const primer = await primerOf(args, encoding, bars);
    if (primer?.description !== undefined) tell(primer.description);
    const settings = settingsOf(options, checkpoint, primer);
    const { beatsPerMinute } = settings;
    const key = primer === undefined ? {} : { transposition: primer.transposition, meter: primer.meter };
    const keepsBars = primer !== undefined;
    // One bar more than asked for where bars may begin later than the first event: so many are left.
    const length = (keepsBars ? bars : bars + 1) * (primer?.barEvents ?? encoding.stepsPerBar);
    const nameOf = (index: number) => `track-${String(index + 1).padStart(Math.max(2, String(count).length), '0')}`;
    const songOf: SongOfSample = ({ events }, index) => {
      const melody = encoding.decode(events, { title: `${metadata.model} ${nameOf(index)}`, beatsPerMinute, ...key });
      const { voices } = encoding;
      return trackOf(melody, { bars, seed: deriveSeed(seed, index), voices, arranged, loops, keepsBars });
    };

    const { output: _, seed: __, replace, ...typed } = givenOptions(generate, args);
    const { output, page, tracks } = await interruptible(async (signal) => {
      const sampling = { count, length, seed, settings: given, primer: primer?.events, encoding, signal };
      const drawn = await withDevice(args, signal, (device, onPreparation) =>
        compose(device, checkpoint, songOf, { ...sampling, bars, onPreparation }),
      );
      const tracks = drawn.map(({ sample: { events, nll }, song }, index): Track => {
        return {
          name: nameOf(index),
          song,
          events,
          seed,
          scores: { ...(nll !== undefined && { nllPerEvent: nll }), ...scoresOf(song) },
        };
      });
      const title = withCount(`# track(s) by ${metadata.model}`, count);
      const place = { output: folder, replace: replace === true };
      const made = { title, settings, options: typed, sound, midi, signal };
      return { tracks, ...(await writeTracks(tracks, { ...place, ...made })) };
    });
    const moved = output === folder ? '' : ` (${folder} holds tracks already; --replace would replace them)`;
    const words = `${withCount('# track(s)', tracks.length)} in ${output}${moved}\nHear and see them: ${page}`;
    const described = tracks.map(({ name, scores }) => ({ name, scores }));
    print(args, { output, page, settings, ...(warning && { warning }), tracks: described }, words);
    return 0;
  },
};

/** All that can be told without a model. @throws UsageError */
function optionsOf(args: Arguments) {
  return {
    count: integer(args, 'count', { least: 1, most: 1000 }) ?? 20,
    bars: integer(args, 'bars', { least: 1, most: 1000 }) ?? 16,
    seed: seedOf(args) ?? 1,
    sampling: definedOnly({
      temperature: number(args, 'temperature', { least: 0.01, most: 100 }),
      topK: integer(args, 'top-k', { least: 1 }),
      topP: number(args, 'top-p', { least: 0.001, most: 1 }),
    }),
    beatsPerMinute: givenValue(tempo, args, 'bpm'),
    arranged: flag(args, 'arrange'),
    loops: flag(args, 'loop'),
    sound: soundOf(args),
    midi: midiOf(args),
  };
}

/** What the page and the files of tracks say of how they were made. */
function settingsOf(
  { bars, seed, sampling, arranged, loops, ...given }: ReturnType<typeof optionsOf>,
  checkpoint: Checkpoint,
  primer: TrackPrimer | undefined,
) {
  const { model, training, encoding, beatsPerMinute } = checkpoint.metadata;
  return {
    model,
    step: training.step,
    encoding: encoding.name,
    bars,
    beatsPerMinute: given.beatsPerMinute ?? primer?.beatsPerMinute ?? Math.round(beatsPerMinute),
    loops,
    ...composingSettings(checkpoint, primer === undefined ? 'sample' : 'continue', sampling),
    ...(primer !== undefined && { primerEvents: primer.events.length }),
    ...(primer?.description !== undefined && { primer: primer.description }),
    arranged,
    seed,
  };
}

function definedOnly(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
