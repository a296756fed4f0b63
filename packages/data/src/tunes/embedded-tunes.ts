import { BAROQUE } from './collections/baroque.ts';
import { CAROLS } from './collections/carols.ts';
import { DANCES } from './collections/dances.ts';
import { AMERICAN_FOLK } from './collections/folk-american.ts';
import { BRITISH_FOLK } from './collections/folk-british.ts';
import { EUROPEAN_FOLK } from './collections/folk-european.ts';
import { HYMNS } from './collections/hymns.ts';
import { NURSERY } from './collections/nursery.ts';
import { ROMANTIC } from './collections/romantic.ts';
import { VIENNESE } from './collections/viennese.ts';
import { WORLD } from './collections/world.ts';
import { parseTunes } from './parse-tune.ts';
import type { Tune } from './tune.ts';

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
