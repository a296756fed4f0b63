// Learns the byte pairs of nes-events-bpe from half of NES-MDB's train split (see train-half.ts) and writes them to
// src/encodings/nes-events/learnt/nes-byte-pairs.json. To be run again whenever nes-events gives other events. From the
// repository root:
//
//   node --conditions=@chipsmith/source --import tsx packages/data/scripts/learn-nes-byte-pairs.ts nesmdb_midi.tar.gz
import { writeFileSync } from 'node:fs';
import { gameOf } from '../src/dataset/split.ts';
import { learnBytePairs } from '../src/encodings/byte-pairs/learn.ts';
import { nesEventsEncoding } from '../src/encodings/nes-events/encoding.ts';
import { readMidi } from '../src/formats/midi/read.ts';
import { withEstimatedTiming } from '../src/timing/tempo.ts';
import { readTrainHalf } from './train-half.ts';

const { classes, version } = nesEventsEncoding;
const files = await readTrainHalf(process.argv.slice(2));
const sequences = files.flatMap(({ path, bytes }) => {
  const { song } = readMidi(bytes, path);
  const { tempo, meter } = withEstimatedTiming(song);
  const encoded = nesEventsEncoding.encode({ ...song, tempo, meter }).sequences;
  return encoded.map(({ events }) => ({ group: gameOf(path) ?? path, events }));
});
const pairs = learnBytePairs(sequences, { classes, count: 512, fewestGroups: 6 }).map((pair) => pair.join(' '));
writeFileSync(
  new URL('../src/encodings/nes-events/learnt/nes-byte-pairs.json', import.meta.url),
  `${JSON.stringify({ nesEventsVersion: version, pairs }, null, 2)}\n`,
);
