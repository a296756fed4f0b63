import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TICKS_PER_SECOND, VOICE_NAMES } from '@chipsmith/apu';
import type { Song } from '@chipsmith/data';
import { escapeHtml, formatNumber, words } from './html.ts';
import { pianoRoll } from './piano-roll.ts';

/** What was chosen for a run or a track, as shown on the page. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** One track of a contact sheet. */
export interface SheetTrack {
  /** Name of its files beside the page, without ending: `<name>.wav`, `.mid`, `.vgm` and `.json`. */
  readonly name: string;
  readonly song: Song;
  readonly seed: number;
  /** Figures to show and sort by, such as `nllPerEvent` or `notes`. Tracks may have different ones; NaN shows as a dash. */
  readonly scores: Readonly<Record<string, number>>;
  /** What is particular to this track. */
  readonly settings?: Settings;
}

/** What all tracks of a contact sheet have in common. */
export interface SheetMeta {
  readonly title: string;
  readonly settings: Settings;
}

/** What the four voices are called on the page. */
const voiceLabels = { pulse1: 'pulse 1', pulse2: 'pulse 2', triangle: 'triangle', noise: 'noise' };

/** The files that lie beside the page for each track, as `generate` writes them. */
const fileTypes = ['wav', 'mid', 'vgm', 'json'];

/** Coordinates of the piano rolls; the page stretches them to its width. */
const rollSize = { width: 1200, height: 200 };

/**
 * Makes the page that shows and plays a folder of tracks: one HTML file that needs nothing but the tracks' files beside it and
 * works from disk without a network. The same tracks give the same bytes.
 *
 * All text is escaped, and the page's own policy lets no script run but the one in player.js and nothing load from elsewhere.
 */
export function contactSheet(tracks: readonly SheetTrack[], meta: SheetMeta): string {
  const style = asset('sheet.css');
  const script = asset('player.js');
  const scoreNames = [...new Set(tracks.flatMap(({ scores }) => Object.keys(scores)))];
  const policy = [
    `default-src 'none'`,
    `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    `style-src 'unsafe-inline'`,
    `media-src 'self' file:`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(meta.title)}</title>
<style>${style}</style>
</head>
<body data-sheet="${fingerprint(tracks, meta)}">
<header>
<h1>${escapeHtml(meta.title)}</h1>
${definitions(meta.settings)}
<ul class="legend">${VOICE_NAMES.map((voice) => `<li class="${voice}">${voiceLabels[voice]}</li>`).join('')}</ul>
</header>
${toolbar(tracks.length, scoreNames)}
<main>
${tracks.map((track, index) => card(track, index, scoreNames, tracks)).join('\n')}
<p class="nothing" hidden>No track is kept yet. Press the star of the ones you like.</p>
</main>
<footer><kbd>space</kbd> play, pause <kbd>j</kbd> <kbd>k</kbd> next, previous <kbd>←</kbd> <kbd>→</kbd> five seconds
<kbd>f</kbd> keep</footer>
<script>${script}</script>
</body>
</html>
`;
}

function toolbar(count: number, scoreNames: readonly string[]): string {
  const options = scoreNames.map((name) => `<option value="${escapeHtml(name)}">${escapeHtml(words(name))}</option>`);
  return `<nav aria-label="Tracks">
<label>Sort by <select id="sort"><option value="">order made</option>${options.join('')}</select></label>
<button type="button" id="direction" aria-label="Sort direction" title="Sort direction">↑</button>
<button type="button" id="filter" aria-pressed="false">Kept <output id="kept">0</output> of ${count}</button>
<button type="button" id="copy">Copy kept names</button>
<output id="notice" role="status"></output>
</nav>`;
}

function card(track: SheetTrack, index: number, scoreNames: readonly string[], all: readonly SheetTrack[]): string {
  const { name, song, seed, scores, settings } = track;
  const title = escapeHtml(song.title || name);
  const file = (type: string) => escapeHtml(encodeURIComponent(`${name}.${type}`));
  const seconds = song.duration / TICKS_PER_SECOND;
  return `<article tabindex="-1" data-name="${escapeHtml(name)}" data-index="${index}" data-seconds="${seconds}" data-scores="${escapeHtml(JSON.stringify(scores))}">
<header>
<button type="button" class="play" aria-label="Play ${title}"></button>
<h2>${title}</h2>
<span class="time"><span class="now">0:00</span> / ${clock(seconds)}</span>
<button type="button" class="keep" aria-pressed="false" aria-label="Keep ${title}"></button>
</header>
<div class="stage">${pianoRoll(song, rollSize)}<div class="playhead"></div></div>
<audio controls preload="none" src="${file('wav')}"></audio>
<p class="problem" role="alert" hidden></p>
<div class="facts">
<dl class="scores">${scoreNames.map((score) => scoreItem(score, scores[score], all)).join('')}</dl>
<dl class="settings"><div><dt>seed</dt><dd>${seed}</dd></div>${items(settings ?? {})}</dl>
<p class="files">${fileTypes.map((type) => `<a href="${file(type)}">.${type}</a>`).join(' ')}</p>
</div>
</article>`;
}

/** A score with a bar that shows where it lies between the least and the greatest of the sheet. */
function scoreItem(name: string, value: number | undefined, all: readonly SheetTrack[]): string {
  if (value === undefined) return '';
  const values = all.map(({ scores }) => scores[name] ?? Number.NaN).filter(Number.isFinite);
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  const share = Number.isFinite(value) && range > 0 ? Math.round(((value - least) / range) * 100) : 0;
  const label = `<dt>${escapeHtml(words(name))}</dt><dd>${formatNumber(value)}</dd>`;
  return `<div style="--share:${share}%">${label}</div>`;
}

function definitions(settings: Settings): string {
  return `<dl class="settings">${items(settings)}</dl>`;
}

function items(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `<div><dt>${escapeHtml(words(name))}</dt><dd>${escapeHtml(String(value))}</dd></div>`)
    .join('');
}

/** Minutes and seconds, rounded up, so that a piece is not over before its time. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Names this sheet in the browser's storage, which all pages opened from disk share. */
function fingerprint(tracks: readonly SheetTrack[], { title }: SheetMeta): string {
  const content = JSON.stringify([title, tracks.map(({ name, seed, song }) => [name, seed, song.duration])]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** Reads a file of this folder, also where the compiled program runs, which has the assets only in its source. */
function asset(name: string): string {
  return readFileSync(new URL(`../../src/page/${name}`, import.meta.url), 'utf8');
}
