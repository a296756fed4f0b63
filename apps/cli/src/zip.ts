import { type Zippable, zipSync } from 'fflate';

/** The first time that a .zip file can hold. */
const TIME = new Date(1980, 0, 1);

/** A .zip file of files; the same files give the same bytes. The pages load this too. */
export function zip(files: Readonly<Zippable>): Uint8Array {
  return zipSync(files, { level: 9, mtime: TIME });
}
