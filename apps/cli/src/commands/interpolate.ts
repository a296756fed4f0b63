import { between } from '../asked.ts';
import type { Command } from '../terminal/command.ts';
import { tell } from '../terminal/output.ts';
import { pieceNamed } from './given-music.ts';
import { trackCommand } from './track-command.ts';

export const interpolate: Command = trackCommand({
  name: 'interpolate',
  description:
    "Make tracks on the way from one piece to another with a model that keeps pieces as codes, in the key, meter and tempo of the first. Pieces are files of music, such as tracks' .mid, or songs of the run's data by their names or parts of them. Files are those of generate.",
  tasks: ['interpolate'],
  inputs: ['<piece>', '<piece>'],
  options: {},
  count: 9,
  folder: 'interpolations',
  examples: [
    ['interpolate tracks/track-03.mid tracks/track-07.mid --run runs/bitmaps', 'Nine steps from one track to another'],
    ['interpolate mine.mid "Silent Night" --run runs/bitmaps --count 3', 'What lies half-way, between its two ends'],
  ],
  async asked({ _: [first, second] }, { count, ...source }) {
    const [from, to] = [await pieceNamed(first, source), await pieceNamed(second, source)];
    tell(`From: ${from.description}\nTo: ${to.description}`);
    return between(count, from, to);
  },
});
