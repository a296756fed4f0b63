import { variations } from '../asked.ts';
import type { Command } from '../terminal/command.ts';
import { tell } from '../terminal/output.ts';
import { pieceNamed } from './given-music.ts';
import { trackCommand } from './track-command.ts';

export const vary: Command = trackCommand({
  name: 'vary',
  description:
    "Make variations of a piece with a model that keeps pieces as codes. The piece is a file of music, such as a track's .mid, or a song of the run's data by its name or a part of it. Files are those of generate.",
  tasks: ['vary'],
  inputs: ['<piece>'],
  options: {},
  count: 8,
  folder: 'variations',
  examples: [
    ['vary tracks/track-03.mid --run runs/bitmaps', 'Eight variations of a track'],
    ['vary "Silent Night" --run runs/bitmaps --distance 1 --count 20', 'Bolder ones of a song that the model knows'],
  ],
  async asked({ _: [name] }, { count, ...source }) {
    const piece = await pieceNamed(name, source);
    tell(`Piece: ${piece.description}`);
    return variations(count, piece);
  },
});
