import { arrange } from '../arrange/arrange.ts';
import type { Song } from '../song.ts';
import { parseTunes } from './parse-tune.ts';
import type { Tune } from './tune.ts';
import { BAROQUE } from './tunes/baroque.ts';
import { CAROLS } from './tunes/carols.ts';
import { DANCES } from './tunes/dances.ts';
import { AMERICAN_FOLK } from './tunes/folk-american.ts';
import { BRITISH_FOLK } from './tunes/folk-british.ts';
import { EUROPEAN_FOLK } from './tunes/folk-european.ts';
import { HYMNS } from './tunes/hymns.ts';
import { NURSERY } from './tunes/nursery.ts';
import { ROMANTIC } from './tunes/romantic.ts';
import { VIENNESE } from './tunes/viennese.ts';
import { WORLD } from './tunes/world.ts';

const BOOKS = [
  BRITISH_FOLK,
  EUROPEAN_FOLK,
  AMERICAN_FOLK,
  WORLD,
  NURSERY,
  HYMNS,
  CAROLS,
  BAROQUE,
  VIENNESE,
  ROMANTIC,
  DANCES,
];

/** The tunes that come with the package: old melodies in the public domain, with chords, always in the same order. */
export function embeddedTunes(): Tune[] {
  return BOOKS.flatMap((book) => parseTunes(book));
}

/** The embedded tunes for the four voices of the NES; the seed of each arrangement is its place in the list. */
export function embeddedCorpus(): Song[] {
  return embeddedTunes().map((tune, index) => arrange(tune, { seed: index }));
}
