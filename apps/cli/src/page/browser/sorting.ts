import type { Deck } from './deck.ts';
import { find } from './dom.ts';

/** Puts the cards in the order of a score, or of their making. */
export function sortCards(deck: Deck): void {
  const select = find('#sort') as HTMLSelectElement;
  const direction = find('#direction');
  let ascending = true;
  const sort = () => {
    const scoreOf = ({ dataset }: HTMLElement): number => {
      const value = select.value ? JSON.parse(dataset.scores ?? '{}')[select.value] : Number(dataset.index);
      return value ?? Number.NaN;
    };
    const sorted = [...deck.cards].sort((a, b) => {
      const [left, right] = [scoreOf(a), scoreOf(b)];
      // Tracks without the score come last in both directions.
      if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
      return (ascending ? left - right : right - left) || Number(a.dataset.index) - Number(b.dataset.index);
    });
    find('main').prepend(...sorted);
    direction.textContent = ascending ? '↑' : '↓';
  };
  select.addEventListener('change', sort);
  direction.addEventListener('click', () => {
    ascending = !ascending;
    sort();
  });
}
