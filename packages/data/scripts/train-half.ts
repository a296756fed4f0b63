import type { SourceFile } from '../src/dataset/found-file.ts';
import { splitOfFolders } from '../src/dataset/split.ts';
import { readSources } from '../src/node/archives/sources.ts';

/**
 * Every second file of NES-MDB's train split (2,251 of 4,502, in the order of the archive), which the learnt files are
 * made of: the rest can tell whether they hold elsewhere.
 *
 * @param inputs the archive, or a folder of it
 */
export async function readTrainHalf(inputs: readonly string[]): Promise<SourceFile[]> {
  const train: SourceFile[] = [];
  for await (const step of readSources(inputs)) {
    if ('reason' in step) throw new Error(`${step.path}: ${step.reason}`);
    if ('bytes' in step && splitOfFolders(step.path) === 'train' && step.path.endsWith('.mid')) train.push(step);
  }
  if (train.length === 0) {
    process.stderr.write('Name the archive or folder of NES-MDB as MIDI, which has a train split.\n');
    process.exit(2);
  }
  return train.filter((_, index) => index % 2 === 0);
}
