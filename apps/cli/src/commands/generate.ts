import { join } from 'node:path';
import { findEncoding, withCount } from '@chipsmith/data';
import { findModel, learningWarning, tempo } from '@chipsmith/models';
import { drawTracks, settingsOf } from '../draw-tracks.ts';
import { songsOf } from '../likeness.ts';
import { scoreRanges } from '../scores.ts';
import { type Arguments, type Command, flag, givenOptions, type Options, text } from '../terminal/command.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { print, tell } from '../terminal/output.ts';
import { givenValue } from '../terminal/schema-options.ts';
import { integer, required, seedOf } from '../terminal/values.ts';
import { checkTracksFolder, writeTracks } from '../tracks.ts';
import { requireReplaceable } from '../writable.ts';
import { checkpointOf, checkpointOptions, trainingData } from './checkpoint.ts';
import { checkComposing, composingOptions, givenComposing } from './composing-options.ts';
import { adapterOption, withDevice } from './options.ts';
import { primerOf } from './primer.ts';
import { soundOf, soundOptions } from './render.ts';
import { midiOf, midiOption } from './song.ts';

const ownOptions = {
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
} satisfies Options;

export const generate: Command = {
  name: 'generate',
  description: 'Make tracks with a trained model: .mid, .vgm, .wav, .json each, and a page to hear them all.',
  get options() {
    return { ...ownOptions, ...composingOptions() };
  },
  helpSections: () => [
    ['Options', ownOptions],
    ['How music is made, as far as the model has it', composingOptions()],
  ],
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
    checkComposing(args);
    const { count, bars, sound, midi } = options;
    const folder = text(args, 'output') ?? join(required(args, 'run', 'the folder of a trained model'), 'samples');
    await checkTracksFolder(folder);
    await requireReplaceable(folder);
    const { checkpoint, run } = await checkpointOf(args);
    const { metadata } = checkpoint;
    const warning = learningWarning(metadata.training, findModel(metadata.model).lossUnit);
    if (warning !== undefined) tell(warning);
    const encoding = findEncoding(metadata.encoding.name);
    const primer = await primerOf(args, encoding, bars);
    if (primer?.description !== undefined) tell(primer.description);
    const { output: _, seed: __, replace, ...typed } = givenOptions(generate, args);
    const sampling = givenComposing(args, checkpoint, primer === undefined ? 'sample' : 'continue');
    const wish = { ...options, sampling: { ...sampling }, primer };
    const settings = { ...settingsOf(checkpoint, wish), ...(primer?.description && { primer: primer.description }) };
    const data = await trainingData(run, checkpoint);
    const ranges = data && scoreRanges(songsOf(data, options), encoding.voices);
    const { output, page, tracks } = await interruptible(async (signal) => {
      const drawn = await withDevice(args, signal, (device, onPreparation) =>
        drawTracks(device, checkpoint, wish, { signal, onPreparation }),
      );
      const tracks = drawn.map((track) => ({ ...track, ranges }));
      const title = withCount(`# track(s) by ${metadata.model}`, count);
      const place = { output: folder, replace: replace === true };
      const made = { title, settings, options: typed, sound, midi, signal };
      return { tracks, ...(await writeTracks(tracks, { ...place, ...made })) };
    });
    const moved = output === folder ? '' : ` (${folder} holds tracks already; --replace would replace them)`;
    const words = `${withCount('# track(s)', tracks.length)} in ${output}${moved}\nHear and see them: ${page}`;
    const described = tracks.map(({ name, scores }) => ({ name, scores }));
    print(
      args,
      { output, page, settings, ...(warning && { warning }), ...(ranges && { ranges }), tracks: described },
      words,
    );
    return 0;
  },
};

/** All that can be told without a model. @throws UsageError */
function optionsOf(args: Arguments) {
  return {
    count: integer(args, 'count', { least: 1, most: 1000 }) ?? 20,
    bars: integer(args, 'bars', { least: 1, most: 1000 }) ?? 16,
    seed: seedOf(args) ?? 1,
    beatsPerMinute: givenValue(tempo, args, 'bpm'),
    arranged: flag(args, 'arrange'),
    loops: flag(args, 'loop'),
    sound: soundOf(args),
    midi: midiOf(args),
  };
}
