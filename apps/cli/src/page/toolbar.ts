import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { labelOf, term } from './terms.ts';

/** The controls that every page has: each voice's mute and solo, loop, volume, zoom. */
export function mixer(): string {
  return `<div class="mixer" role="group" aria-label="Sound">
${VOICE_NAMES.map(strip).join('\n')}
<button type="button" id="loop" aria-pressed="false" title="Start again at the end (l)">Loop</button>
<label class="volume">Volume <input type="range" id="volume" min="0" max="100" value="100"></label>
<span class="zoom" role="group" aria-label="Zoom"><button type="button" id="zoom-out" aria-label="Zoom out" title="Narrower piano rolls (-)">−</button><output id="zoom">1×</output><button type="button" id="zoom-in" aria-label="Zoom in" title="Wider piano rolls (+)">+</button></span>
</div>`;
}

function strip(voice: VoiceName, index: number): string {
  const label = labelOf(voice);
  const button = (kind: 'mute' | 'solo', meaning: string, key: string) =>
    `<button type="button" class="${kind}" aria-pressed="false" aria-label="${meaning} ${label}" title="${meaning} ${label} (${key})">${meaning[0]}</button>`;
  return `<span class="voice ${voice}">${term(voice)}${button('mute', 'Mute', `${index + 1}`)}${button('solo', 'Solo', `shift ${index + 1}`)}</span>`;
}

/** The keys that work on every page. */
export const KEYS = `<kbd>space</kbd> play <kbd>j</kbd> <kbd>k</kbd> next, previous <kbd>←</kbd> <kbd>→</kbd> five seconds
<kbd>1</kbd>–<kbd>4</kbd> mute <kbd>shift</kbd> solo <kbd>l</kbd> loop <kbd>+</kbd> <kbd>-</kbd> zoom`;
