import { playScore, writeVgm } from '@chipsmith/apu';
import type { Song } from '@chipsmith/data';
import { escapeHtml } from './html.ts';
import { htmlPage } from './page.ts';
import { songCard } from './song-card.ts';
import { facts } from './terms.ts';
import { KEYS, mixer } from './toolbar.ts';

/** A piece as its events tell it, and what a model gives back of it. */
export interface Reconstruction {
  readonly original: Song;
  readonly reconstructed: Song;
  /** Share of the original's notes that come back in their places. */
  readonly notesKept: number;
}

/**
 * Pieces above what a model makes of them, drawn as piano rolls (SVG) and to be heard, as one page that loads nothing.
 */
export function reconstructionPage(title: string, pairs: readonly Reconstruction[]): string {
  const cards = pairs.flatMap(({ original, reconstructed, notesKept }, index) => [
    { name: `piece-${index + 1}`, song: original, below: '' },
    {
      name: `piece-${index + 1}-reconstructed`,
      song: reconstructed,
      below: `<div class="facts"><dl>${facts({ notesKept })}</dl></div>`,
    },
  ]);
  return htmlPage({
    title,
    keys: KEYS,
    files: Object.fromEntries(
      cards.map(({ name, song }) => [`${name}.vgm`, writeVgm(playScore(song), { title: song.title })]),
    ),
    body: `<header>
<h1>${escapeHtml(title)}</h1>
</header>
<nav aria-label="Controls">
${mixer()}
</nav>
<main>
${cards.map(songCard).join('\n')}
</main>`,
  });
}
