import { commandWords } from '../../shell-line.ts';
import type { Deck } from './deck.ts';
import { copy, find } from './dom.ts';
import { sidecarOf } from './files.ts';
import { commandLine, folderOfPage } from './shell.ts';

/** Seeds are 32 bits wide. */
const SEEDS = 2 ** 32;

/** "More like this": the commands that make others with the same settings, that go on from this track, and vary it. */
export function offerMore(deck: Deck): void {
  for (const card of deck.cards) {
    const details = find('.more', card) as HTMLDetailsElement;
    const { name = '' } = card.dataset;
    const commands = () => {
      const { seed: before, command = ['generate'], options, further = {} } = sidecarOf(name);
      const seed = String((before + 1) % SEEDS);
      const track = `${folderOfPage()}/${name}.mid`;
      return {
        reseed: commandWords(command, { ...options, seed }),
        continue: commandWords(['generate'], { ...further.continue, seed, primer: track }),
        vary: commandWords(['vary', track], { ...further.vary, seed }),
      };
    };
    const offered = Array.from(details.querySelectorAll<HTMLElement>('p[data-kind]'), (line) => ({
      line,
      wordsOf: () => commands()[line.dataset.kind as keyof ReturnType<typeof commands>],
    }));
    // Twenty of them take a while: each is filled in when it is opened.
    details.addEventListener('toggle', () => {
      if (!details.open) return;
      for (const { line, wordsOf } of offered) find('code', line).textContent = commandLine(wordsOf());
    });
    for (const { line, wordsOf } of offered) {
      find('button', line).addEventListener('click', () => {
        void copy(commandLine(wordsOf()), 'Copied the command.');
      });
    }
  }
}
