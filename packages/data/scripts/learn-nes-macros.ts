// Learns the macros of nes-events from every second song of NES-MDB's train split (2,251 of 4,502, in the order of the archive)
// and writes them to learnt/nes-macros.json. From the repository root:
//
//   node --conditions=@chipsmith/source --import tsx packages/data/scripts/learn-nes-macros.ts nesmdb_midi.tar.gz
import { writeFileSync } from 'node:fs';
import { readSources, type SourceFile } from '../src/dataset/sources.ts';
import { gameOf, splitOfFolders } from '../src/dataset/split.ts';
import { readMidi } from '../src/midi/read.ts';
import { framesOf } from '../src/nes-events/frames.ts';
import { learnMacros } from '../src/nes-events/learn.ts';
import { formatMacro } from '../src/nes-events/macro.ts';
import { NES_MACROS_FILE } from '../src/nes-events/nes-macros.ts';

const train: SourceFile[] = [];
await readSources(process.argv.slice(2), {
  file: (file) => {
    if (splitOfFolders(file.path) === 'train' && file.path.endsWith('.mid')) train.push(file);
  },
  refuse: (path, reason) => {
    throw new Error(`${path}: ${reason}`);
  },
  proceed: () => undefined,
});
if (train.length === 0) {
  process.stderr.write('learn-nes-macros: name the archive or folder of NES-MDB as MIDI, which has a train split.\n');
  process.exit(2);
}
const songs = train
  .filter((_, index) => index % 2 === 0)
  .map(({ path, bytes }) => ({ group: gameOf(path) ?? path, song: framesOf(readMidi(bytes, path).song) }));
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
writeFileSync(NES_MACROS_FILE, `${JSON.stringify(text, null, 2)}\n`);
