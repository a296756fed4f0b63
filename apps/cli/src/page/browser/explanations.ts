import { find, findAll } from './dom.ts';

/** Kept from the edges of the window (pixels). */
const MARGIN = 8;

/**
 * Shows what a word means while the pointer is on it or it has the focus; browsers by themselves do so for the pointer
 * only.
 */
export function showExplanations(within: ParentNode = document): void {
  const bubble = find('#explanation');
  const hide = () => {
    bubble.hidden = true;
  };
  for (const word of findAll('[title]', within)) {
    const explanation = word.title;
    word.removeAttribute('title');
    word.setAttribute('aria-description', explanation);
    const show = () => {
      bubble.textContent = explanation;
      bubble.hidden = false;
      const { left, top, bottom } = word.getBoundingClientRect();
      const farthest = document.documentElement.clientWidth - bubble.offsetWidth - MARGIN;
      const fits = bottom + bubble.offsetHeight + 2 * MARGIN < innerHeight;
      bubble.style.left = `${Math.max(MARGIN, Math.min(left, farthest))}px`;
      bubble.style.top = `${fits ? bottom + MARGIN : top - bubble.offsetHeight - MARGIN}px`;
    };
    word.addEventListener('pointerenter', show);
    word.addEventListener('pointerleave', hide);
    word.addEventListener('focus', show);
    word.addEventListener('blur', hide);
  }
  addEventListener('scroll', hide, { passive: true });
  addEventListener('keydown', ({ key }) => key === 'Escape' && hide());
}
