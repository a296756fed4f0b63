import type { Command } from '../terminal/command.ts';
import { tell } from '../terminal/output.ts';
import { continuations, samples } from '../track-requests.ts';
import { primerOf } from './given-music.ts';
import { trackCommand } from './track-command.ts';

export const generate: Command = trackCommand({
  name: 'generate',
  description: 'Make tracks with a trained model: .mid, .vgm, .wav, .json each, and a page to hear them all.',
  tasks: ['sample', 'continue'],
  inputs: [],
  options: {
    primer: {
      type: 'string',
      valueHint: 'song',
      description:
        "go on from the end of this song, in its key and tempo: a file, or a song of the run's data by its name or a part of it",
    },
    'primer-pitches': {
      type: 'string',
      valueHint: '60,62,..',
      description: 'go on from these MIDI note numbers, a 16th each',
    },
  },
  count: 20,
  folder: 'samples',
  examples: [
    ['generate --run runs/basic-rnn-1', 'Twenty tracks into runs/basic-rnn-1/samples'],
    [
      'generate --run runs/nes --count 50 --bars 32 --temperature 0.9 --seed 7 --output tracks',
      'More, longer and a little safer',
    ],
    ['generate --run runs/nes --primer mine.mid --no-arrange', 'Go on from your own melody'],
  ],
  async requests(args, { count, bars, ...source }) {
    const primer = await primerOf(args, source, bars);
    if (primer?.description !== undefined) tell(primer.description);
    return primer === undefined ? samples(count) : continuations(count, primer);
  },
});
