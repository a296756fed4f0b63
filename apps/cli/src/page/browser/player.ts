import { Chip } from './chip.ts';
import { Deck } from './deck.ts';
import { type Keys, voiceKeys } from './keys.ts';
import { Mixer } from './mixer.ts';
import { Sound } from './sound.ts';
import { Zoom } from './zoom.ts';

/** What plays the cards of every page, and the keys that operate it. */
export function startPlayer(): { readonly chip: Chip; readonly deck: Deck; readonly keys: Keys } {
  const chip = new Chip();
  const sound = new Sound(chip);
  const deck = new Deck(sound);
  const mixer = new Mixer(sound);
  const zoom = new Zoom();
  const keys = {
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
  };
  return { chip, deck, keys };
}
