// What a page does: one piece plays at a time, the keyboard reaches everything, and tracks can be kept, packed and made
// again.
import { showExplanations } from './explanations.ts';
import { Kept } from './kept.ts';
import { listenToKeys } from './keys.ts';
import { offerMore } from './more.ts';
import { startPlayer } from './player.ts';
import { sortCards } from './sorting.ts';

const { chip, deck, keys } = startPlayer();
showExplanations();

/** Songs of a dataset are heard only; tracks are chosen among. */
const isSheet = document.body.dataset.sheet !== undefined;
const kept = isSheet ? new Kept(deck, chip) : undefined;
if (isSheet) {
  sortCards(deck);
  offerMore(deck);
}

listenToKeys({ ...keys, ...(kept && { f: () => kept.toggle(deck.current) }) });
