import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { find, isPressed, setPressed } from './dom.ts';
import type { Sound } from './sound.ts';

/** Mute and solo of each voice, loop and volume: they hold for every piece of the page. */
export class Mixer {
  readonly #sound: Sound;
  readonly #loop = find('#loop');

  constructor(sound: Sound) {
    this.#sound = sound;
    for (const voice of VOICE_NAMES) {
      for (const kind of ['mute', 'solo'] as const) {
        buttonOf(voice, kind).addEventListener('click', () => this.toggle(voice, kind));
      }
    }
    this.#loop.addEventListener('click', () => this.toggleLoop());
    const volume = find('#volume') as HTMLInputElement;
    volume.addEventListener('input', () => {
      sound.volume = volume.valueAsNumber / 100;
    });
  }

  toggle(voice: VoiceName, kind: 'mute' | 'solo'): void {
    const button = buttonOf(voice, kind);
    setPressed(button, !isPressed(button));
    this.#apply();
  }

  toggleLoop(): void {
    setPressed(this.#loop, !isPressed(this.#loop));
    this.#apply();
  }

  /** As on any mixing desk: where voices are soloed, those alone are heard, unless they are muted. */
  #apply(): void {
    const soloed = VOICE_NAMES.filter((voice) => isPressed(buttonOf(voice, 'solo')));
    const silentVoices = VOICE_NAMES.filter(
      (voice) => isPressed(buttonOf(voice, 'mute')) || (soloed.length > 0 && !soloed.includes(voice)),
    );
    document.body.dataset.silent = silentVoices.join(' ');
    this.#sound.mix = { silentVoices, loop: isPressed(this.#loop) };
  }
}

function buttonOf(voice: VoiceName, kind: 'mute' | 'solo'): HTMLElement {
  return find(`.mixer .${voice} .${kind}`);
}
