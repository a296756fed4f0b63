import type { Command } from '../terminal/command.ts';
import { tell } from '../terminal/output.ts';
import { interpolations } from '../track-requests.ts';
import { pieceNamed } from './given-music.ts';
import { trackCommand } from './track-command.ts';

export const interpolate: Command = trackCommand({
  name: 'interpolate',
  description:
    "Make tracks that lead from one piece to another in even steps, in the key, meter and tempo of the first, with an autoencoder. A piece is a music file, such as a track's .mid, or a song of the run's data by its name or a part of it. Writes the same files as generate.",
  tasks: ['interpolate'],
  inputs: ['<piece>', '<piece>'],
  options: {},
  count: 9,
  folder: 'interpolations',
  examples: [
    ['interpolate tracks/track-03.mid tracks/track-07.mid --run runs/bitmaps', 'Nine steps from one track to another'],
    ['interpolate mine.mid "Silent Night" --run runs/bitmaps --count 3', 'What lies half-way, between its two ends'],
  ],
  async requests({ _: [first, second] }, { count, ...source }) {
    const [from, to] = [await pieceNamed(first, source), await pieceNamed(second, source)];
    tell(`From: ${from.description}\nTo: ${to.description}`);
    return interpolations(count, from, to);
  },
});
