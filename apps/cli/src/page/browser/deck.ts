import { clockTime } from '../../clock-time.ts';
import { find, findAll } from './dom.ts';
import { pieceOf } from './files.ts';
import type { Sound } from './sound.ts';

/** What a click on means something else: the star of another track, say, does not stop the one that plays. */
const OWN_CLICKS = 'button, a, dfn, details, .stage';

/**
 * The cards of the page, one of which is the current one and may play. Hidden cards are never current, and never play.
 */
export class Deck {
  #cards: readonly HTMLElement[] = [];
  readonly #main = find('main');
  readonly #sound: Sound;
  #current: HTMLElement | undefined;
  #isPlaying = false;
  #frame = 0;

  constructor(sound: Sound) {
    this.#sound = sound;
    sound.onEnd = () => {
      const next = this.#neighbour(1);
      this.pause();
      this.#show(0);
      if (next) this.play(next, 0);
    };
    sound.onFailure = ({ message }) => {
      this.pause();
      if (this.#current) showProblem(this.#current, `This track cannot be played: ${message}.`);
    };
    this.renew();
  }

  get cards(): readonly HTMLElement[] {
    return this.#cards;
  }

  /** Takes in cards that were put on the page, and lets go of those that were taken off it. */
  renew(): void {
    const known = new Set(this.#cards);
    this.#cards = findAll('article', this.#main);
    for (const card of this.#cards) {
      if (known.has(card)) continue;
      const stage = find('.stage', card);
      card.addEventListener('click', ({ target }) => {
        if (target instanceof Element && !target.closest(OWN_CLICKS)) this.#select(card);
      });
      find('.play', card).addEventListener('click', () => this.toggle(card));
      stage.addEventListener('click', ({ clientX }) => {
        const { left, width } = stage.getBoundingClientRect();
        this.play(card, ((clientX - left) / width) * secondsOf(card));
      });
    }
    this.settle();
  }

  get current(): HTMLElement | undefined {
    return this.#current;
  }

  /** The cards that are not hidden, down the page. */
  get shown(): HTMLElement[] {
    return findAll('article:not([hidden])', this.#main);
  }

  /**
   * Makes good what hiding or showing cards upset: a hidden card falls silent, and the nearest below or above is
   * current.
   */
  settle(): void {
    if (this.#current?.isConnected && !this.#current.hidden) return;
    const all = findAll('article', this.#main);
    const place = Math.max(0, this.#current ? all.indexOf(this.#current) : 0);
    const nearest =
      all.slice(place).find(({ hidden }) => !hidden) ?? all.slice(0, place).findLast(({ hidden }) => !hidden);
    this.#choose(nearest);
  }

  toggle(card: HTMLElement | undefined = this.#current): void {
    if (!card) return;
    if (card === this.#current && this.#isPlaying) this.pause();
    else this.play(card, card === this.#current ? this.#sound.position : 0);
  }

  /** Plays a card from a position in seconds. */
  play(card: HTMLElement, position: number): void {
    this.#select(card);
    find('.problem', card).hidden = true;
    this.#isPlaying = true;
    card.classList.add('playing');
    this.#sound.play(pieceOf(card), position);
    const next = this.#neighbour(1);
    if (next) this.#sound.prepare(pieceOf(next));
    this.#follow();
  }

  pause(): void {
    this.#sound.stop();
    this.#isPlaying = false;
    this.#current?.classList.remove('playing');
  }

  /** To another card down or up the page, which plays if the current one does. */
  move(step: number): void {
    const next = this.#neighbour(step);
    if (!next) return;
    if (this.#isPlaying) this.play(next, 0);
    else this.#select(next);
  }

  /** Forward or backward by some seconds. */
  skip(seconds: number): void {
    if (!this.#current) return;
    const position = Math.max(0, Math.min(this.#sound.position + seconds, secondsOf(this.#current)));
    if (this.#isPlaying) this.play(this.#current, position);
    else {
      this.#sound.rest = position;
      this.#show(position);
    }
  }

  #neighbour(step: number): HTMLElement | undefined {
    const { shown } = this;
    return this.#current && shown[shown.indexOf(this.#current) + step];
  }

  #select(card: HTMLElement): void {
    this.#choose(card);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: 'nearest' });
  }

  #choose(card: HTMLElement | undefined): void {
    if (card === this.#current) return;
    this.pause();
    this.#sound.rest = 0;
    this.#current?.classList.remove('current');
    this.#current = card;
    card?.classList.add('current');
    this.#show(0);
  }

  /** Moves the playhead with every picture that the screen shows. */
  #follow(): void {
    cancelAnimationFrame(this.#frame);
    if (!this.#isPlaying) return;
    this.#show(this.#sound.position);
    this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #show(position: number): void {
    const card = this.#current;
    if (!card) return;
    const share = Math.min(1, position / Math.max(secondsOf(card), 0.001));
    find('.playhead', card).style.left = `${100 * share}%`;
    find('.now', card).textContent = clockTime(Math.floor(position));
    keepInSight(find('.scroll', card), share);
  }
}

/** Turns a zoomed piano roll over like a page when the playhead leaves what is seen of it. */
function keepInSight(scroll: HTMLElement, share: number): void {
  const { scrollLeft, clientWidth, scrollWidth } = scroll;
  const x = share * scrollWidth;
  if (x < scrollLeft || x > scrollLeft + clientWidth) scroll.scrollLeft = x - clientWidth / 10;
}

function secondsOf(card: HTMLElement): number {
  return Number(card.dataset.seconds);
}

function showProblem(card: HTMLElement, text: string): void {
  const problem = find('.problem', card);
  problem.textContent = text;
  problem.hidden = false;
}
