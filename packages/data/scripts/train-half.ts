import { readSources, type SourceFile } from '../src/dataset/sources.ts';
import { splitOfFolders } from '../src/dataset/split.ts';

/**
 * Every second file of NES-MDB's train split (2,251 of 4,502, in the order of the archive), which the learnt files are made of:
 * the rest can tell whether they hold elsewhere.
 *
 * @param inputs the archive, or a folder of it
 */
export async function readTrainHalf(inputs: readonly string[]): Promise<SourceFile[]> {
  const train: SourceFile[] = [];
  await readSources(inputs, {
    file: (file) => {
      if (splitOfFolders(file.path) === 'train' && file.path.endsWith('.mid')) train.push(file);
    },
    refuse: (path, reason) => {
      throw new Error(`${path}: ${reason}`);
    },
    proceed: () => undefined,
  });
  if (train.length === 0) {
    process.stderr.write('Name the archive or folder of NES-MDB as MIDI, which has a train split.\n');
    process.exit(2);
  }
  return train.filter((_, index) => index % 2 === 0);
}
