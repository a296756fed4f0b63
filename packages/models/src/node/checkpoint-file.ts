import { withInputFile } from '@chipsmith/data/node';
import { type Checkpoint, decodeCheckpoint } from '../checkpoint/checkpoint.ts';
import { headerEnd, readHeader } from '../checkpoint/safetensors.ts';
import { MAX_CHECKPOINT_VALUES } from '../training/settings.ts';

/** Of one file: its values, and the header and statistics. */
const MAX_CHECKPOINT_BYTES = 4 * MAX_CHECKPOINT_VALUES + 2 ** 24;

/**
 * Reads the file of a checkpoint.
 *
 * @param remedy what to do with a file that cannot be one
 * @throws DataError if it cannot be read; ModelError if it is damaged or not a checkpoint
 */
export function readCheckpoint(path: string, remedy: string): Promise<Checkpoint> {
  return withInputFile(
    path,
    MAX_CHECKPOINT_BYTES,
    async ({ size, read }) => {
      // The header tells whether it is worth reading the rest.
      const end = headerEnd(await read(0, Math.min(8, size)), size, path);
      readHeader(await read(0, end), size, path);
      return decodeCheckpoint(await read(0, size), path);
    },
    remedy,
  );
}
