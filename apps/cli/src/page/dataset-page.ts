import { playScore, VOICE_NAMES, type VoiceName, writeVgm } from '@chipsmith/apu';
import { type DatasetSequence, durationLabel, type Song, type VoiceCounts, WIDEST_INTERVAL } from '@chipsmith/data';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { copiesInWords, type Inspection, type SplitInspection, voiceRow } from '../inspection.ts';
import { escapeHtml, formatNumber } from './html.ts';
import { htmlPage } from './page.ts';
import { songCard } from './song-card.ts';
import { facts, htmlTable, labelOf } from './terms.ts';
import { KEYS, mixer } from './toolbar.ts';

/** A song of the dataset as its events tell it, to be seen and heard. */
export interface DatasetSong {
  readonly song: Song;
  readonly sequence: DatasetSequence;
}

/** A dataset as one page with songs, tables and charts, which loads nothing. */
export async function datasetPage(inspection: Inspection, songs: readonly DatasetSong[]): Promise<string> {
  const { name, encoding, splits, copies, droppedFiles } = inspection;
  const sections: string[] = [];
  for (const split of splits) sections.push(await splitSection(split));
  const dropped = Object.entries(droppedFiles).map(([reason, count]) => `${count}: ${reason}`);
  const minutes = splits.reduce((sum, { seconds }) => sum + seconds / 60, 0);
  const whole = {
    encoding: encoding.name,
    classes: encoding.classes,
    songs: splits.reduce((sum, split) => sum + split.songs, 0),
    minutes,
  };
  return htmlPage({
    title: `Dataset ${name}`,
    keys: KEYS,
    files: Object.fromEntries(songs.map(({ song }, index) => [`${nameOf(index)}.vgm`, vgmOf(song)])),
    body: `<header>
<h1>Dataset ${escapeHtml(name)}</h1>
<dl>${facts(whole)}</dl>
</header>
<nav aria-label="Controls">
${mixer()}
</nav>
<main>
<h2>Songs as decoded from their events</h2>
${songs.map(card).join('\n')}
${sections.join('\n')}
<h2>The same music</h2>
${list(copiesInWords(copies))}
<h2>Files left out</h2>
${list(dropped.length > 0 ? dropped : ['none'])}
</main>`,
  });
}

function nameOf(index: number): string {
  return `song-${index + 1}`;
}

function vgmOf(song: Song): Uint8Array {
  return writeVgm(playScore(song), { title: song.title });
}

function card({ song, sequence }: DatasetSong, index: number): string {
  const { voice, length, song: source } = sequence;
  return songCard({
    name: nameOf(index),
    song,
    below: `<div class="facts">
<dl>${facts({ voice: labelOf(voice), events: length, beatsPerMinute: source.beatsPerMinute })}</dl>
<p class="source">${source.split}: ${escapeHtml(source.path)}</p>
</div>`,
  });
}

async function splitSection({ split, songs, seconds, voices, polyphony, sequences, counts }: SplitInspection) {
  const { voices: of } = counts;
  const histograms = [
    histogram('Pitch (MIDI note)', 'notes', bars(of, 'pitches', Number, ['noise'])),
    histogram('Pitch of the noise (1..16, high is bright)', 'notes', bars(of, 'pitches', Number, PITCHED)),
    histogram('Step to the next note (semitones)', 'notes', bars(of, 'intervals', stepOf, ['noise'])),
    histogram('Duration (video frames, 1/60 s)', 'notes', bars(of, 'durations', durationLabel), 'ordinal'),
    histogram('Density (notes a second in a song)', 'songs', bars(of, 'densities', Number)),
  ].filter((chart) => chart !== undefined);
  const charts = await Promise.all([...histograms, polyphonyChart(polyphony)].map(draw));
  const events = sequences.map(({ 'bits an event': bits, ...row }) => ({
    ...row,
    'bits an event': formatNumber(bits),
  }));
  return [
    `<h2>${split}: ${songs} songs, ${formatNumber(seconds / 60)} minutes</h2>`,
    htmlTable(voices.map(voiceRow)),
    '<h3>Sequences</h3>',
    htmlTable(events),
    `<div class="charts">${charts.join('\n')}</div>`,
  ].join('\n');
}

const PITCHED: readonly VoiceName[] = ['pulse1', 'pulse2', 'triangle'];
const stepOf = (index: number) => index - WIDEST_INTERVAL;

interface Bar {
  readonly voice: VoiceName;
  readonly value: number | string;
  readonly count: number;
}

/** The counts of one kind, voice by voice, from the first to the last that occurs in any of them. */
function bars(
  voices: Readonly<Record<VoiceName, VoiceCounts>>,
  kind: 'pitches' | 'intervals' | 'durations' | 'densities',
  shownAs: (index: number) => number | string,
  without: readonly VoiceName[] = [],
): Bar[] {
  const shown = VOICE_NAMES.filter((voice) => !without.includes(voice));
  const occurs = (index: number) => shown.some((voice) => voices[voice][kind][index] > 0);
  const indices = [...voices.pulse1[kind].keys()].filter(occurs);
  const [first = 0, last = -1] = [indices[0], indices.at(-1)];
  return shown.flatMap((voice) =>
    voices[voice][kind]
      .slice(first, last + 1)
      .map((count, offset) => ({ voice, value: shownAs(first + offset), count })),
  );
}

/** Two stand side by side in a window of 1,000 pixels with their letters as large as the page's. */
const CHART_WIDTH = 440;

/** Colours are the page's own, so that charts are light or dark with it. */
const COMMON = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  background: 'transparent',
  config: {
    font: 'system-ui, sans-serif',
    view: { stroke: 'var(--line)' },
    axis: {
      titleFontWeight: 'normal',
      titleColor: 'var(--ink)',
      labelColor: 'var(--soft)',
      gridColor: 'var(--line)',
      domainColor: 'var(--soft)',
      tickColor: 'var(--soft)',
    },
    header: { labelColor: 'var(--ink)' },
  },
} as const;

/** One row a voice, each with a scale of its own: how often each value occurs. Undefined if none does. */
function histogram(
  title: string,
  unit: string,
  values: readonly Bar[],
  type: 'linear' | 'ordinal' = 'linear',
): TopLevelSpec | undefined {
  const shown = VOICE_NAMES.filter((voice) => values.some((bar) => bar.voice === voice && bar.count > 0));
  if (shown.length === 0) return undefined;
  const x =
    type === 'linear'
      ? ({ type: 'quantitative', scale: { zero: false, nice: false, padding: 6 } } as const)
      : ({ type: 'ordinal' } as const);
  return {
    ...COMMON,
    data: {
      values: values
        .filter(({ voice }) => shown.includes(voice))
        .map(({ voice, ...bar }) => ({ ...bar, voice: labelOf(voice) })),
    },
    facet: { row: { field: 'voice', type: 'nominal', sort: VOICE_NAMES.map(labelOf), title: null } },
    spec: {
      width: CHART_WIDTH,
      height: 70,
      mark: type === 'linear' ? { type: 'bar', size: 5 } : 'bar',
      encoding: {
        x: { field: 'value', ...x, title, sort: null, axis: { labelAngle: 0, labelFontSize: 9 } },
        y: { field: 'count', type: 'quantitative', title: unit, axis: { tickCount: 3, minExtent: 45 } },
        color: { field: 'voice', type: 'nominal', scale: colours(shown), legend: null },
      },
    },
    resolve: { scale: { y: 'independent' } },
  };
}

function colours(voices: readonly VoiceName[]) {
  return { domain: voices.map(labelOf), range: voices.map((voice) => `var(--${voice})`) };
}

function polyphonyChart(shares: readonly number[]): TopLevelSpec {
  return {
    ...COMMON,
    width: CHART_WIDTH,
    height: 120,
    data: { values: shares.map((share, voices) => ({ voices, percent: share * 100 })) },
    mark: { type: 'bar', color: 'var(--accent)' },
    encoding: {
      x: { field: 'voices', type: 'ordinal', title: 'Polyphony (voices sounding at once)', axis: { labelAngle: 0 } },
      y: { field: 'percent', type: 'quantitative', title: '% of the time' },
    },
  };
}

async function draw(specification: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(specification).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `<figure>${svg}</figure>`;
}

function list(lines: readonly string[]): string {
  return `<ul>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul>`;
}
