// Learns the macros of nes-events from half of NES-MDB's train split (see train-half.ts) and writes them to
// src/encodings/nes-events/learnt/nes-macros.json. From the repository root:
//
//   node --conditions=@chipsmith/source --import tsx packages/data/scripts/learn-nes-macros.ts nesmdb_midi.tar.gz
import { writeFileSync } from 'node:fs';
import { gameOf } from '../src/dataset/split.ts';
import { framesOf } from '../src/encodings/nes-events/frames.ts';
import { learnMacros } from '../src/encodings/nes-events/learn.ts';
import { formatMacro } from '../src/encodings/nes-events/macro.ts';
import { readMidi } from '../src/formats/midi/read.ts';
import { readTrainHalf } from './train-half.ts';

const files = await readTrainHalf(process.argv.slice(2));
const songs = files.map(({ path, bytes }) => ({
  group: gameOf(path) ?? path,
  song: framesOf(readMidi(bytes, path).song),
}));
const { arpeggios, volumes, duties } = learnMacros(songs, {
  arpeggios: 96,
  volumes: 512,
  duties: 32,
  fewestGroups: 6,
});
const text = {
  arpeggios: arpeggios.map(formatMacro),
  volumes: volumes.map(formatMacro),
  duties: duties.map(formatMacro),
};
writeFileSync(
  new URL('../src/encodings/nes-events/learnt/nes-macros.json', import.meta.url),
  `${JSON.stringify(text, null, 2)}\n`,
);
