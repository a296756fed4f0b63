import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readMidi } from '@chipsmith/data';
import { readInputFile } from '@chipsmith/data/node';
import { songCard } from '../page/song-card.ts';
import { facts } from '../page/terms.ts';
import { readSidecar } from '../sidecar.ts';
import type { PreviewCards } from './messages.ts';

/** Far above the files of a piece of some bars. */
const MAX_BYTES = 2 ** 20;

/**
 * The pieces in a folder of previews, to see and to hear.
 *
 * @param prefix of the cards' names, which differ from those of all other previews
 * @throws DataError if a file cannot be read; CommandError if it is not one of a track; the system's error if there is
 *   no such folder
 */
export async function previewCards(folder: string, prefix: string): Promise<PreviewCards> {
  const names = (await readdir(folder)).flatMap((file) => /^(track-\d+)\.json$/.exec(file)?.[1] ?? []).sort();
  const files: Record<string, string> = {};
  const cards: string[] = [];
  for (const track of names) {
    const { title, scores, seed } = await readSidecar(folder, track);
    const midi = await readInputFile(join(folder, `${track}.mid`), MAX_BYTES);
    const vgm = await readInputFile(join(folder, `${track}.vgm`), MAX_BYTES);
    const name = `${prefix} ${track}`;
    files[`${name}.vgm`] = vgm.toString('base64');
    const song = { ...readMidi(midi, track).song, title };
    cards.push(songCard({ name, song, below: `<div class="facts"><dl>${facts({ ...scores, seed })}</dl></div>` }));
  }
  return { cards: cards.join('\n'), files };
}
