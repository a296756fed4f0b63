import {
  arrangeMelody,
  barsAtTypicalTempo,
  type Dataset,
  deriveSeed,
  findEncoding,
  firstBars,
  meterOfBar,
  Random,
  type Song,
} from '@chipsmith/data';

export const COMMON_METER = { beats: 4, unit: 4 } as const;

/** Enough for distributions: of the measures' 5 % quantiles the error is below 2 %. */
const MAX_SONGS = 1000;

/**
 * The training songs of a dataset as its encoding has them, arranged and cut as tracks are; of more than 1,000 as many,
 * chosen at random, always the same.
 *
 * @param bars of a track @param seed of the arranger
 */
export function trainingSongs(
  dataset: Dataset,
  { bars, seed }: { readonly bars: number; readonly seed: number },
): Song[] {
  const { name, version } = dataset.manifest.encoding;
  const encoding = findEncoding(name, version);
  const sequences = dataset.sequences('train');
  const chosen = new Random(0).permutation(sequences.length).slice(0, MAX_SONGS).sort();
  return Array.from(chosen, (index) => {
    const { read, bar, song: entry } = sequences[index];
    const meter = meterOfBar(bar);
    // Where events measure seconds, beats and bars are those of the song's own tempo.
    const { beatsPerMinute } = entry;
    const length = barsAtTypicalTempo(bars, encoding, meter ?? COMMON_METER, beatsPerMinute);
    const song = encoding.decode(firstBars(read(), encoding, length), { title: '', beatsPerMinute, meter });
    return encoding.voices.length === 1 ? arrangeMelody(song, { seed: deriveSeed(seed, index) }) : song;
  });
}
