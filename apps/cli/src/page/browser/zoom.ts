import { find, findAll } from './dom.ts';

/** How many times the width of the page the piano rolls may be. */
const STEPS = [1, 2, 4, 8];

/** Widens the piano rolls, all alike so that they can be compared. */
export class Zoom {
  #step = 0;

  constructor() {
    find('#zoom-in').addEventListener('click', () => this.change(1));
    find('#zoom-out').addEventListener('click', () => this.change(-1));
    this.change(0);
  }

  /** A step closer (1) or farther (-1); what is in the middle of a roll stays there. */
  change(step: number): void {
    const rolls = findAll('.scroll').map((roll) => {
      return { roll, middle: (roll.scrollLeft + roll.clientWidth / 2) / Math.max(1, roll.scrollWidth) };
    });
    this.#step = Math.max(0, Math.min(this.#step + step, STEPS.length - 1));
    document.body.style.setProperty('--zoom', String(STEPS[this.#step]));
    find('#zoom').textContent = `${STEPS[this.#step]}×`;
    for (const { roll, middle } of rolls) roll.scrollLeft = middle * roll.scrollWidth - roll.clientWidth / 2;
  }
}
