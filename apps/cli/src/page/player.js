// The contact sheet's behaviour: one track plays at a time, marks are remembered, the keyboard reaches everything.

const main = document.querySelector('main');
const cards = [...document.querySelectorAll('article')];
const byId = (id) => document.getElementById(id);
const storageKey = `chipsmith-kept-${document.body.dataset.sheet}`;

let current = cards[0];
let ascending = true;
let onlyKept = false;
const kept = readKept();

// --- Playing ---------------------------------------------------------------------------------------------------------

const audioOf = (card) => card.querySelector('audio');
const secondsOf = (card) => Number(card.dataset.seconds);

function select(card) {
  if (!card) return;
  current?.classList.remove('current');
  if (current !== card) audioOf(current).pause();
  current = card;
  card.classList.add('current');
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: 'nearest' });
}

function play(card) {
  if (!card) return;
  select(card);
  audioOf(card)
    .play()
    .catch((error) => {
      // A pause that follows at once interrupts the start; anything else is a missing or damaged file.
      if (error.name !== 'AbortError') showFailure(card);
    });
}

function toggle(card) {
  if (audioOf(card).paused) play(card);
  else audioOf(card).pause();
}

function seek(card, seconds) {
  const audio = audioOf(card);
  // The file may end a little after the last note and is not known before it is loaded.
  audio.currentTime = Math.max(0, Math.min(seconds, audio.duration || secondsOf(card)));
  showTime(card);
}

/** The card that many places further down the page as it is sorted and filtered now. */
function neighbour(card, step) {
  const visible = [...main.querySelectorAll('article:not([hidden])')];
  return visible[visible.indexOf(card) + step];
}

function move(step) {
  if (audioOf(current).paused) select(neighbour(current, step));
  else play(neighbour(current, step));
}

function showTime(card) {
  const { currentTime } = audioOf(card);
  const share = Math.min(1, currentTime / Math.max(secondsOf(card), 0.001));
  card.querySelector('.playhead').style.left = `${share * 100}%`;
  const whole = Math.floor(currentTime);
  card.querySelector('.now').textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function showFailure(card) {
  const problem = card.querySelector('.problem');
  problem.textContent = `${card.dataset.name}.wav is not beside this page, or it is damaged.`;
  problem.hidden = false;
}

/** Moves the playhead with every picture the screen shows; the audio's own events come only four times a second. */
function follow(card) {
  showTime(card);
  if (!audioOf(card).paused) requestAnimationFrame(() => follow(card));
}

for (const card of cards) {
  const audio = audioOf(card);
  audio.removeAttribute('controls');
  audio.addEventListener('play', () => {
    card.classList.add('playing');
    follow(card);
  });
  audio.addEventListener('pause', () => card.classList.remove('playing'));
  audio.addEventListener('ended', () => play(neighbour(card, 1)));
  card.addEventListener('pointerdown', () => select(card));
  card.querySelector('.play').addEventListener('click', () => toggle(card));
  card.querySelector('.keep').addEventListener('click', () => toggleKept(card));
  card.querySelector('.stage').addEventListener('click', (event) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    seek(card, ((event.clientX - left) / width) * secondsOf(card));
    play(card);
  });
}

// --- Keeping ---------------------------------------------------------------------------------------------------------

function readKept() {
  try {
    return new Set(JSON.parse(localStorage.getItem(storageKey) ?? '[]'));
  } catch {
    // Private windows and strict settings refuse storage: the marks then last as long as the page.
    return new Set();
  }
}

function writeKept() {
  try {
    localStorage.setItem(storageKey, JSON.stringify([...kept]));
  } catch {
    notify('This browser keeps no marks after the page is closed: copy the names.');
  }
}

function toggleKept(card) {
  const { name } = card.dataset;
  if (!kept.delete(name)) kept.add(name);
  writeKept();
  showKept();
}

function showKept() {
  for (const card of cards) {
    const isKept = kept.has(card.dataset.name);
    card.querySelector('.keep').setAttribute('aria-pressed', String(isKept));
    card.hidden = onlyKept && !isKept;
  }
  const count = cards.filter((card) => kept.has(card.dataset.name)).length;
  byId('kept').textContent = String(count);
  byId('filter').setAttribute('aria-pressed', String(onlyKept));
  main.querySelector('.nothing').hidden = !onlyKept || count > 0;
}

async function copyKept() {
  const names = [...main.querySelectorAll('article')].map((card) => card.dataset.name).filter((name) => kept.has(name));
  if (names.length === 0) return notify('No track is kept yet.');
  try {
    await navigator.clipboard.writeText(names.join('\n'));
    notify(`Copied ${names.length === 1 ? 'one name' : `${names.length} names`}.`);
  } catch {
    // Without the permission the names can still be copied by hand.
    prompt('Copy the kept names:', names.join(' '));
  }
}

let noticeTimer;
function notify(text) {
  byId('notice').textContent = text;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => byId('notice').replaceChildren(), 4000);
}

// --- Sorting ---------------------------------------------------------------------------------------------------------

function sort() {
  const name = byId('sort').value;
  const value = (card) => (name ? JSON.parse(card.dataset.scores)[name] : Number(card.dataset.index));
  const sorted = [...cards].sort((a, b) => {
    const [left, right] = [value(a) ?? Number.NaN, value(b) ?? Number.NaN];
    // Tracks without the score come last in both directions.
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    return (ascending ? left - right : right - left) || a.dataset.index - b.dataset.index;
  });
  main.prepend(...sorted);
  byId('direction').textContent = ascending ? '↑' : '↓';
}

byId('sort').addEventListener('change', sort);
byId('direction').addEventListener('click', () => {
  ascending = !ascending;
  sort();
});
byId('filter').addEventListener('click', () => {
  onlyKept = !onlyKept;
  showKept();
});
byId('copy').addEventListener('click', copyKept);

// --- Keyboard --------------------------------------------------------------------------------------------------------

const keys = {
  ' ': () => toggle(current),
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  ArrowRight: () => seek(current, audioOf(current).currentTime + 5),
  ArrowLeft: () => seek(current, audioOf(current).currentTime - 5),
  f: () => toggleKept(current),
};

document.addEventListener('keydown', (event) => {
  const action = keys[event.key];
  const typing = event.target.closest('select, input, nav button');
  if (!action || !current || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
});

current?.classList.add('current');
showKept();
