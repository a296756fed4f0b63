import type { MetricsPosition } from '@chipsmith/models';
import type { Answers, RunState } from '../../watch/messages.ts';
import { escapeHtml } from '../html.ts';
import { facts, figureOf } from '../terms.ts';
import { Curves } from './curves.ts';
import { find, findAll } from './dom.ts';
import { showExplanations } from './explanations.ts';
import { addFiles } from './files.ts';

/** Asks the server. */
export type Ask = <Path extends keyof Answers>(
  path: Path,
  query: Readonly<Record<string, string | number>>,
) => Promise<Answers[Path]>;

/** A run on the page: how far it is, its curves, and the preview of one step. */
export class WatchedRun {
  readonly #name: string;
  readonly #section = document.createElement('section');
  readonly #curves: Curves;
  readonly #steps: HTMLSelectElement;
  readonly #onCards: () => void;
  #position: MetricsPosition | undefined;
  #shownStep: number | undefined;

  /** @param onCards called when the pieces on the page have changed */
  constructor(place: HTMLElement, state: RunState, onCards: () => void) {
    const { name } = state;
    this.#name = name;
    this.#onCards = onCards;
    this.#section.className = 'run';
    this.#section.innerHTML = `<h2>${escapeHtml(name)}</h2>
<dl class="state"></dl>
<div class="charts"></div>
<p class="previews" hidden><label>Previews at step <select></select></label></p>
<p class="nothing">No previews yet: train makes them every --preview-every steps.</p>
<div class="cards"></div>`;
    place.append(this.#section);
    this.#curves = new Curves(find('.charts', this.#section), state);
    this.#steps = find('select', this.#section) as HTMLSelectElement;
  }

  /** Brings it to what the run is now. */
  async update(state: RunState, ask: Ask): Promise<void> {
    const { lines, isStart, position } = await ask('metrics', { run: this.#name, ...this.#position });
    this.#curves.add(lines, isStart);
    this.#position = position;
    this.#showState(state);
    this.#listSteps(state.previews);
    await this.#showPreview(ask);
  }

  remove(): void {
    this.#section.remove();
    this.#onCards();
  }

  #showState({ model, units, isTraining, baseline, start }: RunState): void {
    const { last, best } = this.#curves;
    const values = {
      model,
      state: isTraining ? 'training' : 'not training',
      step: last?.step ?? 0,
      loss: last?.loss ?? Number.NaN,
      lowestValidation: best?.loss ?? Number.NaN,
      ...(baseline !== null && { baseline }),
      speed: last === undefined ? Number.NaN : `${Math.round(last.tokensPerSecond)} ${units}/s`,
      waited: 100 * (last?.waited ?? Number.NaN),
      ...(start && {
        predicted: megabytes(start.predicted),
        measured: megabytes(start.measured),
        device: start.adapter,
      }),
    };
    const list = find('.state', this.#section);
    // Words keep the focus and their explanation while the figures change.
    const figures = findAll('dd', list);
    if (figures.length === Object.keys(values).length) {
      for (const [index, [name, value]] of Object.entries(values).entries()) {
        figures[index].innerHTML = figureOf(name, value);
      }
      return;
    }
    list.innerHTML = facts(values);
    showExplanations(list);
  }

  /** The newest is shown, unless another was chosen. */
  #listSteps(previews: readonly number[]): void {
    const listed = [...this.#steps.options].map(({ value }) => Number(value)).reverse();
    if (String(listed) === String(previews)) return;
    const isNewest = this.#steps.selectedIndex <= 0;
    const chosen = this.#steps.value;
    this.#steps.replaceChildren(...previews.toReversed().map((step) => new Option(String(step))));
    if (!isNewest && previews.includes(Number(chosen))) this.#steps.value = chosen;
    find('.previews', this.#section).hidden = previews.length === 0;
    find('.nothing', this.#section).hidden = previews.length > 0;
  }

  async #showPreview(ask: Ask): Promise<void> {
    const cards = find('.cards', this.#section);
    const step = this.#steps.value === '' ? undefined : Number(this.#steps.value);
    // What plays is not taken away for something newer.
    if (step === this.#shownStep || cards.querySelector('.playing')) return;
    const preview = step === undefined ? undefined : await ask('preview', { run: this.#name, step });
    addFiles(preview?.files ?? {});
    cards.innerHTML = preview?.cards ?? '';
    showExplanations(cards);
    this.#shownStep = step;
    this.#onCards();
  }
}

function megabytes(bytes: Readonly<Record<string, number>>): number {
  return Object.values(bytes).reduce((sum, each) => sum + each, 0) / 1e6;
}
