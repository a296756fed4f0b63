import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import type { KeepMusic, PreparedMusic } from '../../dataset/preparation.ts';

/** A temporary file of music: a dataset may be larger than memory. */
export class Spool {
  readonly #file: string;
  readonly #descriptor: number;
  #size = 0;

  /** @throws the operating system's error if the file is there already or cannot be written */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'wx+');
  }

  readonly keep: KeepMusic = (music) => {
    const bytes = serialize(music);
    const start = this.#size;
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written, start + written);
    }
    this.#size += bytes.length;
    return () => this.#read(start, bytes.length);
  };

  #read(start: number, length: number): PreparedMusic {
    const bytes = Buffer.alloc(length);
    readSync(this.#descriptor, bytes, 0, length, start);
    return deserialize(bytes);
  }

  async remove(): Promise<void> {
    closeSync(this.#descriptor);
    await rm(this.#file);
  }
}
