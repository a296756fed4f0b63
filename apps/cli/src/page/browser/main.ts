// What a page does: one piece plays at a time, the keyboard reaches everything, and tracks can be kept, packed and made again.
import { Chip } from './chip.ts';
import { Deck } from './deck.ts';
import { showExplanations } from './explanations.ts';
import { Kept } from './kept.ts';
import { listenToKeys, voiceKeys } from './keys.ts';
import { Mixer } from './mixer.ts';
import { offerMore } from './more.ts';
import { sortCards } from './sorting.ts';
import { Sound } from './sound.ts';
import { Zoom } from './zoom.ts';

const chip = new Chip();
const sound = new Sound(chip);
const deck = new Deck(sound);
const mixer = new Mixer(sound);
const zoom = new Zoom();
showExplanations();

/** Songs of a dataset are heard only; tracks are chosen among. */
const isSheet = document.body.dataset.sheet !== undefined;
const kept = isSheet ? new Kept(deck, chip) : undefined;
if (isSheet) {
  sortCards(deck);
  offerMore(deck);
}

listenToKeys({
  ' ': () => deck.toggle(),
  j: () => deck.move(1),
  k: () => deck.move(-1),
  ArrowDown: () => deck.move(1),
  ArrowUp: () => deck.move(-1),
  ArrowRight: () => deck.skip(5),
  ArrowLeft: () => deck.skip(-5),
  l: () => mixer.toggleLoop(),
  '+': () => zoom.change(1),
  '=': () => zoom.change(1),
  '-': () => zoom.change(-1),
  ...voiceKeys((voice) => mixer.toggle(voice, 'mute')),
  ...voiceKeys((voice) => mixer.toggle(voice, 'solo'), 'Shift+'),
  ...(kept && { f: () => kept.toggle(deck.current) }),
});
