import type { Command } from '../terminal/command.ts';
import { tell } from '../terminal/output.ts';
import { variations } from '../track-requests.ts';
import { pieceNamed } from './given-music.ts';
import { trackCommand } from './track-command.ts';

export const vary: Command = trackCommand({
  name: 'vary',
  description:
    "Make variations of a piece with an autoencoder. The piece is a music file, such as a track's .mid, or a song of the run's data by its name or a part of it. Writes the same files as generate.",
  tasks: ['vary'],
  inputs: ['<piece>'],
  options: {},
  count: 8,
  folder: 'variations',
  examples: [
    ['vary tracks/track-03.mid --run runs/bitmaps', 'Eight variations of a track'],
    ['vary "Silent Night" --run runs/bitmaps --distance 1 --count 20', 'Bolder ones of a song that the model knows'],
  ],
  async requests({ _: [name] }, { count, ...source }) {
    const piece = await pieceNamed(name, source);
    tell(`Piece: ${piece.description}`);
    return variations(count, piece);
  },
});
