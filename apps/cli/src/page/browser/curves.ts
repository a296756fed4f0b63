import type { Metrics } from '@chipsmith/models';
import uPlot from 'uplot';
import type { RunState } from '../../watch/messages.ts';

/** Of a chart, in pixels. */
const HEIGHT = 190;

interface Curve {
  readonly label: string;
  /** A colour of the page's style. */
  readonly colour: `--${string}`;
  /** Null where the line has none. */
  readonly pick: (metrics: Metrics) => number | null;
}

interface Chart {
  readonly title: string;
  readonly curves: readonly Curve[];
}

type CurvesOf = Pick<RunState, 'lossUnit' | 'units' | 'baseline'>;

function chartsOf({ lossUnit, units, baseline }: CurvesOf): readonly Chart[] {
  const one = (title: string, colour: Curve['colour'], pick: Curve['pick']): Chart => {
    return { title, curves: [{ label: title.replace(/ \(.*/, '').toLowerCase(), colour, pick }] };
  };
  const losses: Curve[] = [
    { label: 'training', colour: '--triangle', pick: ({ loss }) => loss },
    { label: 'validation', colour: '--accent', pick: ({ valid }) => valid?.loss ?? null },
  ];
  // Drawn first, so that the others lie on it.
  if (baseline !== null) losses.unshift({ label: 'baseline', colour: '--soft', pick: () => baseline });
  return [
    { title: `Loss (${lossUnit})`, curves: losses },
    one('Learning rate', '--triangle', ({ learningRate }) => learningRate),
    one('Gradient norm', '--triangle', ({ gradientNorm }) => gradientNorm),
    one(`${units[0].toUpperCase()}${units.slice(1)} a second`, '--triangle', ({ tokensPerSecond }) => tokensPerSecond),
  ];
}

/** The curves of a run over its steps, which grow while it is trained. */
export class Curves {
  #lines: readonly Metrics[] = [];
  readonly #plots: readonly { readonly plot: uPlot; readonly curves: readonly Curve[] }[];

  /** @param place where the charts go */
  constructor(place: HTMLElement, run: CurvesOf) {
    this.#plots = chartsOf(run).map(({ title, curves }) => {
      const figure = document.createElement('figure');
      figure.setAttribute('aria-label', `${title} over training steps`);
      place.append(figure);
      return { plot: plotOf(figure, title, curves), curves };
    });
    const redraw = () => {
      for (const { plot } of this.#plots) plot.redraw();
    };
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
    new ResizeObserver(() => {
      for (const { plot } of this.#plots) plot.setSize({ width: widthFor(plot.root), height: HEIGHT });
    }).observe(place);
  }

  get last(): Metrics | undefined {
    return this.#lines.at(-1);
  }

  /** The lowest validation loss and its step. */
  get best(): { readonly step: number; readonly loss: number } | undefined {
    const validations = this.#lines.flatMap(({ step, valid }) => (valid ? [{ step, loss: valid.loss }] : []));
    return validations.sort((a, b) => a.loss - b.loss)[0];
  }

  /** @param isStart whether the lines are the first ones of the run, and not those that follow the earlier ones */
  add(lines: readonly Metrics[], isStart: boolean): void {
    if (lines.length === 0 && !isStart) return;
    this.#lines = isStart ? lines : [...this.#lines, ...lines];
    const steps = this.#lines.map(({ step }) => step);
    for (const { plot, curves } of this.#plots) {
      plot.setData([steps, ...curves.map(({ pick }) => this.#lines.map(pick))]);
    }
  }
}

/** Between the ticks of steps: 1, 2, 5, 10, ... up to a billion, the most that a training takes. */
const WHOLE_INCREMENTS = Array.from({ length: 28 }, (_, index) => [1, 2, 5][index % 3] * 10 ** Math.floor(index / 3));

function plotOf(figure: HTMLElement, title: string, curves: readonly Curve[]): uPlot {
  const axis = {
    stroke: () => colourOf('--soft'),
    grid: { stroke: () => colourOf('--line'), width: 1 },
    ticks: { stroke: () => colourOf('--line'), width: 1 },
  };
  const shown = (value: number | null) => (value === null ? '–' : String(Number(value.toPrecision(4))));
  const options: uPlot.Options = {
    title,
    width: widthFor(figure),
    height: HEIGHT,
    scales: { x: { time: false } },
    // Ticks such as 0.0005 are wider than those of most charts.
    axes: [
      { ...axis, incrs: WHOLE_INCREMENTS },
      { ...axis, size: 64, values: (_, ticks) => ticks.map(shown) },
    ],
    series: [
      { label: 'step' },
      ...curves.map(({ label, colour }) => ({
        label,
        stroke: () => colourOf(colour),
        width: 1.5,
        // Not every line has a validation.
        spanGaps: true,
        value: (_: uPlot, value: number | null) => shown(value),
      })),
    ],
  };
  return new uPlot(options, [[], ...curves.map(() => [])], figure);
}

/** Between the edges of a figure. */
function widthFor(element: HTMLElement): number {
  const figure = element.closest('figure') ?? element;
  const { paddingLeft, paddingRight } = getComputedStyle(figure);
  return Math.max(100, figure.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight));
}

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
