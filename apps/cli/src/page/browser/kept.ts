import type { Chip } from './chip.ts';
import type { Deck } from './deck.ts';
import { copy, find, isPressed, notify, setPressed } from './dom.ts';
import { filesOf, sidecarOf } from './files.ts';
import type { WavFormat } from './messages.ts';
import { commandLine, folderOfPage } from './shell.ts';

/** The tracks with a star, which the browser remembers for this page. */
export class Kept {
  readonly #deck: Deck;
  readonly #chip: Chip;
  readonly #filter = find('#filter');
  /** All pages from disk share one storage. */
  readonly #storageKey = `chipsmith-kept-${document.body.dataset.sheet}`;
  readonly #names: Set<string>;

  constructor(deck: Deck, chip: Chip) {
    this.#deck = deck;
    this.#chip = chip;
    this.#names = new Set(this.#remembered());
    for (const card of deck.cards) find('.keep', card).addEventListener('click', () => this.toggle(card));
    this.#filter.addEventListener('click', () => {
      setPressed(this.#filter, !isPressed(this.#filter));
      this.#show();
    });
    this.#onClick('#copy', copyCommand);
    this.#onClick('#download', (names) => this.#download(names));
    this.#show();
  }

  toggle(card: HTMLElement | undefined): void {
    if (!card) return;
    const name = nameOf(card);
    if (!this.#names.delete(name)) this.#names.add(name);
    try {
      localStorage.setItem(this.#storageKey, JSON.stringify([...this.#names]));
    } catch {
      notify('This browser forgets the stars when the page is closed: copy the command, or download.');
    }
    this.#show();
  }

  /** The names of the kept tracks, in the order in which they were made. */
  get #kept(): string[] {
    return this.#deck.cards.map(nameOf).filter((name) => this.#names.has(name));
  }

  /** Lets a button do something with the kept tracks, if there are any. */
  #onClick(button: string, act: (names: readonly string[]) => Promise<void>): void {
    find(button).addEventListener('click', () => {
      if (this.#kept.length > 0) void act(this.#kept);
      else notify('No tracks kept yet: star the ones you like.');
    });
  }

  #remembered(): string[] {
    try {
      return JSON.parse(localStorage.getItem(this.#storageKey) ?? '[]');
    } catch {
      // Private windows and strict settings refuse storage: stars then last as long as the page.
      return [];
    }
  }

  #show(): void {
    const onlyKept = isPressed(this.#filter);
    for (const card of this.#deck.cards) {
      const isKept = this.#names.has(nameOf(card));
      setPressed(find('.keep', card), isKept);
      card.hidden = onlyKept && !isKept;
    }
    const { length } = this.#kept;
    find('#kept').textContent = String(length);
    find('.nothing').hidden = !onlyKept || length > 0;
    this.#deck.settle();
  }

  async #download(names: readonly string[]): Promise<void> {
    notify('Packing ...');
    try {
      const wavs = Object.fromEntries(names.map((name): [string, WavFormat] => [`${name}.vgm`, sidecarOf(name).sound]));
      const files = filesOf((file) => names.includes(file.replace(/\.\w+$/, '')));
      save(await this.#chip.zip({ files, wavs }), 'kept.zip');
      notify(`Packed ${names.length === 1 ? 'one track' : `${names.length} tracks`} into kept.zip.`);
    } catch (error) {
      notify(`Packing failed: ${error instanceof Error ? error.message : error}.`);
    }
  }
}

function copyCommand(names: readonly string[]): Promise<void> {
  const line = commandLine(['keep', '--from', folderOfPage(), '--output', 'kept', ...names]);
  return copy(line, 'Copied the command that puts them into the folder kept.');
}

function save(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/zip' }));
  link.download = name;
  link.click();
  // The browser has read it all long before.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function nameOf(card: HTMLElement): string {
  return card.dataset.name ?? '';
}
