import { type Encoding, embeddedCorpus, encodings, readMidi, withEstimatedTiming, writeMidi } from '@chipsmith/data';
import { type Benchmark, BenchmarkError, type Prepared } from '../benchmark.ts';

/** The embedded corpus as MIDI files without a tempo, as a game's log has none. */
function files(): Uint8Array[] {
  const unknown = { beatsPerMinute: 120, firstBeat: 0, origin: 'assumed', confidence: 0 } as const;
  return embeddedCorpus().map((song) => writeMidi({ ...song, tempo: unknown }, { convention: 'nesmdb' }));
}

/** What `prepare` does to each file but for reading it from disk, looking for copies and writing. */
function encode(encoding: Encoding): Prepared {
  const midi = files();
  let sequences = 0;
  const run = () => {
    sequences = 0;
    for (const bytes of midi) {
      const { song } = readMidi(bytes, 'song.mid');
      sequences += encoding.encode(withEstimatedTiming(song, encoding)).sequences.length;
    }
  };
  const verify = async () => {
    if (sequences === 0) throw new BenchmarkError(`${encoding.name}: no sequence came out.`);
  };
  return { work: { amount: midi.length, unit: 'songs/s' }, run, verify, release: () => undefined };
}

export const DATA_BENCHMARKS: readonly Benchmark<void>[] = encodings.map((encoding) => ({
  name: `data MIDI to ${encoding.name}`,
  prepare: async () => encode(encoding),
}));
