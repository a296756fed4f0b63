import { TICKS_PER_SECOND } from '@chipsmith/apu';
import type { Song } from '@chipsmith/data';
import { clockTime } from '../clock-time.ts';
import { escapeHtml } from './html.ts';
import { beatsOf, pianoRoll } from './piano-roll.ts';

/** Coordinates of the piano rolls; the page stretches them to its width. */
const ROLL = { width: 1200, height: 200 };

export interface SongCard {
  /** Of the .vgm file that is played, without its ending. */
  readonly name: string;
  readonly song: Song;
  /** Further attributes of the card, as HTML. */
  readonly attributes?: string;
  /** HTML behind the time in the card's first line. */
  readonly buttons?: string;
  /** HTML below the piano roll. */
  readonly below: string;
}

/** A song to see and to hear: title, player and piano roll. */
export function songCard({ name, song, attributes = '', buttons = '', below }: SongCard): string {
  const title = escapeHtml(song.title || name);
  const seconds = song.duration / TICKS_PER_SECOND;
  return `<article tabindex="-1" data-name="${escapeHtml(name)}" data-seconds="${seconds}"${attributes}>
<header>
<button type="button" class="play" aria-label="Play ${title}"></button>
<h2>${title}</h2>
<span class="time"><span class="now">0:00</span> / ${clockTime(Math.ceil(seconds))}</span>
${buttons}
</header>
<div class="scroll"><div class="stage">${pianoRoll(song, ROLL)}${barNumbers(song)}<div class="playhead"></div></div></div>
<p class="problem" role="alert" hidden></p>
${below}
</article>`;
}

/** Every so many bars have their number above the piano roll. */
const NUMBERED = 4;

/** A last bar of fewer beats is but the sound that the end leaves. */
const MIN_BEATS = 2;

function barNumbers(song: Song): string {
  const numbers = beatsOf(song)
    .slice(0, -MIN_BEATS)
    .filter(({ bar }) => bar !== undefined && bar > 0 && bar % NUMBERED === 1)
    .map(({ tick, bar }) => `<li style="left:${((100 * tick) / song.duration).toFixed(2)}%">${bar}</li>`);
  return `<ol class="bars" aria-hidden="true">${numbers.join('')}</ol>`;
}
