import { createHash } from 'node:crypto';
import type { FilterName } from '@chipsmith/apu';
import type { Song } from '@chipsmith/data';
import { outsideMark, type ScoreRange, type ScoreRanges, type Scores } from '../scores.ts';
import type { FurtherOptions } from '../sidecar.ts';
import { escapeHtml } from './html.ts';
import { htmlPage } from './page.ts';
import { songCard } from './song-card.ts';
import { facts, figureOf, labelOf, rangeWords, term } from './terms.ts';
import { KEYS, mixer } from './toolbar.ts';

/** What was chosen for a run or a track, as shown on the page. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** One track of a contact sheet. */
export interface SheetTrack {
  /** Name of its files beside the page, without ending: `<name>.wav`, `.mid`, `.vgm` and `.json`. */
  readonly name: string;
  readonly song: Song;
  readonly seed: number;
  /**
   * Figures to show and sort by, such as `nllPerEvent` or `notes`. Tracks may have different ones; NaN shows as a dash.
   */
  readonly scores: Scores;
  /** Where the training songs' figures lie, shown behind those of the track. */
  readonly ranges?: ScoreRanges | undefined;
  /** What is particular to this track. */
  readonly settings?: Settings;
  /** Output path of the console that it is heard through; 'nes' by default. */
  readonly filter?: FilterName;
  /** What else the model can do with it: commands for that are offered. */
  readonly further?: FurtherOptions;
  /**
   * What the page carries of its files: the .vgm, which it plays, and with .mid and .json what it packs for download.
   */
  readonly files: Readonly<Record<SmallFile, Uint8Array>>;
}

/** What all tracks of a contact sheet have in common. */
export interface SheetMeta {
  readonly title: string;
  readonly settings: Settings;
  /** HTML that stands above the tracks. */
  readonly table?: string;
}

/** A track's files that are small enough to be in the page: some kilobytes each. */
const SMALL_FILES = ['mid', 'vgm', 'json'] as const;
export type SmallFile = (typeof SMALL_FILES)[number];

/** All files of a track. */
export const TRACK_FILES = ['wav', ...SMALL_FILES] as const;

/**
 * Makes the page that shows and plays a folder of tracks: one HTML file that needs nothing but itself to play them, and
 * the files beside it for its links. The same tracks give the same bytes.
 */
export function contactSheet(tracks: readonly SheetTrack[], meta: SheetMeta): string {
  const scoreNames = [...new Set(tracks.flatMap(({ scores }) => Object.keys(scores)))];
  return htmlPage({
    title: meta.title,
    sheet: fingerprint(tracks, meta),
    keys: `${KEYS} <kbd>f</kbd> keep`,
    files: Object.fromEntries(
      tracks.flatMap(({ name, files }) => SMALL_FILES.map((type) => [`${name}.${type}`, files[type]])),
    ),
    body: `<header>
<h1>${escapeHtml(meta.title)}</h1>
<dl>${facts(meta.settings)}</dl>${meta.table === undefined ? '' : `\n${meta.table}`}${tracks.some(({ ranges }) => ranges) ? `\n${RANGES}` : ''}
</header>
<nav aria-label="Controls">
${mixer()}
${choosing(tracks.length, scoreNames)}
</nav>
<main>
${tracks.map((track, index) => card(track, index, scoreNames, tracks)).join('\n')}
<p class="nothing" hidden>No tracks kept yet. Star the ones you like.</p>
</main>`,
  });
}

const RANGES =
  '<p class="ranges">In brackets: where the middle 90 % of the training songs lie. ↑ and ↓ mark what lies above and below.</p>';

/** The controls with which tracks are chosen. */
function choosing(count: number, scoreNames: readonly string[]): string {
  const options = scoreNames.map((name) => `<option value="${escapeHtml(name)}">${escapeHtml(labelOf(name))}</option>`);
  return `<div class="choosing" role="group" aria-label="Tracks">
<label>Sort by <select id="sort"><option value="">order made</option>${options.join('')}</select></label>
<button type="button" id="direction" aria-label="Sort direction" title="Ascending or descending">↑</button>
<button type="button" id="filter" aria-pressed="false" title="Show only the tracks with a star">Kept <output id="kept">0</output> of ${count}</button>
<button type="button" id="download" title="The kept tracks as one .zip file: .wav, .mid, .vgm and .json of each">Download kept</button>
<button type="button" id="copy" title="The command that copies the kept tracks into a folder of their own">Copy keep command</button>
<output id="notice" role="status"></output>
</div>`;
}

function card(track: SheetTrack, index: number, scoreNames: readonly string[], all: readonly SheetTrack[]): string {
  const { name, song, seed, scores, ranges = {}, settings = {}, filter = 'nes', further = {} } = track;
  const title = escapeHtml(song.title || name);
  const file = (type: string) => escapeHtml(encodeURIComponent(`${name}.${type}`));
  return songCard({
    name,
    song,
    attributes: ` data-index="${index}" data-filter="${filter}" data-scores="${escapeHtml(JSON.stringify(scores))}"`,
    buttons: `<button type="button" class="keep" aria-pressed="false" aria-label="Keep ${title}"></button>`,
    below: `<noscript><audio controls preload="none" src="${file('wav')}"></audio></noscript>
<div class="facts">
<dl class="scores">${scoreNames.map((score) => scoreItem(score, scores[score], ranges[score], all)).join('')}</dl>
<dl>${facts({ seed, ...settings })}</dl>
<p class="files">${TRACK_FILES.map((type) => `<a href="${file(type)}">.${type}</a>`).join(' ')}</p>
</div>
<details class="more"><summary>More like this</summary>
${offer('reseed', 'Others with the same settings')}${further.continue ? offer('continue', 'Go on from this one') : ''}${further.vary ? offer('vary', 'Variations of this one') : ''}</details>`,
  });
}

/** A command line that the script fills in and copies. */
function offer(kind: string, label: string): string {
  return `<p data-kind="${kind}">${label} <button type="button">Copy</button><code></code></p>\n`;
}

/**
 * A score with a bar that shows where it lies between the least and the greatest of the sheet, and the range of the
 * training songs.
 */
function scoreItem(
  name: string,
  value: number | undefined,
  range: ScoreRange | undefined,
  all: readonly SheetTrack[],
): string {
  if (value === undefined) return '';
  const values = all.map(({ scores }) => scores[name] ?? Number.NaN).filter(Number.isFinite);
  const least = Math.min(...values);
  const width = Math.max(...values) - least;
  const share = Number.isFinite(value) && width > 0 ? Math.round(((value - least) / width) * 100) : 0;
  const mark = range === undefined ? '' : outsideMark(value, range);
  const usual = range === undefined ? '' : ` <small>(${escapeHtml(rangeWords(name, range))})</small>`;
  const outside = mark === '' ? '' : ' class="outside"';
  return `<div style="--share:${share}%"${outside}><dt>${term(name)}</dt><dd>${figureOf(name, value)}${mark}${usual}</dd></div>`;
}

/** Names this sheet in the browser's storage, which all pages opened from disk share. */
function fingerprint(tracks: readonly SheetTrack[], { title }: SheetMeta): string {
  const content = JSON.stringify([title, tracks.map(({ name, seed, song }) => [name, seed, song.duration])]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
