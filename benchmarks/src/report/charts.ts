import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { PEER_TITLES } from '../peers/names.ts';
import type { Report } from './results.ts';

/** A picture with its caption. */
export interface Chart {
  readonly title: string;
  readonly svg: string;
}

const WIDTH = 560;
const COMMON = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  width: WIDTH,
  background: 'white',
  config: {
    font: 'system-ui, sans-serif',
    axis: { labelLimit: 320, titleFontWeight: 'normal' },
    legend: { labelLimit: 320 },
  },
} as const;

/** The charts that a report has figures for, as SVG. */
export async function drawCharts(report: Report): Promise<Chart[]> {
  const charts = [shares(report), peers(report), growth(report)].filter((chart) => chart !== undefined);
  return Promise.all(charts.map(async ({ title, specification }) => ({ title, svg: await draw(specification) })));
}

interface Drawing {
  readonly title: string;
  readonly specification: TopLevelSpec;
}

function shares({ results }: Report): Drawing | undefined {
  const limits = { FMA: 'FMA peak', copy: 'copy bandwidth' };
  const values = results.flatMap(({ name, share }) =>
    share === undefined ? [] : [{ name, percent: share.value * 100, limit: limits[share.of] }],
  );
  if (values.length === 0) return undefined;
  return {
    title: "Share of the adapter's limit, measured in turn",
    specification: {
      ...COMMON,
      data: { values },
      mark: 'bar',
      encoding: {
        y: { field: 'name', type: 'nominal', sort: null, title: null },
        x: { field: 'percent', type: 'quantitative', title: '% of the limit' },
        color: { field: 'limit', type: 'nominal', title: null, legend: { orient: 'top' } },
      },
    },
  };
}

function peers({ results }: Report): Drawing | undefined {
  const values = results.flatMap(({ name, peers: compared = [] }) =>
    compared.flatMap((result) =>
      'failure' in result ? [] : [{ name, peer: PEER_TITLES[result.peer], ...result.ratio }],
    ),
  );
  if (values.length === 0) return undefined;
  const y = { field: 'name', type: 'nominal', sort: null, title: null } as const;
  const color = {
    field: 'peer',
    type: 'nominal',
    sort: Object.values(PEER_TITLES),
    title: null,
    legend: { orient: 'top' },
  } as const;
  return {
    title: 'How many times as long other libraries take (dot: median round, line: all rounds; 1 is as long as ours)',
    specification: {
      ...COMMON,
      height: { step: 18 },
      layer: [
        { data: { values: [{ one: 1 }] }, mark: { type: 'rule', color: '#555' }, encoding: { x: { datum: 1 } } },
        {
          data: { values },
          mark: 'rule',
          encoding: {
            y,
            color,
            x: { field: 'least', type: 'quantitative', scale: { type: 'log' }, title: 'times as long as ours' },
            x2: { field: 'most' },
          },
        },
        {
          data: { values },
          mark: { type: 'point', filled: true, size: 55, opacity: 1 },
          encoding: { y, color, x: { field: 'median', type: 'quantitative' } },
        },
      ],
    },
  };
}

function growth({ growth: lengths }: Report): Drawing | undefined {
  const values = lengths.flatMap(({ length, bytes, scoreBytes }) => [
    { length, mebibytes: bytes / 2 ** 20, what: 'a training step besides inputs' },
    { length, mebibytes: scoreBytes / 2 ** 20, what: 'scores alone, length x length' },
  ]);
  if (values.length === 0) return undefined;
  return {
    title: 'Planned memory of attention by length',
    specification: {
      ...COMMON,
      height: 260,
      data: { values },
      mark: { type: 'line', point: true },
      encoding: {
        x: { field: 'length', type: 'quantitative', axis: { values: lengths.map(({ length }) => length) } },
        y: { field: 'mebibytes', type: 'quantitative', title: 'MiB' },
        color: { field: 'what', type: 'nominal', sort: null, title: null, legend: { orient: 'top' } },
      },
    },
  };
}

async function draw(specification: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(specification).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
