import type { Song } from '../song.ts';
import { embeddedTunes } from '../tunes/embedded-tunes.ts';
import { arrange } from './arrange.ts';

/** The embedded tunes for the four voices of the NES; the seed of each arrangement is its place in the list. */
export function embeddedCorpus(): Song[] {
  return embeddedTunes().map((tune, index) => arrange(tune, { seed: index }));
}
