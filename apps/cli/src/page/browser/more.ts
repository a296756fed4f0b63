import type { Deck } from './deck.ts';
import { copy, find } from './dom.ts';
import { sidecarOf } from './files.ts';
import { commandLine, folderOfPage, optionWords } from './shell.ts';

/** Seeds are 32 bits wide. */
const SEEDS = 2 ** 32;

/** "More like this": the commands that make others with the same settings, and that go on from this track. */
export function offerMore(deck: Deck): void {
  for (const card of deck.cards) {
    const details = find('.more', card) as HTMLDetailsElement;
    const { name = '' } = card.dataset;
    const commands = () => {
      const { seed, options } = sidecarOf(name);
      const reseeded = { ...options, seed: String((seed + 1) % SEEDS) };
      const { 'primer-pitches': _, ...others } = reseeded as typeof options;
      const continued = { ...others, primer: `${folderOfPage()}/${name}.mid` };
      return { reseed: ['generate', ...optionWords(reseeded)], continue: ['generate', ...optionWords(continued)] };
    };
    // Twenty of them take a while: each is filled in when it is opened.
    details.addEventListener('toggle', () => {
      if (!details.open) return;
      for (const [kind, words] of Object.entries(commands())) {
        find(`.${kind} code`, details).textContent = commandLine(words);
      }
    });
    for (const kind of ['reseed', 'continue'] as const) {
      find(`.${kind} button`, details).addEventListener('click', () => {
        void copy(commandLine(commands()[kind]), 'Copied the command.');
      });
    }
  }
}
