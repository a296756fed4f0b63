import type { Encoding } from '../encodings/encoding.ts';
import { sha256Of } from '../sha256.ts';
import type { Song } from '../song.ts';
import { DatasetBuilder, type DatasetOptions } from './builder.ts';
import type { Dataset } from './dataset.ts';
import { prepareSong } from './preparation.ts';
import { shardInMemory } from './shard.ts';

/** Makes a dataset of songs that are already in memory; each song counts as a file of its own, named by its title. */
export function datasetFromSongs(songs: readonly Song[], encoding: Encoding, options: DatasetOptions = {}): Dataset {
  const builder = new DatasetBuilder(encoding, options, (music) => () => music);
  for (const song of songs) {
    const [path, sha256] = [song.title, sha256Of(JSON.stringify(song))];
    const reading = { song, repairs: [] };
    const prepared = prepareSong(path, reading, sha256, encoding, options);
    builder.add({ path, sha256, songs: [prepared] });
  }
  const writers = { train: shardInMemory(), valid: shardInMemory(), test: shardInMemory() };
  return builder.finish(['songs'], writers).dataset;
}
