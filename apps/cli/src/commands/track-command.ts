import { join } from 'node:path';
import { findEncoding, withCount } from '@chipsmith/data';
import { type Checkpoint, findModel, learningWarning, type Task, tempo } from '@chipsmith/models';
import { drawTracks, settingsOf } from '../draw-tracks.ts';
import { scoreRanges } from '../scores.ts';
import type { FurtherOptions, TypedOptions } from '../sidecar.ts';
import { type Arguments, type Command, flag, givenOptions, type Options, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print, tell } from '../terminal/output.ts';
import { givenValue, schemaOptions } from '../terminal/schema-options.ts';
import { integer, required, seedOf } from '../terminal/values.ts';
import type { TrackRequests } from '../track-requests.ts';
import { checkTracksFolder, writeTracks } from '../tracks.ts';
import { trainingSongs } from '../training-songs.ts';
import { requireReplaceable } from '../writable.ts';
import { checkpointOf, checkpointOptions, trainingData } from './checkpoint.ts';
import { checkComposing, composingOptions, composingSections, givenComposing } from './composing-options.ts';
import type { SongSource } from './given-music.ts';
import { adapterOption, withDevice } from './options.ts';
import { soundOf, soundOptions } from './render.ts';
import { midiOf, midiOption } from './song.ts';

/** What a command that makes a folder of tracks with a trained model has of its own. */
export interface TrackCommand {
  readonly name: string;
  readonly description: string;
  /** What it may ask of a model; it has the composers' options for all of these. */
  readonly tasks: readonly Task[];
  /** Songs that must be named, such as `<piece>`. */
  readonly inputs: readonly string[];
  /** Options of its own. */
  readonly options: Options;
  /** Number of tracks by default. */
  readonly count: number;
  /** Where tracks go by default, in the run's folder. */
  readonly folder: string;
  readonly examples: Command['examples'];
  /** @throws UsageError, CommandError or DataError for songs that cannot be had */
  requests(args: Arguments, source: TrackSource): Promise<TrackRequests>;
}

/** Where given songs come from, and how many tracks there are to be, of how many bars. */
export interface TrackSource extends SongSource {
  readonly count: number;
  readonly bars: number;
}

/** Options of all commands that make tracks. */
function sharedOptions({ count, folder, options }: Pick<TrackCommand, 'count' | 'folder' | 'options'>) {
  return {
    ...checkpointOptions,
    output: {
      type: 'string',
      valueHint: 'folder',
      description: `folder to write; a new one beside it if it holds tracks (default <run>/${folder})`,
    },
    replace: { type: 'boolean', description: 'replace the tracks that the folder holds' },
    count: { type: 'string', valueHint: 'n', description: `tracks (default ${count})` },
    bars: { type: 'string', valueHint: 'n', description: 'bars of each (default 16)' },
    seed: { type: 'string', valueHint: 'n', description: 'the same seed gives the same files (default 1)' },
    ...options,
    bpm: {
      type: 'string',
      valueHint: 'n',
      description: "tempo (default that of the given song, or the training songs' median)",
    },
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
  } satisfies Options;
}

export function trackCommand(definition: TrackCommand): Command {
  const { name, description, tasks, inputs, examples } = definition;
  const ownOptions = sharedOptions(definition);
  const command: Command = {
    name,
    description,
    ...(inputs.length > 0 && { positionals: inputs.join(' ') }),
    get options() {
      return { ...ownOptions, ...composingOptions(tasks) };
    },
    helpSections: () => composingSections(ownOptions, tasks),
    examples,
    async run(args) {
      if (args._.length !== inputs.length) {
        throw new UsageError(`chipsmith ${name}: name ${inputs.join(' and ')} (--help shows how)`);
      }
      const { count = definition.count, sound, midi, ...options } = optionsOf(args);
      const { bars } = options;
      checkComposing(args, tasks);
      const folder =
        text(args, 'output') ?? join(required(args, 'run', 'the folder of a trained model'), definition.folder);
      await checkTracksFolder(folder);
      await requireReplaceable(folder);
      const { checkpoint, run } = await checkpointOf(args);
      const { metadata } = checkpoint;
      const warning = learningWarning(metadata.training, findModel(metadata.model).lossUnit);
      if (warning !== undefined) tell(warning);
      const encoding = findEncoding(metadata.encoding.name);
      const data = await trainingData(run, checkpoint);
      const requests = await definition.requests(args, { encoding, data, count, bars });
      const drawing = { ...options, requests, composing: givenComposing(args, checkpoint, requests.task, tasks) };
      const settings = settingsOf(checkpoint, drawing);
      const ranges = data && scoreRanges(trainingSongs(data, options), encoding.voices);
      const { output: _, seed: __, replace, ...typed } = givenOptions(command, args);
      const { output, page, tracks } = await interruptible(async (signal) => {
        const drawn = await withDevice(args, signal, (device, onPreparation) =>
          drawTracks(device, checkpoint, drawing, { signal, onPreparation }),
        );
        const tracks = drawn.map((track) => ({ ...track, ranges }));
        const title = withCount(`# track(s) by ${metadata.model}`, count);
        const place = { output: folder, replace: replace === true };
        const made = { command: [name, ...args._], options: typed, further: furtherOptions(checkpoint, typed) };
        return { tracks, ...(await writeTracks(tracks, { ...place, ...made, title, settings, sound, midi, signal })) };
      });
      const moved = output === folder ? '' : ` (${folder} holds tracks already; --replace would replace them)`;
      const words = `${withCount('# track(s)', tracks.length)} in ${output}${moved}\nHear and see them: ${page}`;
      const described = tracks.map((track) => ({ name: track.name, ...track.settings, scores: track.scores }));
      const facts = { output, page, settings, ...(warning && { warning }), ...(ranges && { ranges }) };
      print(args, { ...facts, tracks: described }, words);
      return 0;
    },
  };
  return command;
}

/** Options that can be read before a model is loaded. @throws UsageError */
function optionsOf(args: Arguments) {
  return {
    count: integer(args, 'count', { least: 1, most: 1000 }),
    bars: integer(args, 'bars', { least: 1, most: 1000 }) ?? 16,
    seed: seedOf(args) ?? 1,
    beatsPerMinute: givenValue(tempo, args, 'bpm'),
    arranged: flag(args, 'arrange'),
    loops: flag(args, 'loop'),
    sound: soundOf(args),
    midi: midiOf(args),
  };
}

/** Of the options that made tracks those for going on from one of them, and for varying it, if the model can. */
export function furtherOptions({ model: { composers } }: Checkpoint, typed: TypedOptions): FurtherOptions {
  const shared = Object.keys(sharedOptions({ count: 0, folder: '', options: {} }));
  const fitting = (task: Task) => {
    const composer = composers[task];
    if (composer === undefined) return undefined;
    const known = [...shared, ...Object.keys(schemaOptions(composer.settings))];
    return Object.fromEntries(Object.entries(typed).filter(([name]) => known.includes(name)));
  };
  return { continue: fitting('continue'), vary: fitting('vary') };
}
