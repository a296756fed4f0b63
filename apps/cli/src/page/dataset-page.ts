import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { durationLabel, type VoiceCounts, WIDEST_INTERVAL } from '@chipsmith/data';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { copiesInWords, type Inspection, type SplitInspection, voiceRow } from '../inspection.ts';
import { escapeHtml, formatNumber } from './html.ts';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto; }
th, td { padding: 3px 9px; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; }
th { border-bottom: 2px solid #888; font-weight: 600; }
ul { padding-left: 1.2rem; } figure { margin: 1.5rem 0; } svg { max-width: 100%; height: auto; }`;

/** The colours of the voices: four that are told apart by colour-blind readers too (Okabe and Ito, 2008). */
const COLOURS: Readonly<Record<VoiceName, string>> = {
  pulse1: '#0072b2',
  pulse2: '#56b4e9',
  triangle: '#d55e00',
  noise: '#777777',
};

/** A dataset as one page with tables and charts, which loads nothing. */
export async function datasetPage(inspection: Inspection): Promise<string> {
  const { name, encoding, splits, copies, droppedFiles } = inspection;
  const title = `Dataset ${name}`;
  const sections: string[] = [];
  for (const split of splits) sections.push(await splitSection(split));
  const dropped = Object.entries(droppedFiles).map(([reason, count]) => `${count}: ${reason}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>Encoding ${escapeHtml(encoding.name)}, ${encoding.classes} classes. A frame is 1/60.0988 s; entropies are in bits.</p>
${sections.join('\n')}
<h2>The same music</h2>
${list(copiesInWords(copies))}
<h2>Files left out</h2>
${list(dropped.length > 0 ? dropped : ['none'])}
</body>
</html>
`;
}

async function splitSection({ split, songs, seconds, voices, polyphony, sequences, counts }: SplitInspection) {
  const { voices: of } = counts;
  const histograms = [
    histogram('Pitch (MIDI note)', 'notes', bars(of, 'pitches', Number, ['noise'])),
    histogram('Pitch of the noise (1..16, high is bright)', 'notes', bars(of, 'pitches', Number, PITCHED)),
    histogram('Step to the next note (semitones)', 'notes', bars(of, 'intervals', stepOf, ['noise'])),
    histogram('Duration (frames)', 'notes', bars(of, 'durations', durationLabel), 'ordinal'),
    histogram('Density (notes a second in a song)', 'songs', bars(of, 'densities', Number)),
  ].filter((chart) => chart !== undefined);
  const charts = await Promise.all([...histograms, polyphonyChart(polyphony)].map(draw));
  const events = sequences.map(({ 'bits an event': bits, ...row }) => ({
    ...row,
    'bits an event': formatNumber(bits),
  }));
  return [
    `<h2>${split}: ${songs} songs, ${formatNumber(seconds / 60)} minutes</h2>`,
    table(voices.map(voiceRow)),
    '<h3>Sequences</h3>',
    table(events),
    ...charts,
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

const COMMON = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  background: 'white',
  config: { font: 'system-ui, sans-serif', axis: { titleFontWeight: 'normal' } },
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
    data: { values: values.filter(({ voice }) => shown.includes(voice)) },
    facet: { row: { field: 'voice', type: 'nominal', sort: [...VOICE_NAMES], title: null } },
    spec: {
      width: 620,
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
  return { domain: [...voices], range: voices.map((voice) => COLOURS[voice]) };
}

function polyphonyChart(shares: readonly number[]): TopLevelSpec {
  return {
    ...COMMON,
    width: 620,
    height: 120,
    data: { values: shares.map((share, voices) => ({ voices, percent: share * 100 })) },
    mark: { type: 'bar', color: '#009e73' },
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

function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const row = (cells: readonly (string | number)[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(String(cell))}</${tag}>`).join('')}</tr>`;
  const [first = {}] = rows;
  return `<table>\n${[row(Object.keys(first), 'th'), ...rows.map((cells) => row(Object.values(cells), 'td'))].join('\n')}\n</table>`;
}

function list(lines: readonly string[]): string {
  return `<ul>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul>`;
}
