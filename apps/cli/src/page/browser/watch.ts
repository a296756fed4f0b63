// The page that follows runs: it asks its server for what is new, draws curves, and plays what training makes as it
// goes.
import type { Answers } from '../../watch/messages.ts';
import { find } from './dom.ts';
import { listenToKeys } from './keys.ts';
import { startPlayer } from './player.ts';
import { WatchedRun } from './watched-run.ts';

/** Milliseconds between two looks; training writes a line every ten steps. */
const INTERVAL = 2000;

const { deck, keys } = startPlayer();
listenToKeys(keys);
const runs = new Map<string, WatchedRun>();
void follow();

async function follow(): Promise<void> {
  try {
    for (;;) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  } catch (error) {
    // Asked again and again, a server that has ended fills the console with complaints.
    find('#notice').textContent = `${error instanceof Error ? error.message : error} Load this page again to go on.`;
  }
}

async function look(): Promise<void> {
  const states = await ask('runs', {});
  for (const state of states) {
    let run = runs.get(state.name);
    if (run === undefined) {
      run = new WatchedRun(find('main'), state, () => deck.renew());
      runs.set(state.name, run);
    }
    await run.update(state, ask);
  }
  for (const [name, run] of runs) {
    if (states.some((state) => state.name === name)) continue;
    run.remove();
    runs.delete(name);
  }
}

/** @throws Error in words for people if the server does not answer, or has no such thing any more */
async function ask<Path extends keyof Answers>(
  path: Path,
  query: Readonly<Record<string, string | number>>,
): Promise<Answers[Path]> {
  const words = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const response = await fetch(`/${path}?${words}`).catch(() => {
    throw new Error('chipsmith watch has ended; start it again.');
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
