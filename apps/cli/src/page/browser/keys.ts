import { VOICE_NAMES } from '@chipsmith/apu';

/** What each key does, by `KeyboardEvent.key`. */
export type Keys = Readonly<Record<string, () => void>>;

/** Elements in which keys write text. */
const TEXT = 'input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, [contenteditable]';

/** Keys by which these elements are operated. */
const OWN_KEYS: readonly (readonly [selector: string, keys: RegExp])[] = [
  ['select', /^(Arrow(Up|Down)|Enter|Escape)$/],
  ['input', /^(Arrow|Page|Home|End)/],
];

/** What may be done again and again while its key is held. */
const REPEATABLE = /^([jk+=-]|Arrow.*)$/;

/**
 * Sees to keys wherever the focus is, but leaves the browser its shortcuts, typing, and what operates a list or a
 * slider.
 */
export function listenToKeys(keys: Keys): void {
  const actionOf = (event: KeyboardEvent): (() => void) | undefined => {
    const { target, key, code } = event;
    const focused = target instanceof Element ? target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || focused.closest(TEXT)) return undefined;
    if (OWN_KEYS.some(([selector, own]) => focused.matches(selector) && own.test(key))) return undefined;
    // A digit's key stays that key with Shift, which on most keyboards makes another character of it.
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
    if (digit !== undefined) return keys[`${event.shiftKey ? 'Shift+' : ''}${digit}`];
    // Letters are the same with Caps Lock.
    return keys[key.length === 1 ? key.toLowerCase() : key];
  };
  document.addEventListener('keydown', (event) => {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || REPEATABLE.test(event.key)) action();
  });
  // Firefox clicks a focused button when the space bar comes up again.
  document.addEventListener('keyup', (event) => {
    if (event.key === ' ' && actionOf(event)) event.preventDefault();
  });
}

/** A key for each voice: 1 to 4. */
export function voiceKeys(action: (voice: (typeof VOICE_NAMES)[number]) => void, prefix = ''): Keys {
  return Object.fromEntries(VOICE_NAMES.map((voice, index) => [`${prefix}${index + 1}`, () => action(voice)]));
}
